"""Changes of several items, and of folders with their contents. Each is one transaction with exact counts.

Either all of it happens or nothing does: a missing item, or one of another user, undoes the whole change.
"""

from typing import Any

from piccolo.custom_types import Combinable

from mediafetcher.core import errors, settings
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW, among, differs
from mediafetcher.db.tables import Folder, LibraryItem, MediaFile
from mediafetcher.library.catalog import folders, items, queries, watching
from mediafetcher.library.catalog import trash as trash_bin

MOST = 1000  # items of one change

_COLUMNS = "media_file, title, source, source_url, site, uploader, metadata, search, sort_key, text_version"
# Copies of many rows, with another folder: one of each file, unless the folder has it.
_COPY_ITEMS = f"""
insert into library_item (owner, folder, {_COLUMNS})
select owner, $3::bigint, {_COLUMNS} from library_item i
where i.id in (select distinct on (media_file) id from library_item
    where owner = $1 and id = any($2::bigint[]) order by media_file, id)
  and not exists (select from library_item o where o.owner = $1 and o.media_file = i.media_file
    and o.folder is not distinct from $3::bigint and o.trashed_at is null)
order by i.id
"""
# Copies of many rows, each in the copy of its folder.
_COPY_CONTENTS = f"""
insert into library_item (owner, folder, {_COLUMNS})
select owner, c.copy, {_COLUMNS} from library_item i
  join unnest($2::bigint[], $3::bigint[]) as c (original, copy) on c.original = i.folder
where i.owner = $1 and i.trashed_at is null
order by i.id
"""


async def change(
    id: int, owner: int, title: str | None = None, folder: str | None = None, *, keep: bool | None = None
) -> dict[str, Any]:
    """Rename an item, move it (to a path, created if missing), protect it from retention, or several of these.

    Returns: the item. Raises: `NotFound`, `Invalid`.
    """
    async with engine.transaction():
        if title is not None:
            await items.rename(id, owner, title)
        if folder is not None:
            await items.move(id, owner, await folders.ensure(owner, folder))
        if keep is not None:
            await items.set_keep(id, owner, keep=keep)
    return await queries.get(id, owner)


@engine.patiently
async def move(owner: int, ids: list[int], folder: str) -> int:
    """Move items to one folder. Returns: the number of moved items. Raises: `NotFound`, `Invalid`."""

    async def run() -> int:
        async with engine.transaction():
            place = await folders.ensure(owner, folder)
            await _all(owner, ids)
            elsewhere = differs(LibraryItem.folder, place)
            moved = await engine.affected(
                LibraryItem.update({LibraryItem.folder: place}).where(_chosen(owner, ids), elsewhere)
            )
            await notifications.notify("library", {"owner": owner})
        return moved

    return await engine.retrying(run)


@engine.patiently
async def copy(owner: int, ids: list[int], folder: str) -> int:
    """Add a reference to each item in that folder. Returns: the number of new ones. Nothing is duplicated."""

    async def run() -> int:
        async with engine.transaction():
            place = await folders.ensure(owner, folder)
            await _all(owner, ids)
            await _hold(owner, among(LibraryItem.id, ids))
            made = await engine.execute(_COPY_ITEMS, owner, ids, place)
            await notifications.notify("library", {"owner": owner})
        return int(made.rsplit(" ", 1)[-1])

    return await engine.retrying(run)


@engine.patiently
async def trash(owner: int, ids: list[int]) -> dict[str, int | bool]:
    """Move items to the trash. Returns: `count` of newly trashed ones, and the effect of purging as `deletion`."""
    async with engine.transaction():
        await _all(owner, ids)
        meaning = await trash_bin.deletion(owner, ids)
        fresh = _chosen(owner, ids) & LibraryItem.trashed_at.is_null()
        count = await engine.affected(LibraryItem.update({LibraryItem.trashed_at: NOW}).where(fresh))
        await notifications.notify("library", {"owner": owner})
    if settings.get().trash_days == 0:
        count = await trash_bin.purge(owner, ids)
    return {"count": count, **meaning}


