"""Virtual folders: every user has their own tree, and a folder is named by its path, `Music/Live`.

The top has no row: its id is None and its path "". Names are unique among siblings regardless of case.
"""

import unicodedata
from typing import Any

from piccolo.columns.combination import WhereRaw

from mediafetcher.core import errors, sort_key
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW, among, same_text
from mediafetcher.db.tables import Folder, LibraryItem

_LONGEST = 200  # characters of a name
_DEEPEST = 32
_LOCK = 77_100  # the advisory lock of a user's tree; its second key is the user

# Paths and counts of a whole tree: recursive, in one round trip.
_TREE = """
with recursive tree as (
  select id, parent, name, name as path, array[id] as above from folder where owner = $1 and parent is null
  union all
  select f.id, f.parent, f.name, tree.path || '/' || f.name, tree.above || f.id
  from folder f join tree on f.parent = tree.id),
counts as (
  select folder, count(*) as n from library_item
  where owner = $1 and folder is not null and trashed_at is null group by folder),
totals as (
  select above.id, sum(counts.n) as n from tree join counts on counts.folder = tree.id
  cross join lateral unnest(tree.above) as above(id) group by above.id)
select tree.id, name, parent, path, coalesce(counts.n, 0) as count, coalesce(totals.n, 0)::bigint as total
from tree left join counts on counts.folder = tree.id left join totals on totals.id = tree.id
"""
# Recursive, upwards.
_PATH_OF = """
with recursive up as (select parent, name as path from folder where id = $1::bigint
  union all select f.parent, f.name || '/' || up.path from folder f join up on f.id = up.parent)
select path from up where parent is null
"""
# Recursive, downwards.
_BELOW = """
with recursive down as (select $1::bigint as id, 0 as depth union all
  select f.id, depth + 1 from folder f join down on f.parent = down.id)
select id from down order by depth, id
"""


def parts(path: str) -> list[str]:
    """Return the cleaned names of a path. Raises: `Invalid`."""
    names = [unicodedata.normalize("NFC", part).strip() for part in path.split("/")]
    names = [name for name in names if name]
    if len(names) > _DEEPEST:
        raise errors.Invalid(f"Folders can be nested at most {_DEEPEST} levels deep.")
    for name in names:
        if name in (".", "..") or len(name) > _LONGEST or any(unicodedata.category(c) == "Cc" for c in name):
            raise errors.Invalid(f"{name[:50]!r} is not a valid folder name.")
    return names


async def ensure(owner: int, path: str) -> int | None:
    """Return the id of the folder of this path, created if missing; None for the top. Raises: `Invalid`."""
    parent: int | None = None
    for name in parts(path):
        parent = await _ensure_one(owner, parent, name)
    return parent


async def _ensure_one(owner: int, parent: int | None, name: str) -> int:
    while True:  # it may be created or removed between the two statements
        found = await _find_one(owner, parent, name)
        if found is not None:
            return found
        folder = Folder.insert(Folder(owner=owner, parent=parent, name=name))
        made = await folder.on_conflict(action="DO NOTHING").returning(Folder.id)
        if made:
            await notifications.notify("library", {"owner": owner})
            return int(made[0]["id"])


async def _find_one(owner: int, parent: int | None, name: str) -> int | None:
    beside = WhereRaw("coalesce(parent, 0) = coalesce({}::bigint, 0)", parent)  # as the index has it
    row = await Folder.select(Folder.id).where(Folder.owner == owner, beside, same_text(Folder.name, name)).first()
    return None if row is None else int(row["id"])


async def find(owner: int, path: str) -> int | None:
    """Return the id of an existing folder, None for the top (""). Raises: `NotFound`."""
    parent: int | None = None
    for name in parts(path):
        parent = await _find_one(owner, parent, name)
        if parent is None:
            raise errors.NotFound(f"There is no folder {path!r}.")
    return parent


async def path_of(folder: int | None) -> str:
    """Return the path of a folder; "" for the top (and for a deleted folder)."""
    return await engine.fetchval(_PATH_OF, folder) or ""


async def below(folder: int) -> list[int]:
    """Return the folder and all below it, parents first."""
    return [row["id"] for row in await engine.fetch(_BELOW, folder)]


