"""The location of the program: a checkout, or the frozen single file, which unpacks itself to a folder.

The frozen Python does not accept `-m`. A module that runs as a program of its own is started as the program with
`--module NAME`, which its entry point (build/entry.py) handles before the command line does.
"""

import os
import sys
from pathlib import Path

MODULE = "--module"
# Modules that are started as programs of their own. The single file starts no others.
PROGRAMS = (
    "mediafetcher.fetch.child.main",
    "mediafetcher.fetch.child.load_check",
    "mediafetcher.fetch.child.zygote",
    "mediafetcher.fetch.socks_proxy",
    "mediafetcher.sandbox.parsing_child",
    "mediafetcher.notifications.child",
)
PACKAGE = Path(__file__).parents[1]  # the folder `mediafetcher`, independent of this module's depth


def root() -> Path | None:
    """Return the folder that the single file was unpacked to: `app/`, `bin/`, `pg/`; None in a checkout."""
    return Path(sys.executable).parents[1] if getattr(sys, "frozen", False) else None


def python(module: str) -> list[str]:
    """Return the command that starts `module`, one of PROGRAMS, as a program of its own; its `main()` runs.

    Raises: ValueError if the single file could not start it, also in a checkout, so that tests find it.
    """
    if module not in PROGRAMS:
        raise ValueError(f"{module} is not in bundle.PROGRAMS")
    folder = root()
    if folder is None:
        return [sys.executable, "-P", "-s", "-m", module]
    return [str(folder / "app" / "mediafetcher"), MODULE, module]


def file() -> Path | None:
    """Return the single file, as named by its launcher; None in a checkout."""
    path = os.environ.get("MF_FILE", "")
    return Path(path) if root() and path.startswith("/") else None
