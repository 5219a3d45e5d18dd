"""/api/health, /api/system, /api/settings: how the installation is."""

import asyncio
import platform
from datetime import datetime
from typing import Any, Literal

import msgspec
from litestar.params import JSONBody

from mediafetcher import __version__
from mediafetcher.accounts import audit
from mediafetcher.api import process_usage
from mediafetcher.api.responses import Asked, address, fit
from mediafetcher.core import errors, settings
from mediafetcher.db import engine, runtime_settings
from mediafetcher.downloads import lifecycle, nodes, queries
from mediafetcher.fetch.ytdlp import versions
from mediafetcher.library.catalog import queries as library
from mediafetcher.library.storage import blob_store, mount, ownership
from mediafetcher.media import encoders, ffmpeg


class Health(msgspec.Struct):
    status: str
    version: str


class MountState(msgspec.Struct):
    """The media folder; `total` and `free` in bytes."""

    state: Literal["online", "offline", "full", "read_only"]
    reason: str | None
    total: int | None
    free: int | None
    path: str


class StoreState(msgspec.Struct):
    """Whether this installation owns the store: `owned`, `frozen` until a person decides, or `read_only`.

    `reason` is a stable code, `detail` a sentence.
    """

    state: Literal["owned", "frozen", "read_only"]
    reason: str | None = None
    detail: str | None = None


class QueueState(msgspec.Struct):
    """Downloads of everybody; `paused` is why nothing starts, where something stands in the way."""

    running: int
    queued: int
    parked: int
    paused: str | None


class Transcode(msgspec.Struct):
    """Conversions now; `cpu` in cores, `memory` in bytes, `encoder` as FFmpeg names it."""

    running: int
    cpu: float
    memory: int
    encoder: str


class Use(msgspec.Struct):
    """`cpu` in cores, `memory` in bytes."""

    running: int
    cpu: float
    memory: int


class Children(msgspec.Struct):
    """What downloads and conversions take now, together and each; PostgreSQL is only in `groups`."""

    cpu: float
    memory: int
    groups: dict[str, Use]


class Saved(msgspec.Struct):
    """What was not fetched or kept twice."""

    bytes: int
    downloads: int


class LibrarySize(msgspec.Struct):
    items: int
    size: int


class Usage(msgspec.Struct):
    """What the caller uses: `items` with those in the trash, `bytes` of their files, `charged` size / holders."""

    items: int
    bytes: int
    charged: int
    quota: int | None


class Damaged(msgspec.Struct):
    """One of the caller's items whose file is damaged: it can be fetched again."""

    id: int
    title: str


class Scrub(msgspec.Struct):
    """How many files were `checked` within their days, of `total`; `damaged` of them; when all had been read."""

    checked: int
    total: int
    damaged: int
    finished_at: datetime | None
    items: list[Damaged]


class Room(msgspec.Struct):
    """Bytes: `free` where it is tightest, and `reserved` for running downloads."""

    free: int
    reserved: int


class Machine(msgspec.Struct):
    """One that works on the queue: `jobs` slots, `running` of them busy. `trouble` is the code of what keeps it from
    working; `cookies` whether it opens sealed jars. One that was not heard of for a while is `silent`.
    """

    name: str
    role: Literal["server", "worker"]
    state: Literal["here", "silent"]
    version: str
    jobs: int
    running: int
    encoders: list[str]
    cookies: bool
    trouble: str | None
    started_at: datetime
    seen_at: datetime


class Versions(msgspec.Struct, rename={"yt_dlp": "yt-dlp"}):
    python: str
    postgresql: str
    ffmpeg: str
    yt_dlp: str


class System(msgspec.Struct):
    version: str
    mount: MountState
    store: StoreState
    queue: QueueState
    transcode: Transcode
    children: Children
    saved: Saved
    library: LibrarySize
    versions: Versions
    workers: list[Machine]
    usage: Usage
    scrub: Scrub
    room: Room


async def health() -> Health:
    """Whether we can work. 503 while the database is away."""
    try:
        async with asyncio.timeout(5):
            await engine.fetchval("SELECT 1")
    except TimeoutError as error:
        raise errors.DatabaseAway() from error
    return Health("ok", __version__)


async def overview(request: Asked) -> System:
    """Storage, queue, conversions, versions."""
    return await state(request.user.id)


async def state(owner: int) -> System:
    """The state of the installation, and of this person's share in it."""
    now = mount.state()
    counts = await queries.counts()
    paused = lifecycle.paused()
    saved = await engine.fetchrow(_SAVED)
    uses = await asyncio.to_thread(process_usage.children)
    return System(
        version=__version__,
        mount=MountState(now.state, now.reason or None, now.total, now.free, str(blob_store.root())),
        store=_store(),
        queue=QueueState(counts["running"], counts["queued"], counts["parked"], paused.code if paused else None),
        transcode=Transcode(*uses["convert"], encoders.shown()),
        children=_children(uses),
        saved=fit(Saved, saved),
        library=fit(LibrarySize, await library.totals()),
        versions=Versions(platform.python_version(), await _postgresql(), await _ffmpeg(), versions.status().version),
        workers=[fit(Machine, row) for row in await nodes.page()],
        usage=fit(Usage, await process_usage.share(owner)),
        scrub=fit(Scrub, await process_usage.scrub(owner)),
        room=fit(Room, await asyncio.to_thread(process_usage.room)),
    )


def _store() -> StoreState:
    frozen = ownership.frozen()
    if frozen is None:
        return StoreState("owned")
    return StoreState("read_only" if frozen.reason == "read_only" else "frozen", frozen.reason, frozen.detail)


def _children(uses: dict[str, process_usage.Use]) -> Children:
    busy = [use for group, use in uses.items() if group != "database"]
    groups = {group: Use(*use) for group, use in uses.items()}
    return Children(round(sum(use.cpu for use in busy), 2), sum(use.memory for use in busy), groups)


# A reference beyond the first is a file that was not stored again; a linked download is one that was not fetched.
_SAVED = """
SELECT (SELECT coalesce(sum(size * (ref_count - 1)), 0)::bigint FROM media_file WHERE ref_count > 1) AS bytes,
       (SELECT count(*) FROM download WHERE linked) AS downloads
"""


async def _postgresql() -> str:
    return str(await engine.fetchval("SHOW server_version")).split()[0]


_ffmpeg_version: str | None = None


async def _ffmpeg() -> str:
    """Asked once: it starts the program."""
    global _ffmpeg_version
    if _ffmpeg_version is None:
        _ffmpeg_version = await ffmpeg.version()
    return _ffmpeg_version


async def effective_settings(request: Asked) -> dict[str, Any]:
    """The effective settings, secrets masked; `pinned`: those that the environment or a flag decides."""
    return _shown(settings.get())


def _shown(effective: settings.Settings) -> dict[str, Any]:
    return settings.masked(effective) | {"pinned": sorted(effective.pinned & set(settings.CHANGEABLE))}


async def change_settings(request: Asked, data: JSONBody[settings.SomeSettings]) -> dict[str, Any]:
    """Change limits and defaults of the installation, on all its machines."""
    values = {name: value for name in settings.CHANGEABLE if (value := getattr(data, name)) is not msgspec.UNSET}
    await audit.record("settings_changed", request.user.id, address(request), names=sorted(values))
    return _shown(await runtime_settings.change(values))
