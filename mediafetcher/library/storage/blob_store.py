"""The bytes: `store/ab/<sha256>.mp4` in the media folder, and the way of a file to its place.

    stage   one pass hashes and copies into `incoming/`, on the store's own file system, and syncs;
            where the file system can, the bytes are shared instead of copied (reflink.py)
    place   under the lock of the file's row: rename into place, sync the folder
    remove  under the same lock: unlink it and its side files

Names are hashes, so no title ever becomes a path, and two files are the same file exactly when their bytes are.
A name in `incoming/` says which process writes it (staging.py): what a dead process left is garbage at once, what
another machine writes is left alone for a day.
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

from mediafetcher.core import errors, settings
from mediafetcher.library.storage import mount, reflink, staging

BUFFER = 1 << 18  # bytes: what fits a core's cache is copied twice as fast as 1 MiB
_AHEAD = 4  # buffers that may wait for their hash
_FLUSH = 8 << 20  # bytes after which the disk begins to write: fsync has little left to wait for
_REPORT = 0.1  # seconds between two reports of progress
_FOREIGN = 86_400.0  # seconds after which a staged file of another machine counts as left behind

root = mount.root
_sure: set[Path] = set()  # folders whose own names this process has synced
_abandoned: set[str] = set()  # names in incoming/ that could not be removed while the share was away


@dataclass(frozen=True)
class Staged:
    """A file in `incoming/`, synced; only a rename is missing. Whoever has it removes `path` in the end."""

    path: Path
    sha256: bytes
    size: int
    shared: bool = False  # its bytes were not copied


def path_of(sha256: bytes, ext: str) -> Path:
    """Where a file lies. `ext` is its extension, or the name of a side file: `poster.jpg`, `fr.vtt`."""
    name = sha256.hex()
    return root() / "store" / name[:2] / f"{name}.{ext.removeprefix('.')}"


class _Stopped(Exception):
    """Whoever asked for the copy does not want it any more."""


# ---- stage ---------------------------------------------------------------------------------------------


async def stage(src: Path, on_progress: Callable[[float], None] | None = None, *, take: bool = False) -> Staged:
    """Copy `src` into `incoming/` and hash it in the same pass; `on_progress(0..1)` is called on the loop.

    `take`: the caller removes `src` in the end, so where it is safe the file itself gets its second name here,
    and becomes read-only. Cancelling it leaves nothing behind. Raises `MediaOffline`, `MediaFull`, `MediaReadOnly`;
    an error in reading `src` stays an OSError.
    """
    loop, stop = asyncio.get_running_loop(), threading.Event()

    def report(fraction: float) -> None:
        if on_progress is not None:
            loop.call_soon_threadsafe(on_progress, fraction)

    path = mount.incoming() / staging.name()
    work = asyncio.ensure_future(mount.run_io(_stage, src, path, take, report, stop))
    try:
        return await asyncio.shield(work)
    except BaseException:
        stop.set()  # one that hangs in the share cleans up when it comes back
        _abandoned.add(path.name)  # whether its thread has ended or not
        work.add_done_callback(lambda work: work.cancelled() or work.exception())
        await asyncio.wait({work}, timeout=settings.get().shutdown_seconds)
        if work.done():
            with contextlib.suppress(errors.Unavailable):  # then the sweeper does it
                await mount.run_io(_unlink, path)
        raise


def _stage(src: Path, path: Path, take: bool, report: Callable[[float], None], stop: threading.Event) -> Staged:
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
        # Of a clone the clone is read: the source may change meanwhile.
        if cloned:
            with mount.writing(size):
                digest, done = _copy(target, None, size, report, stop)
        else:
            digest, done = _copy(source, target, size, report, stop)
        with mount.writing(size):
            os.fsync(target)  # where it fails, this copy is thrown away: a second try may lie
    finally:
        with mount.writing(size):
            os.close(target)  # where NFS says what became of the writes
    with mount.writing(size), contextlib.suppress(PermissionError):  # some shares have rights of their own
        path.chmod(settings.get().media_mode)
    return Staged(path, digest, done, cloned)


def _require_room(size: int) -> None:
    """Fail before the work where it cannot end well."""
    facts = os.statvfs(mount.incoming())
    if facts.f_frsize * facts.f_bavail < size + settings.get().min_free:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as the write would say


def _copy(
    source: int, target: int | None, size: int, report: Callable[[float], None], stop: threading.Event
) -> tuple[bytes, int]:
    """-> (SHA-256, bytes); without a target it only reads.

    A thread of its own hashes while this one copies, the disk writes meanwhile, and all three leave the interpreter
    to others: together they take hardly longer than the slowest.
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
                        # Of what is not on the disk yet it drops nothing, it begins to write.
                        os.posix_fadvise(target, flushed, done + count - flushed, os.POSIX_FADV_DONTNEED)
                        flushed = done + count
            done += count
            if len(hashing) == _AHEAD:
                hashing.popleft().result()  # its buffer is the next one
            if time.monotonic() - said > _REPORT:
                said = time.monotonic()
                report(min(1.0, done / size) if size else 1.0)
    report(1.0)
    return digest.digest(), done


def _write(target: int, view: memoryview) -> None:
    while view:
        view = view[os.write(target, view) :]


def discard(staged: Staged) -> None:
    """Remove a staged file that was not placed; where that fails, the sweeper does it later."""
    mark_abandoned(staged)
    _unlink(staged.path)


