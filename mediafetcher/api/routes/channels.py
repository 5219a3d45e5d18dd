"""/api/channels: the channels that a user's items are from. Their items are a filter of /api/items."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar.params import FromQuery, PathParameter

from mediafetcher.api.responses import Asked, fit
from mediafetcher.api.routes.downloads import within
from mediafetcher.library.catalog import channels

PREFIX = "/api/channels/"


class OwnChannel(msgspec.Struct):
    """A channel with the number of the user's `items` of it.

    `id` is the site's, its name if the site has no ids; two sites may use the same one. `newest`: the item that was
    published last; `published_at`: when.
    """

    id: str
    name: str
    url: str | None
    site: str | None
    items: int
    published_at: datetime | None
    newest: int


class OwnChannels(msgspec.Struct):
    channels: list[OwnChannel]
    next: str | None


async def page(
    request: Asked,
    site: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> OwnChannels:
    """List the channels of the library by name."""
    return fit(OwnChannels, await channels.page(request.user.id, site=site, cursor=cursor, limit=within(limit)))


async def get(request: Asked, id: Annotated[str, PathParameter()], site: FromQuery[str | None] = None) -> OwnChannel:
    """Get one channel. Its items: /api/items with `channel`, and with `site` if two sites use this id."""
    # An id may be a link. Litestar makes one slash of two, rsgi_asgi.py keeps the decoded path as it was sent.
    sent = request.scope["raw_path"].decode().removeprefix(PREFIX)
    return fit(OwnChannel, await channels.get(sent, request.user.id, site=site))
