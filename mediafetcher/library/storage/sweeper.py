"""Remove files: the only code that unlinks from the store.

A file is removed only if this database released it: its row has counted no reference since the present lineage
began, for longer than the grace period, and the claim on the media folder is ours (ownership.py). Its row is locked
meanwhile, which `add_media` does too, so a file never vanishes under a new reference; the unlink deletes the row. A
file without a row is unknown, and stays. Nothing is removed while the store or the clock is in doubt.
"""

import contextlib
from pathlib import Path
from typing import Any

from piccolo.querystring import QueryString

from mediafetcher.core import clock, errors, logging, settings
from mediafetcher.db import engine
from mediafetcher.db.tables import Installation, MediaFile
from mediafetcher.library.storage import blob_store, clock_guard, mount, ownership, running, staging, unknown

_BATCH = 500  # files that one claim covers
_SECONDS = 10.0  # seconds that one claim covers
_FEW = 20  # up to this many missing files are no outage

_log = logging.get("sweeper")


async def sweep() -> int:
    """Remove unreferenced files, and what our dead processes left in incoming/. Returns: the number of removed files.

    Nothing is removed while the store is unavailable or frozen, or the clock in doubt.
    """
    if mount.state().state in ("offline", "read_only") or (now := await clock_guard.now()) is None:
        return 0
    if await ownership.refresh() is not None:
        return 0
    try:
        return await _unreferenced(now.theirs) + await _leftovers(now.ours)
    except (errors.MediaOffline, errors.MediaReadOnly, errors.StoreFrozen) as problem:
        _log.warning("nothing is removed while the store is in doubt", reason=problem.code)
        return 0


# The guard of every unlink: each condition in the statement that locks the row.
_LOCK_DUE = """
select id, sha256, ext from media_file m
where id = $1 and ref_count = 0
  and unreferenced_at <= coalesce(to_timestamp($3), now()) - make_interval(secs => $2)
  and unreferenced_running_seconds <= mf_running_seconds() - $4
  and exists (select from installation where lineage = m.unreferenced_in and frozen_reason is null)
  and not exists (select from library_item i where i.media_file = m.id)
for update skip locked
"""


async def delete_unreferenced(media_file: int, now: float | None = None) -> bool:
    """Remove one file whose last reference was removed, if its grace period is over. Returns: whether it was removed.

    The caller has just made the claim. `now`: seconds since 1970 by the database's clock, if it was believed; else the
    database's clock is read.
    """
    async with engine.transaction():
        row = await engine.fetchrow(
            _LOCK_DUE,
            media_file,
            settings.get().grace_hours * 3600,
            now,
            running.least(settings.get().grace_hours * 3600),
        )
        if row is None:
            return False
        await blob_store.run_io(_remove, row["sha256"], row["ext"])
        await MediaFile.delete().where(MediaFile.id == media_file)
    return True


def _remove(sha256: bytes, ext: str) -> None:
    """Remove a file and all its side files: the row may not list side files that a crash left. In a thread."""
    with mount.writing():
        mount.require()
        beside = unknown.side_files_at(blob_store.path_of(sha256, ext))
    blob_store.remove(sha256, [ext, *beside])


async def _due(now: float, last: int) -> list[dict[str, Any]]:
    """Return the next files after `last` that are due, by the conditions of `_LOCK_DUE` without its locks."""
    table, grace = MediaFile, settings.get().grace_hours * 3600
    latest = QueryString("to_timestamp({}::float8)", now - grace)
    ran = QueryString("mf_running_seconds() - {}", running.least(grace))
    aged = (table.unreferenced_at <= latest) & (table.unreferenced_running_seconds <= ran)
    ours = table.unreferenced_in.is_in(Installation.select(Installation.lineage))
    due = table.select(table.id, table.sha256, table.ext).where(table.ref_count == 0, table.id > last, aged, ours)
    return await due.order_by(table.id).limit(_BATCH)


async def _unreferenced(now: float) -> int:
    removed, last = 0, 0
    while True:
        rows = await _due(now, last)
        if not rows:
            return removed
        if await mount.run_io(_outage, rows):
            _log.warning("many files are not there: nothing is removed, `mediafetcher check` tells more")
            return removed
        if not await ownership.before_unlink():
            return removed
        until = clock.monotonic() + _SECONDS
        for row in rows:
            if clock.monotonic() > until:
                break  # the next files need a claim of their own
            removed += await delete_unreferenced(row["id"], now)
            last = row["id"]


def _outage(rows: list[dict[str, Any]]) -> bool:
    """Tell whether so many of these files are missing that a part of the store must be unavailable. In a thread."""
    with mount.writing():
        mount.require()
        missing = sum(blob_store.size_of(blob_store.path_of(row["sha256"], row["ext"])) is None for row in rows)
    return missing > _FEW and missing * 5 > len(rows)


# ---- incoming/ -----------------------------------------------------------------------------------------


def leftovers(now: float | None = None) -> list[Path]:
    """List the files of `incoming/` that this installation began and will not finish. In a thread.

    It includes files of programs without claims, unless this installation is frozen.
    """
    frozen = ownership.frozen() is not None
    return [
        path
        for path in mount.incoming().iterdir()
        if path.is_file()
        and not (frozen and staging.is_of_older_program(path.name))
        and blob_store.abandoned(path, now)
    ]


async def _leftovers(now: float) -> int:
    found = await mount.run_io(_find_leftovers, now)
    older = [path for path in found if staging.is_of_older_program(path.name)]
    if older and not await ownership.before_unlink():
        found = [path for path in found if path not in older]
    await mount.run_io(_clear, found)
    return len(found)


def _find_leftovers(now: float) -> list[Path]:
    with mount.writing():
        mount.require()
        return leftovers(now)


def _clear(found: list[Path]) -> None:
    with mount.writing():
        mount.require()
        for path in found:
            blob_store.remove_staged(path)


async def rollback(staged: blob_store.Staged) -> None:
    """Remove a staged file that was not added. A placed file has a row, and is removed after the grace period."""
    blob_store.mark_abandoned(staged)
    with contextlib.suppress(errors.Unavailable):  # a later sweep finds it
        await mount.run_io(blob_store.discard, staged)
