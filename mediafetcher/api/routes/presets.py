"""/api/presets: named options for downloads and subscriptions."""

import msgspec
from litestar.params import FromPath, JSONBody

from mediafetcher.api.responses import Asked, chosen, fit
from mediafetcher.downloads import presets
from mediafetcher.fetch.options import Options


class Preset(msgspec.Struct):
    name: str
    options: Options


class Presets(msgspec.Struct):
    presets: list[Preset]


class PresetOptions(msgspec.Struct, forbid_unknown_fields=True):
    """The options of a preset, as those of a download."""

    options: Options


async def page(request: Asked) -> Presets:
    """List the caller's presets by name."""
    return fit(Presets, {"presets": await presets.page(request.user.id)})


async def get(name: FromPath[str], request: Asked) -> Preset:
    """Get one preset."""
    return fit(Preset, await presets.get(name, request.user.id))


async def save(name: FromPath[str], request: Asked, data: JSONBody[PresetOptions]) -> Preset:
    """Make or replace a preset. It counts from the next download on."""
    options = await chosen(request, data.options) or data.options
    return fit(Preset, await presets.save(name, request.user.id, options))


async def remove(name: FromPath[str], request: Asked) -> None:
    """Remove a preset. Subscriptions that used it keep their own options."""
    await presets.remove(name, request.user.id)
