"""/api/export: exported trees, and the names that items would have in one. ExportTrees are made by command."""

import msgspec
from litestar.params import JSONBody

from mediafetcher.api.responses import Asked, Id, fit
from mediafetcher.library.export import arrangement, sync, trees

_UNSET = msgspec.UNSET


class ExportNames(msgspec.Struct, forbid_unknown_fields=True):
    """A layout, or a template such as `{channel}/{year}/{title}`. `folder_layouts`: of folders of the library."""

    layout: arrangement.FolderKind = "film"
    template: str | None = None
    folder_layouts: dict[str, arrangement.FolderKind] = {}


class ExportPaths(msgspec.Struct):
    """Paths of the caller's newest items, below the folder of the user."""

    paths: list[str]


async def preview(request: Asked, data: JSONBody[ExportNames]) -> ExportPaths:
    """Show the names of the newest items in an exported tree. Nothing is made."""
    return ExportPaths(await sync.preview(request.user.id, data.layout, data.template, dict(data.folder_layouts)))


class ExportTree(msgspec.Struct):
    """An exported tree. `users`: whose items it has; null: all users. `copied_bytes`: size of its tagged copies.

    `updating`: a change is not yet on the disk. `missing`: its folder was removed, or its disk is unavailable.
    """

    id: int
    path: str
    users: list[str] | None
    layout: arrangement.Kind
    folder_layouts: dict[str, arrangement.FolderKind]
    tagged: bool
    copied_bytes: int
    updating: bool
    missing: bool


class ExportTrees(msgspec.Struct):
    trees: list[ExportTree]


class ExportTreeChange(msgspec.Struct, forbid_unknown_fields=True):
    """The parts of a tree to change. `folder_layouts` replaces those of all folders."""

    layout: arrangement.FolderKind | msgspec.UnsetType = _UNSET
    folder_layouts: dict[str, arrangement.FolderKind] | msgspec.UnsetType = _UNSET
    tagged: bool | msgspec.UnsetType = _UNSET


async def page(request: Asked) -> ExportTrees:
    """List the exported trees."""
    return fit(ExportTrees, {"trees": await trees.page()})


async def change(id: Id, request: Asked, data: JSONBody[ExportTreeChange]) -> ExportTree:
    """Change the layouts of an exported tree, or whether music files are tagged copies. The files follow later."""
    await trees.change(
        id,
        request.user.id,
        kind=None if data.layout is _UNSET else data.layout,
        layouts=None if data.folder_layouts is _UNSET else dict(data.folder_layouts),
        tagged=None if data.tagged is _UNSET else data.tagged,
    )
    return fit(ExportTree, await trees.get(id))