@engine.patiently
async def restore(owner: int, ids: list[int]) -> int:
    """Restore items. Returns: the number of items that were in the trash."""
    async with engine.transaction():
        await _all(owner, ids)
        trashed = _chosen(owner, ids) & LibraryItem.trashed_at.is_not_null()
        count = await engine.affected(LibraryItem.update({LibraryItem.trashed_at: None}).where(trashed))
        await notifications.notify("library", {"owner": owner})
    return count


@engine.patiently
async def mark_watched(owner: int, ids: list[int], *, seen: bool) -> int:
    """Mark items as watched to the end, or as not begun. Returns: the number of files whose position changed.

    Raises: `NotFound`, `Invalid`.
    """

    async def run() -> int:
        async with engine.transaction():
            await _all(owner, ids)
            marked = await watching.mark(owner, ids, seen=seen)
            await notifications.notify("library", {"owner": owner})
        return marked

    return await engine.retrying(run)


@engine.patiently
async def copy_folder(id: int, owner: int, path: str) -> dict[str, Any]:
    """Copy a folder with its contents to this path. Returns: the new folder; every entry is one more reference.

    The trash is not copied. Raises: `NotFound`, `Invalid`, `NameTaken` if that path exists.
    """
    if not folders.parts(path):
        raise errors.Invalid("Enter a name for the folder.")

    async def run() -> int:
        async with engine.transaction():
            await folders.get(id, owner)
            try:
                await folders.find(owner, path)
            except errors.NotFound:
                pass
            else:
                raise errors.NameTaken("A folder with this name already exists.")
            inside = await folders.below(id)  # before the copy exists: it may lie below its original
            top = await folders.ensure(owner, path)
            assert top is not None
            copies = {id: top}
            rows = await Folder.select(Folder.id, Folder.parent, Folder.name).where(among(Folder.id, inside))
            below = {row["id"]: row for row in rows}
            for folder in inside[1:]:  # parents come before their children
                row = below[folder]
                made = Folder(owner=owner, parent=copies[row["parent"]], name=row["name"])
                await made.save()
                copies[folder] = made.id
            await _hold(owner, among(LibraryItem.folder, inside) & LibraryItem.trashed_at.is_null())
            await engine.execute(_COPY_CONTENTS, owner, list(copies), list(copies.values()))
            await notifications.notify("library", {"owner": owner})
        return top

    return await folders.get(await engine.retrying(run), owner)


@engine.patiently
async def delete_folder(id: int, owner: int) -> int:
    """Remove a folder and its subfolders. Returns: the number of items, trashed or (without a trash) purged."""
    trashed = await folders.delete(id, owner)
    if settings.get().trash_days == 0:
        await trash_bin.purge(owner, trashed)
    return len(trashed)


async def _all(owner: int, ids: list[int]) -> None:
    """Lock these items, which must all belong to this user. Raises: `NotFound`, `Invalid`."""
    if not 1 <= len(ids) <= MOST:
        raise errors.Invalid(f"Select 1 to {MOST} items.")
    items = LibraryItem.select(LibraryItem.id).where(LibraryItem.owner == owner, among(LibraryItem.id, ids))
    rows = await items.order_by(LibraryItem.media_file, LibraryItem.id).lock_rows("UPDATE")
    missing = set(ids) - {row["id"] for row in rows}
    if missing:
        raise errors.NotFound(f"Item {min(missing)} does not exist.")


async def _hold(owner: int, which: Combinable) -> None:
    """Lock the files of these entries in the global lock order, so that they remain while we count."""
    files = LibraryItem.select(LibraryItem.media_file).where(LibraryItem.owner == owner, which)
    held = MediaFile.select(MediaFile.id).where(MediaFile.id.is_in(files))
    await held.order_by(MediaFile.id).lock_rows("UPDATE")


def _chosen(owner: int, ids: list[int]) -> Combinable:
    """Return the condition for these items of a user."""
    return (LibraryItem.owner == owner) & among(LibraryItem.id, ids)
