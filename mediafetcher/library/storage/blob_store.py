"""Stored files: `store/ab/<sha256>.mp4` in the media folder, and how a file is placed there.

    stage   one pass hashes and copies into `incoming/`, on the store's own file system, and syncs;
            if the file system supports it, the bytes are shared instead of copied (reflink.py)
    place   under the lock of the file's row: rename into place, sync the folder
    remove  under the same lock: unlink it and its side files

Names are hashes, so no title ever becomes a path, and two files have one name exactly if their bytes are equal.
A name in `incoming/` says which process writes it (staging.py): a file of a dead process is garbage at once, and a
file of another machine is left alone for a day.
"""

import asyncio
import contextlib
import errno
import hashlib
import itertools
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediafetcher.core import errors, files, settings, tasks
from mediafetcher.library.storage import mount, reflink, staging

BUFFER = 1 << 18  # bytes: a buffer that fits a core's cache is copied twice as fast as 1 MiB
_AHEAD = 4  # buffers that may wait for their hash
_FLUSH = 8 << 20  # bytes after which the disk begins to write, so that fsync has little left to do
_REPORT = 0.1  # seconds between two reports of progress
_FOREIGN = 86_400.0  # seconds after which a staged file of another machine counts as left behind

_sure: set[Path] = set()  # folders whose own names this process has synced
_abandoned: set[str] = set()  # names in incoming/ that could not be removed while the share was unavailable


@dataclass(frozen=True)
class Staged:
    """A synced file in `incoming/` that only has to be renamed. Its holder removes `path` in the end."""

    path: Path
    sha256: bytes
    size: int
    shared: bool = False  # its bytes were not copied


def path_of(sha256: bytes, ext: str) -> Path:
    """Return the path of a stored file. `ext`: its extension, or the name of a side file: `poster.jpg`, `fr.vtt`."""
    name = sha256.hex()
    return mount.root() / "store" / name[:2] / f"{name}.{ext.removeprefix('.')}"


class _Stopped(Exception):
    """The caller that asked for the copy was cancelled."""


# ---- stage ---------------------------------------------------------------------------------------------


async def stage(src: Path, on_progress: Callable[[float], None] | None = None, *, take: bool = False) -> Staged:
    """Copy `src` into `incoming/` and hash it in the same pass; `on_progress(0..1)` is called on the loop.

    `take`: the caller removes `src` in the end, so if it is safe, the file itself gets its second name here,
    and becomes read-only. A cancellation leaves nothing behind. Raises: `MediaOffline`, `MediaFull`, `MediaReadOnly`;
    an error in reading `src` stays an OSError.
    """
    loop, stop = asyncio.get_running_loop(), threading.Event()

    def report(fraction: float) -> None:
        if on_progress is not None:
            loop.call_soon_threadsafe(on_progress, fraction)

    path = mount.incoming() / staging.name(mount.installation())
    work = asyncio.ensure_future(mount.run_io(_stage, src, path, report, stop, take=take))
    try:
        return await asyncio.shield(work)
    except BaseException:
        stop.set()  # a thread that hangs in the share cleans up when the share responds again
        _abandoned.add(path.name)  # whether its thread has ended or not
        work.add_done_callback(lambda work: work.cancelled() or work.exception())
        await asyncio.wait({work}, timeout=settings.get().shutdown_seconds)
        if work.done():
            with contextlib.suppress(errors.Unavailable):  # the sweeper does it then
                await mount.run_io(_unlink, path)
        raise


def _stage(src: Path, path: Path, report: Callable[[float], None], stop: threading.Event, *, take: bool) -> Staged:
    with src.open("rb", buffering=0) as source:
        file = source.fileno()
        size = os.fstat(file).st_size
        with mount.writing(size):
            mount.require()
            taken = take and reflink.take(file, path, settings.get().media_mode)
        try:
            if taken:
                with mount.writing(size):
                    staged = Staged(path, *_copy(file, None, size, report, stop), shared=True)
            else:
                staged = _stage_copy(file, path, size, report, stop)
            if stop.is_set():
                raise _Stopped
            return staged
        except BaseException:
            _unlink(path)
            raise


