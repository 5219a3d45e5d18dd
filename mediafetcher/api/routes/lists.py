"""/api/lists: playlists and channels that came from a site, in their order; /api/history: what was watched."""

from datetime import datetime

import msgspec
from litestar.params import FromQuery

from mediafetcher.api.responses import Asked, Id, fit
from mediafetcher.api.routes.downloads import within
from mediafetcher.api.routes.items import Item, Items
from mediafetcher.library.catalog import lists, queries


class SourceList(msgspec.Struct):
    """A list of a site. `items`: how many of its `entries` are in the library."""

    id: int
    url: str
    title: str
    site: str
    updated_at: datetime
    entries: int
    items: int


class SourceLists(msgspec.Struct):
    lists: list[SourceList]


class Entry(msgspec.Struct):
    """An entry, counted from 1. `item` is null if it is not in the library; `duration` in seconds."""

    position: int
    url: str
    title: str | None
    duration: float | None
    item: Item | None


class WholeList(SourceList):
    """A list with its `content` in the site's order."""

    content: list[Entry]


async def page(request: Asked) -> SourceLists:
    """Lists that were downloaded, the last one first."""
    return fit(SourceLists, {"lists": await lists.page(request.user.id)})


async def get(id: Id, request: Asked) -> WholeList:
    """One list with all entries."""
    return fit(WholeList, await lists.get(id, request.user.id))


async def history(request: Asked, limit: FromQuery[int] = 50) -> Items:
    """Items that were watched, the last one first."""
    return fit(Items, {"items": await queries.history(request.user.id, within(limit)), "next": None})
