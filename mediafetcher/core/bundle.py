"""Where the program itself lies: in a checkout, or frozen into the single file, which unpacks itself to a folder.

The frozen Python is no interpreter that takes `-m`: a module that runs as a program of its own is started as the
program with `--module NAME` in front, which its entry (build/entry.py) sees before the command line does.
"""

import os
import sys
from pathlib import Path

MODULE = "--module"
# The modules that are started as programs of their own. The single file starts no others.
PROGRAMS = (
    "mediafetcher.fetch.child.main",
    "mediafetcher.fetch.child.load_check",
    "mediafetcher.fetch.child.zygote",
    "mediafetcher.fetch.socks_proxy",
    "mediafetcher.sandbox.parsing_child",
)
PACKAGE = Path(__file__).parents[1]  # the folder `mediafetcher` itself, whatever depth a module has


def root() -> Path | None:
    """The folder that the single file was unpacked to: `app/`, `bin/`, `pg/`; None in a checkout."""
    return Path(sys.executable).parents[1] if getattr(sys, "frozen", False) else None


def python(module: str) -> list[str]:
    """Return the command that starts `module`, one of PROGRAMS, as a program of its own; its `main()` runs.

    Raises ValueError if the single file would not start it: here too, so that a test in a checkout finds it.
    """
    if module not in PROGRAMS:
        raise ValueError(f"{module} is not in bundle.PROGRAMS")
    folder = root()
    if folder is None:
        return [sys.executable, "-P", "-s", "-m", module]
    return [str(folder / "app" / "mediafetcher"), MODULE, module]


def file() -> Path | None:
    """The single file itself, as its launcher says; None in a checkout."""
    path = os.environ.get("MF_FILE", "")
    return Path(path) if root() and path.startswith("/") else None