def _stage_copy(source: int, path: Path, size: int, report: Callable[[float], None], stop: threading.Event) -> Staged:
    with mount.writing(size):
        target = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with mount.writing(size):
            cloned = reflink.clone(source, target)
            if not cloned:
                _require_room(size)
        # Of a clone, the clone is read: the source may change meanwhile.
        if cloned:
            with mount.writing(size):
                digest, done = _copy(target, None, size, report, stop)
        else:
            digest, done = _copy(source, target, size, report, stop)
        with mount.writing(size):
            os.fsync(target)  # if it fails, this copy is thrown away: a second fsync may report success wrongly
    finally:
        with mount.writing(size):
            os.close(target)  # NFS reports the errors of earlier writes here
    with mount.writing(size), contextlib.suppress(PermissionError):  # some shares manage permissions themselves
        path.chmod(settings.get().media_mode)
    return Staged(path, digest, done, cloned)


def _require_room(size: int) -> None:
    """Raise early if the space cannot be enough."""
    facts = os.statvfs(mount.incoming())
    if facts.f_frsize * facts.f_bavail < size + settings.get().min_free:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # the same error as a write would give


def _copy(
    source: int, target: int | None, size: int, report: Callable[[float], None], stop: threading.Event
) -> tuple[bytes, int]:
    """Copy and hash; without a target only hash. Returns: SHA-256, and the size in bytes.

    A second thread hashes while this one copies, the disk writes meanwhile, and all three release the interpreter's
    lock: together they take hardly longer than the slowest.
    """
    digest, done, flushed, said = hashlib.sha256(), 0, 0, time.monotonic()
    buffers = itertools.cycle([memoryview(bytearray(min(BUFFER, size + 1))) for _ in range(_AHEAD)])
    hashing: deque[Future[None]] = deque()
    with ThreadPoolExecutor(1, "hash") as hasher:
        while count := os.readv(source, [view := next(buffers)]):
            if stop.is_set():
                raise _Stopped
            hashing.append(hasher.submit(digest.update, view[:count]))
            if target is not None:
                with mount.writing(size):
                    _write(target, view[:count])
                    if done + count - flushed >= _FLUSH:
                        # This drops nothing that is not yet on the disk. It only starts the writing.
                        os.posix_fadvise(target, flushed, done + count - flushed, os.POSIX_FADV_DONTNEED)
                        flushed = done + count
            done += count
            if len(hashing) == _AHEAD:
                hashing.popleft().result()  # its buffer is used next
            if time.monotonic() - said > _REPORT:
                said = time.monotonic()
                report(min(1.0, done / size) if size else 1.0)
    report(1.0)
    return digest.digest(), done


def _write(target: int, view: memoryview) -> None:
    while view:
        view = view[os.write(target, view) :]


def discard(staged: Staged) -> None:
    """Remove a staged file that was not placed; if that fails, the sweeper does it later."""
    mark_abandoned(staged)
    _unlink(staged.path)


def mark_abandoned(staged: Staged) -> None:
    """Mark a staged file as garbage although its process lives: nothing here needs it."""
    _abandoned.add(staged.path.name)


def _unlink(path: Path) -> None:
    _abandoned.add(path.name)
    with contextlib.suppress(OSError, errors.Unavailable):
        remove_staged(path)


# ---- place and remove: in a thread, under the lock of the row --------------------------------------------


async def run_io(function: Callable[..., None], *args: Any) -> None:
    """Run a function in a thread, to its end even if the caller is cancelled: the row's lock must outlive the work."""
    await tasks.run_to_completion(mount.run_io(function, *args))


def place(staged: Staged, ext: str, side_files: Mapping[str, Path]) -> None:
    """Move a staged file and its side files to their places, durably. Call it under the lock of the row.

    An existing file of the same size stays (exported names are links to it), and one of another size is
    replaced. Safe to repeat.
    """
    place_all([(staged, ext, side_files)])


def place_all(moves: Sequence[tuple[Staged, str, Mapping[str, Path]]]) -> None:
    """Do the same for several files, under the locks of all their rows. Each folder is synced once."""
    with mount.writing(sum(staged.size for staged, _, _ in moves)):
        mount.require()
        for folder in {_place(*one) for one in moves}:
            files.sync_folder(folder)


def _place(staged: Staged, ext: str, side_files: Mapping[str, Path]) -> Path:
    """Move one file. Returns: the folder that must be synced."""
    target = path_of(staged.sha256, ext)
    _ensure(target.parent)
    for name, path in side_files.items():
        _place_side(path, path_of(staged.sha256, name))
    if size_of(target) != staged.size:
        os.rename(staged.path, target)
    else:
        staged.path.unlink(missing_ok=True)
    return target.parent


