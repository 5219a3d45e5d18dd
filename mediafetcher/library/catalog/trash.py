"""Deletion from a library: trash, restore and purge.

An item in the trash still references its file, and counts. Purging deletes its row; a trigger counts that in the same
transaction, and the sweeper unlinks unreferenced files.
"""

import contextlib
from typing import Any

from piccolo.custom_types import Combinable
from piccolo.querystring import QueryString

from mediafetcher.core import errors, settings
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW, among, is_false
from mediafetcher.db.tables import LibraryItem, MediaFile
from mediafetcher.library.catalog import queries
from mediafetcher.library.storage import clock_guard, ownership, running, sweeper

_SLICE = 500  # items purged in one transaction


async def trash(id: int, owner: int) -> dict[str, Any]:
    """Move an item to the trash. Returns: `trashed`, and the effect of purging: remaining `holders`, `frees` bytes.

    With TRASH_DAYS=0 it is purged immediately (`trashed` is False). Raises: `NotFound`.
    """
    if settings.get().trash_days == 0:
        return {"trashed": False, **await delete_media(id, owner)}
    row = await _mark(id, owner, QueryString("coalesce(trashed_at, now())"))
    return {"trashed": True, **_consequence(row["ref_count"] - 1, row["size"])}


async def restore(id: int, owner: int) -> dict[str, Any]:
    """Restore an item from the trash. Returns: the item. Idempotent. Raises: `NotFound`."""
    await _mark(id, owner, None)
    return await queries.get(id, owner)


async def _mark(id: int, owner: int, trashed_at: QueryString | None) -> dict[str, Any]:
    """Put an item into the trash, or take it out. Returns: its file's `ref_count` and `size`. Raises: `NotFound`."""
    async with engine.transaction():
        table = LibraryItem
        marked = table.update({table.trashed_at: trashed_at}).where(table.id == id, table.owner == owner)
        rows = await marked.returning(table.media_file)
        if not rows:
            raise errors.NotFound("This item does not exist.")
        await notifications.notify("library", {"owner": owner})
        return await _file(rows[0]["media_file"])


async def _file(id: int) -> dict[str, Any]:
    row = await MediaFile.select(MediaFile.id, MediaFile.ref_count, MediaFile.size).where(MediaFile.id == id).first()
    assert row is not None
    return row


async def put(owner: int, ids: list[int]) -> list[int]:
    """Put these items of a user into the trash, in the caller's transaction, except those marked with `keep`.

    Returns: the items that were not in the trash before.
    """
    table = LibraryItem
    removable = among(table.id, ids) & (table.owner == owner) & table.trashed_at.is_null() & is_false(table.keep)
    return [row["id"] for row in await table.update({table.trashed_at: NOW}).where(removable).returning(table.id)]


async def delete_media(item_id: int, owner: int) -> dict[str, int]:
    """Delete one reference. Returns: remaining `holders`, and `frees` bytes. Raises: `NotFound`.

    The file is deleted after the last reference and the grace period: immediately if that is 0.
    """

    ownership.require()

    async def delete() -> dict[str, Any]:
        async with engine.transaction():
            # The count is read after the trigger has changed it, and so under the lock of the file's row.
            table = LibraryItem
            gone = table.delete().where(table.id == item_id, table.owner == owner)
            rows = await gone.returning(table.media_file)
            if not rows:
                raise errors.NotFound("This item does not exist.")
            await notifications.notify("library", {"owner": owner})
            return await _file(rows[0]["media_file"])

    row = await engine.retrying(delete)
    await _remove_now([row["id"]])
    return _consequence(row["ref_count"], row["size"])


# Counts over the chosen items and their files, in one round trip.
_DELETION = """
with gone as (select id, media_file, trashed_at from library_item where owner = $1
    and (id = any($2::bigint[]) or ($2::bigint[] is null and trashed_at is not null))),
  files as (select m.size, m.ref_count - count(*) as rest from gone join media_file m on m.id = gone.media_file
    group by m.id)
select (select count(*) from gone) as items, (select bool_or(trashed_at is null) from gone) as fresh,
  (select coalesce(sum(rest), 0)::bigint from files) as holders,
  (select coalesce(sum(size), 0)::bigint from files where rest = 0) as frees
"""


