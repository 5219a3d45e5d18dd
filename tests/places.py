"""Folders of tests: in memory, if there is much of it.

A new database is some 300 files. On a disk they take ten times the processor time, and each `fsync` waits.
"""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ENOUGH = 2 << 30  # bytes


def _chosen() -> Path:
    """Return a folder with a short path, as that of a socket must be."""
    with contextlib.suppress(OSError):
        if os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH:
            return _MEMORY
    return Path("/tmp")


TOP = _chosen()


def make(prefix: str) -> Path:
    """Make a folder with a short path."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=TOP))


def elsewhere(than: Path) -> Path:
    """Return a folder in which files may be made, on another file system than that of `than`."""
    found = (place for place in map(Path, ("/dev/shm", "/tmp", "/var/tmp")) if place.is_dir())
    return next(place for place in found if place.stat().st_dev != than.stat().st_dev)
