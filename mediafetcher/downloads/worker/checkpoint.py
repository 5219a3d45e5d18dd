"""Checkpoint of a completed fetch, in the folder of the download: a retry resumes from it.

There are two records: one when all bytes have arrived (their files must still be taken over, collect.py), and one when
they are taken over and joined.

A pause, a stop or a crash in the middle of a conversion, and an unavailable media folder, cost no second download; nor
a second conversion, if it was finished. A record is valid only for the same boot, since after a power cut a file
may be incomplete. An error that proves the file bad removes it, since the next attempt should fetch a better one.
"""

import contextlib
import os
import stat
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from mediafetcher.fetch import collect
from mediafetcher.fetch.models import Completed, Info, Result
from mediafetcher.fetch.options import FILE_STEM
from mediafetcher.sandbox import child_files, work_folders

CONVERTED = "converted.mp4"  # the converted file, which is complete once it has this name
_NAME = ".fetched.json"
_NAME_BEFORE = ".brought.json"  # of version 0.2.0 and earlier
_RECORDED = ".recorded.json"
_CUT = ".cut.json"  # the size of an incomplete file
_COMPLETED = ".completed.json"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_unsaved: dict[Path, "Checkpoint | Unfinished"] = {}  # by path: records that did not fit on the disk


_T = TypeVar("_T", bound="Checkpoint | Unfinished")


class Checkpoint(msgspec.Struct):
    """`own`: it is private to this user (dedup.is_private)."""

    info: Info
    result: Result
    own: bool
    boot: str = ""


class Unfinished(msgspec.Struct):
    """All bytes have arrived; their files must still be taken over."""

    info: Info
    completed: Completed
    own: bool
    boot: str = ""


def save(folder: Path, info: Info, result: Result, *, own: bool) -> None:
    """Save the record. It never has cookies. If it cannot be written, it is kept in memory: the file exists anyway."""
    _keep(folder / _NAME, Checkpoint(info, replace(result, cookies=None), own, _BOOT.read_text()))


def note_completed(folder: Path, info: Info, completed: Completed, *, own: bool) -> None:
    """Save the record when all bytes have arrived."""
    discard(folder)
    _keep(folder / _COMPLETED, Unfinished(info, replace(completed, cookies=None), own, _BOOT.read_text()))


def _keep(path: Path, kept: Checkpoint | Unfinished) -> None:
    _unsaved[path] = kept
    with contextlib.suppress(OSError):
        _write(path, kept)
        del _unsaved[path]


def _write(path: Path, kept: Checkpoint | Unfinished) -> None:
    """Write a record atomically, without a sync: it counts only until the machine starts again."""
    fresh = path.with_name(f"{path.name}.new")
    child_files.write_new(fresh, msgspec.json.encode(kept, enc_hook=str))
    os.replace(fresh, path)


def load(folder: Path) -> Checkpoint | None:
    """Return the result of an earlier attempt, if all of its files exist."""
    kept = _read(folder / _NAME, Checkpoint) or _read(folder / _NAME_BEFORE, Checkpoint)
    try:
        if kept is None or kept.boot != _BOOT.read_text():
            return None
        files = [kept.result.file, *(path for _, path in kept.result.subtitles), *filter(None, [kept.result.poster])]
        there = all(_ours(path, folder) for path in files) and kept.result.file.stat().st_size == kept.result.size
        return kept if there else None
    except OSError:
        return None


def unfinished(folder: Path) -> Unfinished | None:
    """Return the complete fetch of an earlier attempt that was not taken over, if all of its files exist."""
    kept = _read(folder / _COMPLETED, Unfinished)
    there = kept is not None and kept.boot == _BOOT.read_text() and collect.is_there(folder, kept.completed)
    return kept if there else None


def newest(folder: Path) -> Checkpoint | Unfinished | None:
    """Return the latest record of an earlier attempt."""
    return load(folder) or unfinished(folder)


def is_whole(folder: Path) -> bool:
    """Tell whether nothing of the download must be fetched again."""
    return newest(folder) is not None


def _read(path: Path, kind: type[_T]) -> _T | None:
    kept = _unsaved.get(path)
    if isinstance(kept, kind):
        return kept
    try:
        return msgspec.json.decode(child_files.read(path), type=kind, dec_hook=_path)
    except (OSError, ValueError):
        return None


def discard(folder: Path) -> None:
    """Remove it, so that no attempt resumes from it."""
    for name in (_NAME, _NAME_BEFORE, _COMPLETED, CONVERTED):
        _unsaved.pop(folder / name, None)
        with contextlib.suppress(OSError):
            (folder / name).unlink()


class Recorded(msgspec.Struct):
    """The facts about a live stream when its recording began."""

    info: Info
    own: bool


def note_recording(folder: Path, info: Info, *, own: bool) -> None:
    """Record that a recording begins: from now on it can be kept, even if its source disappears."""
    child_files.write_new(folder / _RECORDED, msgspec.json.encode(Recorded(info, own), enc_hook=str))


def recorded(folder: Path) -> Recorded | None:
    """Return the recording that an earlier attempt began, if there is one."""
    try:
        return msgspec.json.decode(child_files.read(folder / _RECORDED), type=Recorded)
    except (OSError, ValueError):
        return None


def recording_age(folder: Path) -> float:
    """Return the seconds since the child wrote the last piece of a recording."""
    written = [path.stat().st_mtime for path in work_folders.of_child(folder).glob(".recording.jsonl")]
    return max(0.0, time.time() - max(written)) if written else 0.0


def cut_before(folder: Path, size: int) -> bool:
    """Tell whether an earlier attempt fetched an incomplete file of the same size; records the size."""
    try:
        before = msgspec.json.decode(child_files.read(folder / _CUT, 100), type=int)
    except (OSError, ValueError):
        before = None
    if before != size:
        child_files.write_new(folder / _CUT, msgspec.json.encode(size))
    return before == size


def _path(kind: type, value: Any) -> Any:
    return kind(value)


def _ours(path: Path, folder: Path) -> bool:
    """Tell whether it is a plain file that was taken over from the child (collect.py)."""
    return path.parent == folder and path.name.startswith(FILE_STEM) and stat.S_ISREG(path.lstat().st_mode)