def mark_abandoned(staged: Staged) -> None:
    """Nobody here wants it any more: it is garbage though we live."""
    _abandoned.add(staged.path.name)


def _unlink(path: Path) -> None:
    _abandoned.add(path.name)
    with contextlib.suppress(OSError, errors.Unavailable):
        remove_staged(path)


# ---- place and remove: in a thread, under the lock of the row --------------------------------------------


async def run_io(function: Callable[..., None], *args: Any) -> None:
    """Run it to its end even where we are cancelled: the lock of the row must outlive what happens under it."""
    work = asyncio.ensure_future(mount.run_io(function, *args))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait({work})
        raise


def place(staged: Staged, ext: str, side_files: Mapping[str, Path]) -> None:
    """Bring a staged file and its side files to their places, durably. Call it under the lock of the row.

    A file that is there already with the same size stays (exported names are links to it), one of another size is
    replaced. Safe to repeat.
    """
    place_all([(staged, ext, side_files)])


def place_all(files: Sequence[tuple[Staged, str, Mapping[str, Path]]]) -> None:
    """The same for several files, under the locks of all their rows. Each folder is synced once."""
    with mount.writing(sum(staged.size for staged, _, _ in files)):
        mount.require()
        for folder in {_place(*file) for file in files}:
            mount.sync_folder(folder)


def _place(staged: Staged, ext: str, side_files: Mapping[str, Path]) -> Path:
    """-> the folder that is to be synced."""
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
    """Make a folder of the store durably. One that is there may be so new that a power cut still takes it away."""
    if folder in _sure and folder.is_dir():
        return
    folder.mkdir(exist_ok=True)  # never its parents: they are there, or the share is not
    mount.sync_folder(folder.parent)
    _sure.add(folder)


def replace(staged: Staged, ext: str) -> None:
    """Put a staged file into its place whatever lies there, durably: a whole file takes a damaged one's. The same lock.

    `place` then finds its work done.
    """
    with mount.writing(staged.size):
        mount.require()
        target = path_of(staged.sha256, ext)
        _ensure(target.parent)
        if staged.path.exists():  # else this is the second try of the transaction
            os.rename(staged.path, target)
        mount.sync_folder(target.parent)


def _place_side(source: Path, target: Path) -> None:
    copy = mount.incoming() / staging.name()
    try:
        with copy.open("xb", buffering=0) as file, source.open("rb", buffering=0) as data:
            while chunk := data.read(BUFFER):
                file.write(chunk)
            os.fsync(file.fileno())
        with contextlib.suppress(PermissionError):
            copy.chmod(settings.get().media_mode)
        os.rename(copy, target)
    except BaseException:
        _unlink(copy)  # where it fails the sweeper does it, though we live
        raise


def size_of(path: Path) -> int | None:
    """Bytes, or None where there is no such file."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def remove(sha256: bytes, names: Iterable[str]) -> None:
    """Unlink the files of these extensions and side names; those that do not exist are fine.

    Call it under the lock of the row. When it returns, the disk has kept the removal: the caller deletes the row then,
    and a file that came back after a power cut would be unknown, and so stay for ever. The store's presence is proved
    first: on a bare mount point no file exists. Raises `Unavailable`.
    """
    with mount.writing():
        mount.require()
        for name in names:
            path_of(sha256, name).unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            mount.sync_folder(path_of(sha256, "").parent)


# ---- what lies in incoming/ ------------------------------------------------------------------------------


def abandoned(path: Path, now: float | None = None) -> bool:
    """Whether nobody will finish this file of `incoming/`: its process is dead, or it is a day old.

    Only files of this installation: another one that writes to the same folder removes its own. Files of older
    programs have to be a day old and of no live process; only the owner of the store may ask.
    """
    if path.name in _abandoned:
        return True
    if staging.is_of_older_program(path.name):
        return staging.alive(path.name) is not True and _is_old(path, now)
    if not staging.is_ours(path.name):
        return False
    alive = staging.alive(path.name)
    return _is_old(path, now) if alive is None else not alive


def _is_old(path: Path, now: float | None) -> bool:
    """Whether a file that another machine may be writing is a day old by our clock and by that of the share.

    The share's clock writes the times of files: where it is behind ours, a file that grows looks old.
    """
    if age(path, now) <= _FOREIGN:
        return False
    probe = path.parent / staging.name()
    try:
        probe.touch()
        return age(path, probe.stat().st_mtime) > _FOREIGN
    finally:
        probe.unlink(missing_ok=True)


def age(path: Path, now: float | None = None) -> float:
    """Seconds since it was last written, renamed or lost a name; 0 where it has gone. `now`: since 1970, as believed.

    A sweep's own work may touch it after `now` was read: it is then new, not of the future.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0.0
    return max(0.0, (time.time() if now is None else now) - max(status.st_mtime, status.st_ctime))


def remove_staged(path: Path) -> None:
    """Remove a file of `incoming/`. Raises `MediaOffline`, `OSError`: then the sweeper comes again."""
    path.unlink(missing_ok=True)
    mount.require()  # else it was missing because all of it is: it comes back with the share
    _abandoned.discard(path.name)


def verify(path: Path) -> bytes:
    """Read the whole file -> its SHA-256. In a thread."""
    digest, view = hashlib.sha256(), memoryview(bytearray(BUFFER))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(view):
            digest.update(view[:count])
    return digest.digest()