async def deletion(owner: int, ids: list[int] | None = None) -> dict[str, Any]:
    """Describe the effect of purging these items (None: all of a user's trash). Nothing is changed.

    `items`: their number; `holders`: other entries, of any user, that keep their files; `frees`: freed bytes; `trash`:
    whether they would move to the trash first. Raises: `NotFound` if one does not exist.
    """
    row = await engine.fetchrow(_DELETION, owner, ids)
    assert row is not None
    if ids is not None and row["items"] != len(set(ids)):
        raise errors.NotFound("This item does not exist.")
    to_trash = bool(row["fresh"]) and settings.get().trash_days > 0
    return {"items": row["items"], "holders": row["holders"], "frees": row["frees"], "trash": to_trash}


def _consequence(holders: int, size: int) -> dict[str, int]:
    return {"holders": holders, "frees": 0 if holders else size}


@engine.patiently
async def purge(owner: int, ids: list[int] | None = None) -> int:
    """Purge a user's trash, or these items of it. Returns: the number of items. Raises: `StoreFrozen`."""
    ownership.require()
    mine: Combinable = (LibraryItem.owner == owner) & LibraryItem.trashed_at.is_not_null()
    return await _purge(mine if ids is None else mine & among(LibraryItem.id, ids))


@engine.patiently
async def purge_expired() -> int:
    """Purge items whose days in the trash are over. Returns: the number of items.

    Purges nothing while the clock is not trusted or the store is frozen.
    """
    now = await clock_guard.now()
    if now is None or await ownership.refresh() is not None:
        return 0
    period = settings.get().trash_days * 86_400
    latest = QueryString("to_timestamp({}::float8)", now.theirs - period)
    ran = QueryString("mf_running_seconds() - {}::float8", float(running.least(period)))
    table = LibraryItem
    return await _purge((table.trashed_at <= latest) & (table.trashed_running_seconds <= ran))


async def _purge(which: Combinable, *, locked: bool = False) -> int:
    """Purge in slices, so that no transaction locks the files of a whole library.

    `locked`: wait for items that another transaction has locked; they are skipped otherwise.
    """
    removed = 0
    while gone := await engine.retrying(lambda: _purge_some(which, locked=locked)):
        removed += len(gone)
        await _remove_now(sorted({row["media_file"] for row in gone}))
    return removed


async def _purge_some(which: Combinable, *, locked: bool) -> list[dict[str, Any]]:
    table, file = LibraryItem, MediaFile
    async with engine.transaction():
        some = table.select(table.id, table.media_file).where(which)
        some = some.order_by(table.media_file, table.id).limit(_SLICE)
        rows = await some.lock_rows("UPDATE", skip_locked=not locked)
        # Lock the files in the global lock order; the trigger then finds them locked.
        files = file.select(file.id).where(among(file.id, [row["media_file"] for row in rows]))
        await files.order_by(file.id).lock_rows("UPDATE")
        items = table.delete().where(among(table.id, [row["id"] for row in rows]))
        gone: list[dict[str, Any]] = await items.returning(table.owner, table.media_file)
        for person in {row["owner"] for row in gone}:
            await notifications.notify("library", {"owner": person})
    return gone


@engine.patiently
async def delete_all(owner: int) -> int:
    """Delete every reference of a user who is about to be removed, in the trash or not. Returns: their number."""
    ownership.require()
    return await _purge(LibraryItem.owner == owner, locked=True)


async def _remove_now(media_files: list[int]) -> None:
    """Without a grace period delete the files immediately; if the store is unavailable, the sweeper does it later."""
    if settings.get().grace_hours > 0 or not ownership.makes_claims():
        return
    with contextlib.suppress(errors.Unavailable):
        if await ownership.before_unlink():
            for media_file in media_files:
                await sweeper.delete_unreferenced(media_file)