async def tree(owner: int) -> list[dict[str, Any]]:
    """List all folders by path: `id, name, parent, path, count` (items inside) and `total` (including subfolders).

    Items in the trash do not count.
    """
    rows = await engine.fetch(_TREE, owner)
    return sorted(rows, key=lambda row: (sort_key.of_path(row["path"]), row["id"]))


async def get(id: int, owner: int) -> dict[str, Any]:
    """Return one folder, as in `tree`. Raises: `NotFound`."""
    found = next((row for row in await tree(owner) if row["id"] == id), None)
    if found is None:
        raise errors.NotFound("This folder does not exist.")
    return found


async def make(owner: int, path: str) -> dict[str, Any]:
    """Create a folder and its parents. Returns: the folder, also if it exists. Raises: `Invalid`."""
    made = await ensure(owner, path)
    if made is None:
        raise errors.Invalid("Enter a name for the folder.")
    return await get(made, owner)


async def change(id: int, owner: int, path: str) -> dict[str, Any]:
    """Rename and move a folder to this path. Returns: the folder.

    Raises: `NotFound`, `Invalid`, `NameTaken` if that path is another folder.
    """
    names = parts(path)
    if not names:
        raise errors.Invalid("Enter a name for the folder.")
    async with engine.transaction():
        await _change_tree(owner)
        parent = await ensure(owner, "/".join(names[:-1]))
        await _put(id, owner, parent, names[-1])
    return await get(id, owner)


async def rename(id: int, owner: int, name: str) -> None:
    """Rename a folder. Raises: `NotFound`, `Invalid`, `NameTaken`."""
    if len(parts(name)) != 1:
        raise errors.Invalid("Enter a folder name without a slash.")
    async with engine.transaction():
        await _change_tree(owner)
        await _put(id, owner, (await _row(id, owner))["parent"], parts(name)[0])


async def move(id: int, owner: int, parent: int | None) -> None:
    """Move a folder below another one, or to the top (None). Raises: `NotFound`, `Invalid`, `NameTaken`."""
    async with engine.transaction():
        await _change_tree(owner)
        if parent is not None:
            await _row(parent, owner)
        await _put(id, owner, parent, (await _row(id, owner))["name"])


async def delete(id: int, owner: int) -> list[int]:
    """Remove a folder and its subfolders. Returns: the items that move to the trash now. Raises: `NotFound`.

    They leave the folder for good: when restored, they are at the top. Items already in the trash stay there.
    """
    async with engine.transaction():
        await _change_tree(owner)
        await _row(id, owner)
        inside = await below(id)
        table, held = LibraryItem, among(LibraryItem.folder, inside)
        moved = table.update({table.trashed_at: NOW}).where(held, table.trashed_at.is_null())
        trashed = await moved.returning(table.id)
        await table.update({table.folder: None}).where(held)
        try:
            await Folder.delete().where(among(Folder.id, inside))
        except engine.UniqueViolation as error:
            # A download into this folder would go to the top, where the same link is already queued.
            raise errors.Conflict(
                "The same link is queued for this folder and for the library root. Cancel one of the two downloads."
            ) from error
        await notifications.notify("library", {"owner": owner})
    return [row["id"] for row in trashed]


async def _change_tree(owner: int) -> None:
    """Lock a user's tree for one change: two concurrent moves could create a cycle."""
    await engine.lock(_LOCK, owner)


async def _row(id: int, owner: int) -> dict[str, Any]:
    columns = (Folder.id, Folder.parent, Folder.name)
    row = await Folder.select(*columns).where(Folder.id == id, Folder.owner == owner).first()
    if row is None:
        raise errors.NotFound("This folder does not exist.")
    return row


async def _put(id: int, owner: int, parent: int | None, name: str) -> None:
    await _row(id, owner)
    if parent in await below(id):
        raise errors.Invalid("A folder cannot be moved into itself.")
    try:
        await Folder.update({Folder.parent: parent, Folder.name: name}).where(Folder.id == id)
    except engine.UniqueViolation as error:
        raise errors.NameTaken("A folder with this name already exists.") from error
    await notifications.notify("library", {"owner": owner})
