"""/api/folders: the virtual tree."""

import msgspec
from litestar.params import JSONBody

from mediafetcher.api.responses import Asked, Id, fit
from mediafetcher.library.catalog import bulk, folders


class Folder(msgspec.Struct):
    """`count`: items directly inside, `total`: with everything below; neither counts the trash."""

    id: int
    name: str
    parent: int | None
    path: str
    count: int
    total: int


class Folders(msgspec.Struct):
    folders: list[Folder]


class FolderPath(msgspec.Struct, forbid_unknown_fields=True):
    """A path such as "Music/Live"; what is missing on the way is made."""

    path: str


class FolderGone(msgspec.Struct):
    """`trashed`: items that went to the trash with it."""

    trashed: int


async def tree(request: Asked) -> Folders:
    """All folders."""
    return fit(Folders, {"folders": await folders.tree(request.user.id)})


async def make(data: JSONBody[FolderPath], request: Asked) -> Folder:
    """Make a folder, or answer with the one that is there."""
    return fit(Folder, await folders.make(request.user.id, data.path))


async def change(id: Id, data: JSONBody[FolderPath], request: Asked) -> Folder:
    """Rename and move in one: what the path of this folder shall be."""
    return fit(Folder, await folders.change(id, request.user.id, data.path))


async def copy(id: Id, data: JSONBody[FolderPath], request: Asked) -> Folder:
    """The folder with all below it once more, under this path: references, no bytes."""
    return fit(Folder, await bulk.copy_folder(id, request.user.id, data.path))


async def remove(id: Id, request: Asked) -> FolderGone:
    """Remove a folder and those below it; the items inside go to the trash."""
    return FolderGone(await bulk.delete_folder(id, request.user.id))
