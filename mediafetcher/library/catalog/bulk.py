"""Several items at once, and folders with all that is in them: each change is one transaction, with exact counts.

Either all of it happens or nothing does: an item that is not there, or is somebody else's, undoes the whole.
"""

from typing import Any

from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.library.catalog import folders, items

MOST = 1000  # items of one change

_ITEMS = """
insert into library_item (owner, folder, media_file, title, source, source_url, site, uploader)
select i.owner, {folder}, i.media_file, i.title, i.source, i.source_url, i.site, i.uploader
"""


async def change(id: int, owner: int, title: str | None = None, folder: str | None = None) -> dict[str, Any]:
    """Rename an item, move it (a path, made where it is missing), or both -> the item. Raises `NotFound`, `Invalid`."""
    async with engine.transaction():
        if title is not None:
            await items.rename(id, owner, title)
        if folder is not None:
            await items.move(id, owner, await folders.ensure(owner, folder))
    return await items.get(id, owner)


@engine.patiently
async def move(owner: int, ids: list[int], folder: str) -> int:
    """Put these into one folder -> how many are there now that were not. Raises `NotFound`, `Invalid`."""

    async def run() -> int:
        async with engine.transaction():
            place = await folders.ensure(owner, folder)
            await _all(owner, ids)
            moved = await _count(
                "update library_item set folder = $3 where owner = $1 and id = any($2::bigint[])"
                " and folder is distinct from $3::bigint",
                owner,
                ids,
                place,
            )
            await engine.notify("library", {"owner": owner})
        return moved

    return await engine.retrying(run)


@engine.patiently
async def copy(owner: int, ids: list[int], folder: str) -> int:
    """One more reference to each in that folder -> how many are new; what lies there already stays one."""

    async def run() -> int:
        async with engine.transaction():
            place = await folders.ensure(owner, folder)
            await _all(owner, ids)
            await _hold(owner, "i.id = any($2::bigint[])", ids)
            made = await _count(
                _ITEMS.format(folder="$3::bigint")
                + "from library_item i where i.id in (select distinct on (media_file) id from library_item"
                "  where owner = $1 and id = any($2::bigint[]) order by media_file, id)"
                " and not exists (select from library_item o where o.owner = $1 and o.media_file = i.media_file"
                "  and o.folder is not distinct from $3::bigint and o.trashed_at is null) order by i.id",
                owner,
                ids,
                place,
            )
            await engine.notify("library", {"owner": owner})
        return made

    return await engine.retrying(run)


@engine.patiently
async def trash(owner: int, ids: list[int]) -> dict[str, int | bool]:
    """Move these to the trash -> `count` that were not in it, and what going for good means, as `deletion`."""
    async with engine.transaction():
        await _all(owner, ids)
        meaning = await items.deletion(owner, ids)
        count = await _count(
            "update library_item set trashed_at = now() where owner = $1 and id = any($2::bigint[])"
            " and trashed_at is null",
            owner,
            ids,
        )
        await engine.notify("library", {"owner": owner})
    if settings.get().trash_days == 0:
        count = await items.purge(owner, ids)
    return {"count": count, **meaning}


@engine.patiently
async def restore(owner: int, ids: list[int]) -> int:
    """Bring these back -> how many were in the trash."""
    async with engine.transaction():
        await _all(owner, ids)
        count = await _count(
            "update library_item set trashed_at = null where owner = $1 and id = any($2::bigint[])"
            " and trashed_at is not null",
            owner,
            ids,
        )
        await engine.notify("library", {"owner": owner})
    return count


@engine.patiently
async def copy_folder(id: int, owner: int, path: str) -> dict[str, Any]:
    """A folder with all below it once more under this path -> the new folder; every entry is one more reference.

    What is in the trash is not copied. Raises `NotFound`, `Invalid`, `NameTaken` where that path is there already.
    """
    if not folders.parts(path):
        raise errors.Invalid("Give the folder a name.")

    async def run() -> int:
        async with engine.transaction():
            await folders.get(id, owner)
            try:
                await folders.find(owner, path)
            except errors.NotFound:
                pass
            else:
                raise errors.NameTaken("There is a folder of that name already.")
            inside = await folders.below(id)  # before the copy is there: it may lie below its original
            top = await folders.ensure(owner, path)
            assert top is not None
            copies = {id: top}
            rows = await engine.fetch("select id, parent, name from folder where id = any($1::bigint[])", inside)
            below = {row["id"]: row for row in rows}
            for folder in inside[1:]:  # parents come before their children
                row = below[folder]
                copies[folder] = await engine.fetchval(
                    "insert into folder (owner, parent, name) values ($1, $2, $3) returning id",
                    owner,
                    copies[row["parent"]],
                    row["name"],
                )
            await _hold(owner, "i.folder = any($2::bigint[]) and i.trashed_at is null", inside)
            await engine.execute(
                _ITEMS.format(folder="c.copy")
                + "from library_item i join unnest($2::bigint[], $3::bigint[]) as c (folder, copy)"
                " on c.folder = i.folder where i.owner = $1 and i.trashed_at is null order by i.id",
                owner,
                list(copies),
                list(copies.values()),
            )
            await engine.notify("library", {"owner": owner})
        return top

    return await folders.get(await engine.retrying(run), owner)


@engine.patiently
async def delete_folder(id: int, owner: int) -> int:
    """Remove a folder and those below it; what is inside goes to the trash, or for good without one -> how many."""
    trashed = await folders.delete(id, owner)
    if settings.get().trash_days == 0:
        await items.purge(owner, trashed)
    return len(trashed)


async def _all(owner: int, ids: list[int]) -> None:
    """Lock these items, which must all be this person's. Raises `NotFound`, `Invalid`."""
    if not 1 <= len(ids) <= MOST:
        raise errors.Invalid(f"Name 1 to {MOST} items.")
    rows = await engine.fetch(
        "select id from library_item where owner = $1 and id = any($2::bigint[]) order by media_file, id for update",
        owner,
        ids,
    )
    missing = set(ids) - {row["id"] for row in rows}
    if missing:
        raise errors.NotFound(f"There is no item {min(missing)}.")


async def _hold(owner: int, which: str, ids: list[int]) -> None:
    """Lock the files of these entries in the order in which everybody locks several: they stay while we count."""
    await engine.execute(
        "select from media_file m where m.id in (select i.media_file from library_item i"
        f" where i.owner = $1 and {which}) order by m.id for update",
        owner,
        ids,
    )


async def _count(sql: str, *values: Any) -> int:
    return int((await engine.execute(sql, *values)).rsplit(" ", 1)[-1])
