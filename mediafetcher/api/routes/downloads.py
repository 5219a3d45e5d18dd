"""/api/downloads: submit links, follow their progress, and control them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar.params import FromQuery, JSONBody, QueryParameter

from mediafetcher.api.responses import Asked, Id, chosen, fit
from mediafetcher.core import errors
from mediafetcher.downloads import lifecycle, log, presets, queries
from mediafetcher.downloads import preview as look
from mediafetcher.downloads.worker.active import Stage
from mediafetcher.fetch.options import Options

State = Literal["queued", "running", "done", "failed", "cancelled", "needs_action", "paused", "scheduled", "expanded"]


class Reason(msgspec.Struct):
    """Why a download stopped: a stable code and a sentence."""

    code: str
    message: str


class Children(msgspec.Struct):
    """The entries of a list: total, completed, and failed for good."""

    total: int
    done: int
    failed: int


class Line(msgspec.Struct):
    at: datetime
    level: Literal["info", "warning", "error"]
    message: str


class Log(msgspec.Struct):
    """The log of a download, oldest first."""

    lines: list[Line]


class Link(msgspec.Struct, forbid_unknown_fields=True):
    url: str


class ListEntry(msgspec.Struct):
    """An entry of a list, counted from 1."""

    index: int
    title: str | None
    url: str
    duration: float | None


class Preview(msgspec.Struct):
    """A preview of a link. `item`: its entry in the library, if any; `entries`: the first 200 of a list.

    `poster`: a small JPEG as base64; `subtitles`: available languages; `heights`: available heights in pixels, largest
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
    """A download. `progress` is 0 to 1 within the stage, `speed` in bytes/s, `eta` in s, `size` in bytes."""

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
    recording: bool  # of a live stream: a part is stored, which `cancel` keeps by default
    kind: Literal["media", "playlist"]
    parent: int | None
    children: Children | None


class NewDownload(msgspec.Struct, forbid_unknown_fields=True):
    """A link to fetch. `folder` is a path such as "Music/Live", created if missing; `options` win over `preset`.

    An option that is given with its default, such as `"audio": null`, switches that of a preset off. `preset`: "" means
    none, not even that of the site's rule.
    """

    url: str
    folder: str | None = None
    options: Options | None = None
    preset: str | None = None


class Downloads(msgspec.Struct):
    downloads: list[Download]
    next: str | None


class Ending(msgspec.Struct, forbid_unknown_fields=True):
    keep: bool = True  # what a recording has so far


class Priority(msgspec.Struct, forbid_unknown_fields=True):
    """A higher priority starts first."""

    priority: int


async def submit(data: JSONBody[NewDownload], request: Asked) -> Download:
    """Submit a link. The answer comes before anything is fetched. A known source is answered with its item."""
    owner = request.user.id
    options = await presets.with_preset(data.preset, owner, await chosen(request, data.options))
    row = await lifecycle.submit(owner, data.url, data.folder, options, site_preset=data.preset != "")
    return fit(Download, row)


async def page(
    request: Asked,
    states: Annotated[str | None, QueryParameter(name="state")] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Downloads:
    """List downloads, newest first, without those cleared. `state` may name several, separated by commas."""
    for name in states.split(",") if states else ():
        if name not in lifecycle.STATES:
            raise errors.Invalid(f"Unknown state {name!r}. Use one of: {', '.join(lifecycle.STATES)}.")
    before = earlier(cursor)
    rows, following = await queries.page(request.user.id, state=states, cursor=before, limit=within(limit))
    return fit(Downloads, {"downloads": rows, "next": str(following) if following is not None else None})


def earlier(cursor: str | None) -> int | None:
    """Convert the cursor of a list that is ordered by id. Returns: the id. Raises: `Invalid`."""
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise errors.Invalid("The cursor is not valid.")
    return int(cursor)


def within(limit: int) -> int:
    """Check the number of rows of one answer. Raises: `Invalid`."""
    if not 1 <= limit <= 200:
        raise errors.Invalid("The limit must be from 1 to 200.")
    return limit


async def get(id: Id, request: Asked) -> Download:
    """Get one download."""
    return fit(Download, await queries.get(id, request.user.id))


async def journal(id: Id, request: Asked) -> Log:
    """Get the log of a download."""
    return fit(Log, {"lines": await log.read(id, request.user.id)})


async def preview(data: JSONBody[Link], request: Asked) -> Preview:
    """Describe a link before it is fetched: one video, a live stream, or a list."""
    return fit(Preview, await look.preview(request.user.id, data.url))


async def cancel(id: Id, request: Asked, data: JSONBody[Ending | None] = None) -> Download:
    """Stop it for good. The recorded part becomes an item, unless `keep` is false."""
    return fit(Download, await lifecycle.cancel(id, request.user.id, keep=data is None or data.keep))


async def retry(id: Id, request: Asked) -> Download:
    """Retry a download that failed or needs action."""
    return fit(Download, await lifecycle.retry(id, request.user.id))


async def pause(id: Id, request: Asked) -> Download:
    """Pause a download. Fetched data is kept."""
    return fit(Download, await lifecycle.pause(id, request.user.id))


async def resume(id: Id, request: Asked) -> Download:
    """Resume a paused download."""
    return fit(Download, await lifecycle.resume(id, request.user.id))


async def prioritise(id: Id, data: JSONBody[Priority], request: Asked) -> Download:
    """Change the priority of a download in the queue."""
    if not -1000 <= data.priority <= 1000:
        raise errors.Invalid("The priority must be from -1000 to 1000.")
    return fit(Download, await lifecycle.set_priority(id, request.user.id, data.priority))


async def clear(id: Id, request: Asked) -> None:
    """Remove a download from the list. An active one is cancelled first. Its item stays in the library."""
    await lifecycle.clear(id, request.user.id)
