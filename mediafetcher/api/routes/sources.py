"""/api/sources: links that a person never wants again. Each mark is theirs alone, and can be taken away."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar.params import JSONBody, QueryParameter

from mediafetcher.api.responses import Asked, Id, fit
from mediafetcher.downloads import dedup
from mediafetcher.library.catalog import blocklist


class Source(msgspec.Struct):
    """A link that is not fetched again; `since` when."""

    id: int
    url: str
    site: str
    title: str | None
    since: datetime


class Sources(msgspec.Struct):
    sources: list[Source]


class Mark(msgspec.Struct):
    """Whether it is never to be fetched again, and since when."""

    never: bool
    since: datetime | None


class Link(msgspec.Struct, forbid_unknown_fields=True):
    """A link, known or not."""

    url: str


async def page(request: Asked, marked: Annotated[Literal["1"], QueryParameter(name="never")] = "1") -> Sources:
    """The links that are never to be fetched again (`never=1`, the only list there is), last marked first."""
    return fit(Sources, {"sources": await blocklist.page(request.user.id)})


async def mark_link(data: JSONBody[Link], request: Asked) -> Mark:
    """Never fetch this link again, whether it was asked for before or not."""
    source = await dedup.mark_never(request.user.id, data.url)
    return fit(Mark, await blocklist.get(source, request.user.id))


async def get(id: Id, request: Asked) -> Mark:
    """Whether a source is marked."""
    return fit(Mark, await blocklist.get(id, request.user.id))


async def mark(id: Id, request: Asked) -> None:
    """Never fetch it again: a new wish, a playlist and a retry leave it out."""
    await blocklist.mark(id, request.user.id)


async def unmark(id: Id, request: Asked) -> None:
    """It may be fetched again."""
    await blocklist.unmark(id, request.user.id)
