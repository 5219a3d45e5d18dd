"""The scrub reads every stored file again within a number of days, to find bit rot while it can be repaired.

It works in slices, file by file. The row of each file records when it was last read: the next
slice, or the next start, continues from there. It reads at idle I/O priority, from the disk instead of from memory,
and pauses as long as it works. A damaged file is marked in its row (`damaged_at`): the item and `check` show it, and
the links that led to the file may be fetched again, which repairs it.
"""

import asyncio
import hashlib
import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from piccolo.columns.combination import WhereRaw
from piccolo.query.functions.aggregate import Count
from piccolo.querystring import QueryString

from mediafetcher.core import clock, logging, settings
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW, ago
from mediafetcher.db.tables import LibraryItem, MediaFile, Scrub, Source
from mediafetcher.library.storage import blob_store, mount
from mediafetcher.sandbox.libc import LIBC

_SLICE = 20.0  # seconds of one slice; a file is always read to its end
_EARLY = 0.75  # of the days: from then on a file is due, so that all are read in time
_CHUNK = 8 << 20  # bytes between two pauses
_MANY = 3  # this many missing or truncated files are an outage and not rot, if they are a fifth of the sample
_SAMPLE = 100  # files in the sample

_log = logging.get("scrub")

# ioprio_set(2): the C library has no function for it.
_CALLS = {"x86_64": 251, "aarch64": 30}
_THIS_THREAD, _IDLE, _SHIFT = 1, 3, 13


async def scrub(seconds: float = _SLICE) -> int:
    """Read the due files for about this long; none while the store is unavailable. Returns: how many were read."""
    days = settings.get().scrub_days
    if not days or mount.state().state == "offline":
        return 0
    read, until = 0, clock.monotonic() + seconds
    while clock.monotonic() < until:
        row = await _next_due(days * 86_400 * _EARLY)
        if row is None:
            await _finished(read)
            break
        wrong = await _read(row)
        if wrong in ("missing_file", "wrong_size", "unreadable_file") and await _is_outage(row["id"]):
            _log.warning("many files are not there: the scrub stops here, `mediafetcher check` tells more")
            break
        await _note(row, wrong)
        read += 1
    return read


async def _next_due(seconds: float) -> dict[str, Any] | None:
    """Return the file that was read longest ago, if that was before so many seconds."""
    table, due = MediaFile, WhereRaw("coalesce(checked_at, created_at) < {}", ago(seconds))
    files = table.select(table.id, table.sha256, table.size, table.ext).where(table.ref_count > 0, due)
    return await files.order_by(QueryString("coalesce(checked_at, created_at)"), table.id).first()


async def progress(owner: int | None = None) -> dict[str, Any]:
    """Return `total` files, how many were `checked` within their days, how many are `damaged`, and `finished_at`.

    `items`: the first of this user's items whose files are damaged, each with `id` and `title`.
    """
    days = settings.get().scrub_days or 36_500
    since = ago(days * 86_400)
    counts = await MediaFile.select(
        Count(alias="total"),
        QueryString("count(*) filter (where coalesce(checked_at, created_at) >= {})", since).as_alias("checked"),
        Count(MediaFile.damaged_at, alias="damaged"),
    ).where(MediaFile.ref_count > 0)
    ended = await Scrub.select(Scrub.finished_at).where(Scrub.id == 1).first()
    table = LibraryItem
    damaged = table.select(table.id, table.title).where(
        table.media_file._.damaged_at.is_not_null(), table.owner == owner, table.trashed_at.is_null()
    )
    found = await damaged.order_by(table.id).limit(20)
    return {**counts[0], "finished_at": ended["finished_at"] if ended else None, "items": found}


async def correct_times() -> None:
    """Let files that were read in the future, by a clock that was set back since, count as read now."""
    ahead = WhereRaw("coalesce(checked_at, created_at) > now()")
    await MediaFile.update({MediaFile.checked_at: NOW}).where(MediaFile.ref_count > 0, ahead)
    await Scrub.update({Scrub.finished_at: NOW}).where(Scrub.finished_at > NOW)


async def _finished(read: int) -> None:
    row = Scrub.insert(Scrub(id=1, finished_at=NOW))
    changed = ((Scrub.finished_at, NOW),)
    await (row.on_conflict(Scrub.id, "DO UPDATE", changed) if read else row.on_conflict(action="DO NOTHING"))


