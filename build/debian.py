"""List what the single file takes from the build machine: the Debian package and the terms of each library."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

FOLDERS = (Path("/lib/x86_64-linux-gnu"), Path("/usr/lib/x86_64-linux-gnu"))
# Linked into the head and the stubs, so that it lies in no file of its own.
LINKED = (Path("/usr/lib/x86_64-linux-musl/libc.a"),)


class Package(NamedTuple):
    """`files`: what was taken of it, by name, with the SHA-256 of what lies on this machine (we strip what we pack)."""

    name: str
    version: str
    files: dict[str, str]
    terms: Path  # Debian's file of copyrights and licences


def packages(staged: Path) -> list[Package]:
    """The packages of what lies in a folder of stage.py. A library that dpkg knows nothing of is of Python itself."""
    taken: dict[str, dict[str, str]] = {}
    for path in [*_of_the_machine(staged), *(path for path in LINKED if path.exists())]:
        if owner := _owner(path):
            taken.setdefault(owner, {})[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return [_package(name, files) for name, files in sorted(taken.items())]


def _of_the_machine(staged: Path) -> list[Path]:
    """Libraries that were copied from the system's folders; those of wheels have names or folders of their own."""
    names = {path.name for place in ("glibc", "app/_internal") for path in (staged / place).glob("*.so*")}
    if sys.base_prefix != "/usr":  # a Python of another origin brings a library of its own
        names = {name for name in names if not name.startswith("libpython")}
    found = {name: folder / name for name in names for folder in FOLDERS if (folder / name).exists()}
    return [found[name] for name in sorted(found)]


def _owner(path: Path) -> str | None:
    """`libssl3:amd64`; None where dpkg does not know the file, or is not there."""
    said = _ask("dpkg-query", "--search", f"*/{path.parent.name}/{path.name}")
    return said.partition(": ")[0] if said else None


def _package(name: str, files: dict[str, str]) -> Package:
    version = _ask("dpkg-query", "--show", "--showformat=${Version}", name)
    plain = name.partition(":")[0]
    return Package(plain, version, files, Path("/usr/share/doc") / plain / "copyright")


def _ask(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
