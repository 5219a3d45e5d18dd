"""/api/folders: the virtual folder tree."""

import msgspec
from litestar.params import JSONBody

from mediafetcher.api.responses import Asked, Id, fit
from mediafetcher.library.catalog import bulk, folders, queries


class Folder(msgspec.Struct):
    """`count`: items directly inside, `total`: including subfolders. Neither counts the trash."""

    id: int
    name: str
    parent: int | None
    path: str
    count: int
    total: int


class Folders(msgspec.Struct):
    """`items`: all items of the caller, in folders or not, without the trash."""

    folders: list[Folder]
    items: int


class FolderPath(msgspec.Struct, forbid_unknown_fields=True):
    """A path such as "Music/Live". Missing parents are created."""

    path: str


class FolderGone(msgspec.Struct):
    """`trashed`: the number of items that moved to the trash with the folder."""

    trashed: int


async def tree(request: Asked) -> Folders:
    """List all folders."""
    owner = request.user.id
    return fit(Folders, {"folders": await folders.tree(owner), "items": await queries.count(owner)})


async def make(data: JSONBody[FolderPath], request: Asked) -> Folder:
    """Create a folder. An existing one is returned."""
    return fit(Folder, await folders.make(request.user.id, data.path))


async def change(id: Id, data: JSONBody[FolderPath], request: Asked) -> Folder:
    """Rename and move a folder to a new path."""
    return fit(Folder, await folders.change(id, request.user.id, data.path))


async def copy(id: Id, data: JSONBody[FolderPath], request: Asked) -> Folder:
    """Copy a folder with its contents to this path. Items are references, so no bytes are copied."""
    return fit(Folder, await bulk.copy_folder(id, request.user.id, data.path))


async def remove(id: Id, request: Asked) -> FolderGone:
    """Remove a folder and its subfolders. Their items move to the trash."""
    return FolderGone(await bulk.delete_folder(id, request.user.id))
