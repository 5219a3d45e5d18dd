"""/api/health, /api/system, /api/settings: the state and settings of the installation."""

import asyncio
import platform
from datetime import datetime
from typing import Any, Literal

import msgspec
from litestar.params import JSONBody
from piccolo.querystring import QueryString

from mediafetcher import __version__
from mediafetcher.accounts import audit
from mediafetcher.api import process_usage
from mediafetcher.api.responses import Asked, address, fit
from mediafetcher.core import errors, settings
from mediafetcher.db import engine, runtime_settings
from mediafetcher.db.expressions import is_true
from mediafetcher.db.tables import Download, MediaFile
from mediafetcher.downloads import nodes, queries
from mediafetcher.fetch.ytdlp import versions
from mediafetcher.library.catalog import queries as library
from mediafetcher.library.storage import mount, ownership
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
    """Ownership of the store: `owned`, `frozen` until an administrator decides, or `read_only`.

    `reason` is a stable code, `detail` a sentence.
    """

    state: Literal["owned", "frozen", "read_only"]
    reason: str | None = None
    detail: str | None = None


class QueueState(msgspec.Struct):
    """Downloads of all users. `paused` is the reason if no download can start."""

    running: int
    queued: int
    needs_action: int
    paused: str | None


class Transcode(msgspec.Struct):
    """Active conversions. `cpu` in cores, `memory` in bytes, `encoder` as FFmpeg names it."""

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
    """Usage of downloads and conversions, in total and by process. PostgreSQL is only in `groups`."""

    cpu: float
    memory: int
    groups: dict[str, Use]


class Saved(msgspec.Struct):
    """Downloads and bytes saved by deduplication."""

    bytes: int
    downloads: int


class LibrarySize(msgspec.Struct):
    items: int
    size: int


class Usage(msgspec.Struct):
    """Usage of the caller: `items` including the trash, `bytes` of their files, `charged` size / holders."""

    items: int
    bytes: int
    charged: int
    quota: int | None


class Damaged(msgspec.Struct):
    """An item of the caller whose file is damaged. It can be fetched again."""

    id: int
    title: str


class Scrub(msgspec.Struct):
    """Scrub: files `checked` in the current period of `total`, those `damaged`, and the end of the last full pass."""

    checked: int
    total: int
    damaged: int
    finished_at: datetime | None
    items: list[Damaged]


class Space(msgspec.Struct):
    """Bytes: `free` on the fullest volume, and `reserved` for active downloads."""

    free: int
    reserved: int


class Machine(msgspec.Struct):
    """A machine that works on the queue: `jobs` slots, `running` of them busy.

    `trouble` is the code of what prevents it from working; `cookies`: it can decrypt jars; `silent`: its heartbeat is
    overdue.
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
    max_height: int
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
    space: Space


async def health() -> Health:
    """Return whether the service works. 503 while the database is unavailable."""
    try:
        async with asyncio.timeout(5):
            await engine.function("now")
    except TimeoutError as error:
        raise errors.DatabaseUnavailable() from error
    return Health("ok", __version__)


async def overview(request: Asked) -> System:
    """Get the state of storage, queue and conversions, and the versions."""
    return await state(request.user.id)


async def state(owner: int) -> System:
    """Read the state of the installation and of this user's share of it."""
    now = mount.state()
    counts = await queries.counts()
    paused = nodes.paused()
    saved = await _saved()
    uses = await asyncio.to_thread(process_usage.children)
    return System(
        version=__version__,
        max_height=settings.get().max_height,
        mount=MountState(now.state, now.reason or None, now.total, now.free, str(mount.root())),
        store=_store(),
        queue=QueueState(counts["running"], counts["queued"], counts["needs_action"], paused.code if paused else None),
        transcode=Transcode(*uses["convert"], encoders.shown()),
        children=_children(uses),
        saved=saved,
        library=fit(LibrarySize, await library.totals()),
        versions=Versions(platform.python_version(), await _postgresql(), await _ffmpeg(), versions.status().version),
        workers=[fit(Machine, row) for row in await nodes.page()],
        usage=fit(Usage, await process_usage.share(owner)),
        scrub=fit(Scrub, await process_usage.scrub(owner)),
        space=fit(Space, await asyncio.to_thread(process_usage.space)),
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


async def _saved() -> Saved:
    """Count what was not stored twice: each reference beyond the first, and downloads that were not fetched."""
    again = QueryString("coalesce(sum(size * (ref_count - 1)), 0)::bigint").as_alias("bytes")
    files = await MediaFile.select(again).where(MediaFile.ref_count > 1)
    return Saved(files[0]["bytes"], await Download.count().where(is_true(Download.deduplicated)))


async def _postgresql() -> str:
    return str(await engine.fetchval("show server_version")).split()[0]


_ffmpeg_version: str | None = None


async def _ffmpeg() -> str:
    """Read FFmpeg's version once, because this starts the program."""
    global _ffmpeg_version
    if _ffmpeg_version is None:
        _ffmpeg_version = await ffmpeg.version()
    return _ffmpeg_version


async def effective_settings(request: Asked) -> dict[str, Any]:
    """Get the effective settings, secrets masked. `pinned`: set by the environment or a flag."""
    return _shown(settings.get())


def _shown(effective: settings.Settings) -> dict[str, Any]:
    return settings.masked(effective) | {"pinned": sorted(effective.pinned & set(settings.CHANGEABLE))}


async def change_settings(request: Asked, data: JSONBody[settings.SomeSettings]) -> dict[str, Any]:
    """Change limits and defaults of the installation on all its machines."""
    values = {name: value for name in settings.CHANGEABLE if (value := getattr(data, name)) is not msgspec.UNSET}
    await audit.record("settings_changed", request.user.id, address(request), names=sorted(values))
    return _shown(await runtime_settings.change(values))
