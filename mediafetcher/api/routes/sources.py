"""/api/sources: links that a user has blocked. Each block belongs to one user and can be removed."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar.params import JSONBody, QueryParameter

from mediafetcher.api.responses import Asked, Id, fit
from mediafetcher.downloads import dedup
from mediafetcher.library.catalog import blocklist


class Source(msgspec.Struct):
    """A blocked link, `since` when."""

    id: int
    url: str
    site: str
    title: str | None
    since: datetime


class Sources(msgspec.Struct):
    sources: list[Source]


class Mark(msgspec.Struct):
    """Whether a link is blocked, and since when."""

    never: bool
    since: datetime | None


class Link(msgspec.Struct, forbid_unknown_fields=True):
    """A link, known or not."""

    url: str


async def page(request: Asked, marked: Annotated[Literal["1"], QueryParameter(name="never")] = "1") -> Sources:
    """List the blocked links (`never=1`; there is no other list), last blocked first."""
    return fit(Sources, {"sources": await blocklist.page(request.user.id)})


async def mark_link(data: JSONBody[Link], request: Asked) -> Mark:
    """Block a link, whether it was submitted before or not."""
    source = await dedup.mark_never(request.user.id, data.url)
    return fit(Mark, await blocklist.get(source, request.user.id))


async def get(id: Id, request: Asked) -> Mark:
    """Return whether a source is blocked."""
    return fit(Mark, await blocklist.get(id, request.user.id))


async def mark(id: Id, request: Asked) -> None:
    """Block a source: submissions, playlists and retries skip it."""
    await blocklist.block(id, request.user.id)


async def unmark(id: Id, request: Asked) -> None:
    """Unblock a source."""
    await blocklist.unblock(id, request.user.id)
