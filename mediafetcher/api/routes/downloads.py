"""/api/downloads: links in, their progress, and what may be asked of them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar.params import FromQuery, JSONBody, QueryParameter

from mediafetcher.api.responses import Asked, Id, fit
from mediafetcher.core import errors
from mediafetcher.downloads import lifecycle, log
from mediafetcher.downloads import preview as look
from mediafetcher.fetch.options import Options

State = Literal["queued", "running", "done", "failed", "cancelled", "parked", "paused", "waiting"]
Stage = Literal["extract", "download", "convert", "store"]


class Reason(msgspec.Struct):
    """Why it did not go on: a stable code and a sentence."""

    code: str
    message: str


class Children(msgspec.Struct):
    """The entries of a list: how many there are, are done, and will not come."""

    total: int
    done: int
    failed: int


class Line(msgspec.Struct):
    at: datetime
    level: Literal["info", "warning", "error"]
    message: str


class Log(msgspec.Struct):
    """What happened to a download, oldest first."""

    lines: list[Line]


class Link(msgspec.Struct, forbid_unknown_fields=True):
    url: str


class ListEntry(msgspec.Struct):
    """One of a list, counted from 1."""

    index: int
    title: str | None
    url: str
    duration: float | None


class Preview(msgspec.Struct):
    """What a link is. `item`: the entry of the library that it is already; `entries`: the first 200 of a list.

    `poster`: a small JPEG as base64; `subtitles`: the languages that there are; `heights`: of the picture, the largest
    first.
    """

    kind: Literal["media", "playlist", "live"]
    title: str
    duration: float | None
    size: int | None
    site: str
    uploader: str | None
    item: int | None
    count: int | None
    entries: list[ListEntry]
    poster: str | None
    subtitles: list[str]
    heights: list[int]


class Download(msgspec.Struct):
    """A link on its way in. `progress` is 0 to 1 within the stage, `speed` bytes/s, `eta` s, `size` bytes."""

    id: int
    url: str
    site: str
    title: str | None
    state: State
    stage: Stage | None
    progress: float
    speed: float | None
    eta: float | None
    size: int | None
    duration: float | None
    folder: str
    options: Options
    error: Reason | None
    item: int | None
    poster: str | None
    priority: int
    attempt: int
    position: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    run_after: datetime | None
    converting: bool
    kind: Literal["media", "playlist"]
    parent: int | None
    children: Children | None


class NewDownload(msgspec.Struct, forbid_unknown_fields=True):
    """A link to fetch; `folder` is a path such as "Music/Live", made where it is missing."""

    url: str
    folder: str | None = None
    options: Options | None = None


class Downloads(msgspec.Struct):
    downloads: list[Download]
    next: str | None


class Priority(msgspec.Struct, forbid_unknown_fields=True):
    """Higher goes first."""

    priority: int


async def submit(data: JSONBody[NewDownload], request: Asked) -> Download:
    """Take a link; the answer comes before anything is fetched. A known source answers with its item."""
    return fit(Download, await lifecycle.submit(request.user.id, data.url, data.folder, data.options or Options()))


async def page(
    request: Asked,
    states: Annotated[str | None, QueryParameter(name="state")] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Downloads:
    """Newest first, without those cleared from the list. `state` may name several, with commas."""
    for name in states.split(",") if states else ():
        if name not in lifecycle.STATES:
            raise errors.Invalid(f"There is no state {name!r}: they are {', '.join(lifecycle.STATES)}.")
    before = earlier(cursor)
    rows, following = await lifecycle.page(request.user.id, state=states, cursor=before, limit=within(limit))
    return fit(Downloads, {"downloads": rows, "next": str(following) if following is not None else None})


def earlier(cursor: str | None) -> int | None:
    """The number that a cursor is, of lists in the order of their numbers. Raises `Invalid`."""
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise errors.Invalid("That cursor is not one of ours.")
    return int(cursor)


def within(limit: int) -> int:
    """Rows of one answer. Raises `Invalid`."""
    if not 1 <= limit <= 200:
        raise errors.Invalid("The limit is 1 to 200.")
    return limit


async def get(id: Id, request: Asked) -> Download:
    """One download."""
    return fit(Download, await lifecycle.get(id, request.user.id))


async def journal(id: Id, request: Asked) -> Log:
    """What happened to it."""
    return fit(Log, {"lines": await log.read(id, request.user.id)})


async def preview(data: JSONBody[Link], request: Asked) -> Preview:
    """What a link is, before it is fetched: one video, a live stream, or a list."""
    return fit(Preview, await look.preview(request.user.id, data.url))


async def cancel(id: Id, request: Asked) -> Download:
    """Stop it for good."""
    return fit(Download, await lifecycle.cancel(id, request.user.id))


async def retry(id: Id, request: Asked) -> Download:
    """Try again what failed, or was parked."""
    return fit(Download, await lifecycle.retry(id, request.user.id))


async def pause(id: Id, request: Asked) -> Download:
    """Hold it; what was fetched is kept."""
    return fit(Download, await lifecycle.pause(id, request.user.id))


async def resume(id: Id, request: Asked) -> Download:
    """Let a paused one go on."""
    return fit(Download, await lifecycle.resume(id, request.user.id))


async def prioritise(id: Id, data: JSONBody[Priority], request: Asked) -> Download:
    """Move it up or down in the queue."""
    if not -1000 <= data.priority <= 1000:
        raise errors.Invalid("The priority is -1000 to 1000.")
    return fit(Download, await lifecycle.set_priority(id, request.user.id, data.priority))


async def clear(id: Id, request: Asked) -> None:
    """Take it off the list; a live one is cancelled first. What it fetched stays in the library."""
    await lifecycle.clear(id, request.user.id)