def _ensure(folder: Path) -> None:
    """Make a folder of the store durably. An existing one may be so new that a power cut would still remove it."""
    if folder in _sure and folder.is_dir():
        return
    folder.mkdir(exist_ok=True)  # never its parents: if they are missing, the share is not mounted
    files.sync_folder(folder.parent)
    _sure.add(folder)


def replace(staged: Staged, ext: str) -> None:
    """Replace a damaged file by a complete one, durably, whatever its place holds. Call it under the lock of the row.

    `place` then finds its work done.
    """
    with mount.writing(staged.size):
        mount.require()
        target = path_of(staged.sha256, ext)
        _ensure(target.parent)
        if staged.path.exists():  # otherwise this is the second try of the transaction
            os.rename(staged.path, target)
        files.sync_folder(target.parent)


def _place_side(source: Path, target: Path) -> None:
    copy = mount.incoming() / staging.name(mount.installation())
    try:
        with copy.open("xb", buffering=0) as file, source.open("rb", buffering=0) as data:
            while chunk := data.read(BUFFER):
                file.write(chunk)
            os.fsync(file.fileno())
        with contextlib.suppress(PermissionError):
            copy.chmod(settings.get().media_mode)
        os.rename(copy, target)
    except BaseException:
        _unlink(copy)  # if it fails, the sweeper does it although this process lives
        raise


def size_of(path: Path) -> int | None:
    """Return the size in bytes, or None if the file does not exist."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def remove(sha256: bytes, names: Iterable[str]) -> None:
    """Unlink the files of these extensions and side names; missing ones are no error.

    Call it under the lock of the row. The removal is durable when it returns. The caller deletes the row after that:
    otherwise a file could reappear after a power cut, be unknown, and stay forever. The presence of the store is proved
    first, because no file exists on a bare mount point. Raises: `Unavailable`.
    """
    with mount.writing():
        mount.require()
        for name in names:
            path_of(sha256, name).unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            files.sync_folder(path_of(sha256, "").parent)


# ---- what lies in incoming/ ------------------------------------------------------------------------------


def abandoned(path: Path, now: float | None = None) -> bool:
    """Tell whether no process will finish this file of `incoming/`: its process is dead, or it is a day old.

    This covers only files of this installation: each installation removes its own. Files of older
    programs must be a day old and belong to no live process; only the owner of the store may ask.
    """
    if path.name in _abandoned:
        return True
    if staging.is_of_older_program(path.name):
        return staging.alive(path.name) is not True and _is_old(path, now)
    if not staging.is_of(mount.installation(), path.name):
        return False
    alive = staging.alive(path.name)
    return _is_old(path, now) if alive is None else not alive


def _is_old(path: Path, now: float | None) -> bool:
    """Tell whether a file that another machine may be writing is a day old by our clock and by that of the share.

    The share's clock sets the times of files: if it is behind ours, a growing file looks old.
    """
    if age(path, now) <= _FOREIGN:
        return False
    probe = path.parent / staging.name(mount.installation())
    try:
        probe.touch()
        return age(path, probe.stat().st_mtime) > _FOREIGN
    finally:
        probe.unlink(missing_ok=True)


def age(path: Path, now: float | None = None) -> float:
    """Return the seconds since the last write, rename or unlink; 0 if it is missing. `now`: since 1970, as believed.

    The sweep itself may touch the file after `now` was read: the file then counts as new, not as one of the future.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0.0
    return max(0.0, (time.time() if now is None else now) - max(status.st_mtime, status.st_ctime))


def remove_staged(path: Path) -> None:
    """Remove a file of `incoming/`. Raises: `MediaOffline` or `OSError`; the sweeper tries again later."""
    path.unlink(missing_ok=True)
    mount.require()  # otherwise the file was missing because the whole share is: it reappears with the share
    _abandoned.discard(path.name)


def verify(path: Path) -> bytes:
    """Read the whole file, in a thread. Returns: its SHA-256."""
    digest, view = hashlib.sha256(), memoryview(bytearray(BUFFER))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(view):
            digest.update(view[:count])
    return digest.digest()