async def _note(row: dict[str, Any], wrong: str | None) -> None:
    """Record the reading. The links of a damaged file no longer count as known, so that they may be fetched again."""
    async with engine.transaction():
        file, since = MediaFile, QueryString("coalesce(damaged_at, now())") if wrong is not None else None
        noted = file.update({file.checked_at: NOW, file.damaged_at: since})
        held = await noted.where(file.id == row["id"], file.ref_count > 0).returning(file.id)
        if wrong is None or not held:
            return
        await Source.update({Source.media_file: None}).where(Source.media_file == row["id"])
        item = LibraryItem
        holders = await item.select(item.owner, item.title).where(item.media_file == row["id"]).order_by(item.id)
        for owner in {holder["owner"] for holder in holders}:
            await notifications.notify("library", {"owner": owner})
        await notifications.notify("system", {})
    titles = ", ".join(holder["title"] for holder in holders[:5])
    _log.error("a stored file is damaged: fetch it again", kind=wrong, sha256=row["sha256"].hex()[:12], items=titles)


async def _is_outage(media_file: int) -> bool:
    """Tell whether so many other files are wrong too that a part of the store must be unavailable.

    Checked for each file again: a count would restart with each slice, and each slice would mark a few.
    """
    table = MediaFile
    rows: list[dict[str, Any]] = []
    for here, ascending in ((table.id >= media_file, True), (table.id < media_file, False)):
        held = table.select(table.sha256, table.size, table.ext).where(table.ref_count > 0, here)
        rows += await held.order_by(table.id, ascending=ascending).limit(_SAMPLE // 2)
    bad = await mount.run_io(lambda: sum(not _is_there(row) for row in rows))
    return bad >= _MANY and bad * 5 > len(rows)


def _is_there(row: dict[str, Any]) -> bool:
    """Tell whether the file has its size and can be read at all. In a thread."""
    path = blob_store.path_of(row["sha256"], row["ext"])
    try:
        with path.open("rb", buffering=0) as file:
            return os.fstat(file.fileno()).st_size == row["size"] and bool(file.read(1) or not row["size"])
    except OSError:
        return False


async def _read(row: dict[str, Any]) -> str | None:
    """Read one file in a thread. Returns: its fault (a kind of finding of `check`), or None.

    Raises: `Unavailable`.
    """
    stop = threading.Event()
    work = asyncio.ensure_future(mount.run_io(_look, row, stop))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        work.add_done_callback(lambda work: work.cancelled() or work.exception())
        raise


class _Stopped(Exception):
    """The program ends: the file is read another time."""


def _look(row: dict[str, Any], stop: threading.Event) -> str | None:
    path = blob_store.path_of(row["sha256"], row["ext"])
    with mount.writing():  # its errors become "offline"
        mount.require()
        size = blob_store.size_of(path)
    if size is None:
        return "missing_file"
    if size != row["size"]:
        return "wrong_size"
    with idle():
        try:
            # A damaged file is read a second time: the fault may be on the way to the disk, and not on it.
            good = any(_hash(path, stop) == row["sha256"] for _ in range(2))
        except OSError:
            with mount.writing():
                mount.require()  # an unavailable share gives the same error for every file
            return "unreadable_file"
    return None if good else "damaged_file"


def _hash(path: Path, stop: threading.Event) -> bytes:
    digest, view, read = hashlib.sha256(), memoryview(bytearray(blob_store.BUFFER)), 0
    with path.open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # read from the disk, not from memory
        began = time.monotonic()
        while count := file.readinto(view):
            digest.update(view[:count])
            read += count
            if read >= _CHUNK:
                if stop.wait(time.monotonic() - began):
                    raise _Stopped
                began, read = time.monotonic(), 0
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # do not fill the memory that others need
    return digest.digest()


@contextmanager
def idle() -> Iterator[None]:
    """Read only when no other process does; a kernel or file system without priorities ignores it."""
    number = _CALLS.get(platform.machine())
    if number is None:
        yield
        return
    before = LIBC.syscall(number + 1, _THIS_THREAD, 0)  # ioprio_get
    LIBC.syscall(number, _THIS_THREAD, 0, _IDLE << _SHIFT)
    try:
        yield
    finally:
        LIBC.syscall(number, _THIS_THREAD, 0, max(0, before))
