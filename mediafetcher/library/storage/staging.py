"""Names of files in `incoming/`: each name says which process writes the file, and so whether that process lives.

<installation>.<machine and its boot>.<process>.<when that started>.<anything>.part

Only files of this installation are ever removed, whatever else writes to the same media folder. Programs without
claims wrote names without the first part. They take a folder with claims for another library and no longer write
there, so their files are garbage.
"""

import hashlib
import os
import re
import uuid
from functools import cache
from pathlib import Path


def name(installation: str) -> str:
    """Return a new name for a file that this process writes, for this installation."""
    return f"{installation}.{here()}.{os.getpid()}.{_started(os.getpid())}.{uuid.uuid4().hex}.part"


_OLDER = re.compile(r"[0-9a-f]{12}[.][0-9]+[.][0-9]+[.][0-9a-f]{32}[.]part")


def is_of_older_program(name: str) -> bool:
    """Tell whether a program without claims wrote the file of this name."""
    return _OLDER.fullmatch(name) is not None


def is_of(installation: str, name: str) -> bool:
    """Tell whether a process of this installation wrote the file of this name."""
    parts = name.split(".")
    return len(parts) == 6 and parts[0] == installation


def alive(name: str) -> bool | None:
    """Tell whether the process that writes the file of this name still lives; None if it cannot be known here."""
    parts = name.split(".")[-5:]
    if len(parts) == 5 and parts[0] == here() and parts[1].isdecimal():
        return _started(int(parts[1])) == parts[2]
    return None


@cache
def here() -> str:
    """Identify this boot of this machine and its process numbers: containers share the first and not the second."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return hashlib.sha256(f"{boot}:{os.stat('/proc/self/ns/pid').st_ino}".encode()).hexdigest()[:12]


def _started(pid: int) -> str | None:
    """Return when the process of this number started, in ticks since boot; None if it does not exist."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]
