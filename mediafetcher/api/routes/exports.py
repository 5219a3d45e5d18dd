"""/api/export/preview: the names that items would have in an exported tree. Trees are made by command."""

from typing import Literal

import msgspec
from litestar.params import JSONBody

from mediafetcher.api.responses import Asked
from mediafetcher.library.export import sync


class ExportNames(msgspec.Struct, forbid_unknown_fields=True):
    """A layout, or a template such as `{channel}/{year}/{title}`. `folder_layouts`: of folders of the library."""

    layout: Literal["film", "show", "music"] = "film"
    template: str | None = None
    folder_layouts: dict[str, Literal["film", "show", "music"]] = {}


class ExportPaths(msgspec.Struct):
    """Paths of the caller's newest items, below the folder of the user."""

    paths: list[str]


async def preview(request: Asked, data: JSONBody[ExportNames]) -> ExportPaths:
    """Show the names of the newest items in an exported tree. Nothing is made."""
    return ExportPaths(await sync.preview(request.user.id, data.layout, data.template, dict(data.folder_layouts)))
