"""/api/events: what happens, as it happens (server-sent events).

First a `snapshot`, then only what changed: `download`, `progress`, `gone`, `library`, `system`. Who cannot keep up
loses the oldest events and gets a new snapshot. A comment every 15 s keeps proxies from closing the stream, and is
when we look whether the person may still listen.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar.openapi import ResponseSpec
from litestar.response import Stream

from mediafetcher.api import auth
from mediafetcher.api.responses import Asked, fit
from mediafetcher.api.routes import system
from mediafetcher.api.routes.downloads import Download, Stage
from mediafetcher.core import errors, events
from mediafetcher.db import engine
from mediafetcher.downloads import queries

BEAT = 15.0  # seconds between comments
_QUEUE = 256  # events that a slow reader may be behind


class Snapshot(msgspec.Struct):
    """`event: snapshot`: all that is under way, the last that ended, and the state of the installation."""

    downloads: list[Download]
    system: system.System


class Progress(msgspec.Struct):
    """`event: progress` carries a list of these."""

    id: int
    stage: Stage | None
    progress: float
    speed: float | None
    eta: float | None


class Gone(msgspec.Struct):
    """`event: gone`: that download is no longer on the list."""

    id: int


class Event(msgspec.Struct):
    """The data of each kind of event: what arrives under `event: <name>`."""

    snapshot: Snapshot
    download: Download
    progress: list[Progress]
    gone: Gone
    library: dict[str, Any]
    system: system.System


DOCUMENTED = {
    200: ResponseSpec(
        Event, generate_examples=False, media_type="text/event-stream", description="The data by name of event."
    )
}

_closing = False


def reopen() -> None:
    """Streams may be opened (again)."""
    global _closing
    _closing = False


def close_streams() -> None:
    """End every open stream: we are stopping."""
    global _closing
    _closing = True
    events.publish("closing")


async def stream(request: Asked) -> Stream:
    """What happens to downloads and library, as server-sent events."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return Stream(_events(request), media_type="text/event-stream", headers=headers)


def _said(kind: str, data: Any) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"


async def _events(request: Asked) -> AsyncIterator[bytes]:
    owner = request.user.id
    with events.subscribe(_QUEUE) as waiting:
        dropped = 0
        yield await _snapshot(owner)
        while not _closing:
            try:
                event = await asyncio.wait_for(waiting.get(), BEAT)
            except TimeoutError:
                if await auth.identify_again(request) is None:
                    return
                yield b": still here\n\n"
                continue
            if waiting.dropped > dropped or event.kind == "reconnected":
                dropped = waiting.dropped
                yield await _snapshot(owner)
            elif data := await _delta(event, owner):
                yield data


async def _snapshot(owner: int) -> bytes:
    rows = await queries.snapshot(owner)
    return _said("snapshot", Snapshot(fit(list[Download], rows), await system.state(owner)))


async def _delta(event: events.Event, owner: int) -> bytes | None:
    """What this event means to this person; None where it is not theirs."""
    payload = event.payload
    if event.kind == "progress":
        mine = [Progress(*row[:5]) for row in payload or () if row[5] == owner]
        return _said("progress", mine) if mine else None
    if event.kind == "system":
        return _said("system", await system.state(owner))
    if event.kind not in ("download", "library") or (payload or {}).get("owner", owner) != owner:
        return None
    if event.kind == "library":
        return _said("library", {})
    return await _download(payload["id"], owner)


async def _download(id: int, owner: int) -> bytes:
    listed = await engine.fetchval("SELECT cleared_at IS NULL FROM download WHERE id = $1 AND owner = $2", id, owner)
    if listed:
        try:
            return _said("download", fit(Download, await queries.get(id, owner)))
        except errors.NotFound:
            pass  # gone between the two questions
    return _said("gone", Gone(id))
