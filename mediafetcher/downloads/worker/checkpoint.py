"""What was fetched whole, noted in the folder of the download: whoever goes on there begins with it.

A pause, a stop or a crash in the middle of a conversion, and a media folder that is away, cost no second download; nor
a second conversion, where it was at its end. The note counts on the same boot alone, since after a power cut a file
may be less than its name says; an error that proves the file bad takes it away, since
the next try should bring something better.
"""

import contextlib
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from mediafetcher.fetch.models import Info, Result
from mediafetcher.fetch.options import FILE_STEM
from mediafetcher.sandbox import child_files

CONVERTED = "converted.mp4"  # beside it: what was made of it, whole since it got its name
_NAME = ".brought.json"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_unwritten: dict[Path, "Brought"] = {}  # by folder: notes for which the disk had no room


class Brought(msgspec.Struct):
    """`own`: it is this person's alone (dedup.is_private)."""

    info: Info
    result: Result
    own: bool
    boot: str = ""


def note(folder: Path, info: Info, result: Result, own: bool) -> None:
    """Cookies are never in it. A note that cannot be written is kept in memory: the file is there all the same."""
    kept = Brought(info, replace(result, cookies=None), own, _BOOT.read_text())
    _unwritten[folder] = kept
    with contextlib.suppress(OSError):
        _write(folder, kept)
        del _unwritten[folder]


def _write(folder: Path, kept: Brought) -> None:
    fresh = folder / f"{_NAME}.new"
    child_files.write_new(fresh, msgspec.json.encode(kept, enc_hook=str))
    os.replace(fresh, folder / _NAME)


def found(folder: Path) -> Brought | None:
    """What an earlier attempt brought, if all of it is there."""
    try:
        kept = _unwritten.get(folder) or msgspec.json.decode(
            child_files.read(folder / _NAME), type=Brought, dec_hook=_path
        )
        files = [kept.result.file, *(path for _, path in kept.result.subtitles), *filter(None, [kept.result.poster])]
        there = all(_ours(path, folder) for path in files) and kept.result.file.stat().st_size == kept.result.size
        return kept if there and kept.boot == _BOOT.read_text() else None
    except (OSError, ValueError):
        return None


def forget(folder: Path) -> None:
    """It is not to be gone on with."""
    _unwritten.pop(folder, None)
    for name in (_NAME, CONVERTED):
        with contextlib.suppress(OSError):
            (folder / name).unlink()


def _path(kind: type, value: Any) -> Any:
    return kind(value)


def _ours(path: Path, folder: Path) -> bool:
    """Whether it is a plain file that was taken from the child (fetch.py)."""
    return path.parent == folder and path.name.startswith(FILE_STEM) and stat.S_ISREG(path.lstat().st_mode)
