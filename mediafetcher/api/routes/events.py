"""/api/events: changes as they happen (server-sent events).

First a `snapshot`, then only changes: `download`, `progress`, `gone`, `library`, `notification`, `subscription`,
`system`. A client that cannot keep up loses events and gets a new snapshot (feed.py). A comment every 15 s keeps
proxies from closing the stream. The user's access is checked with each comment, immediately when a session or token
is ended, and when a token expires.
"""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar.openapi import ResponseSpec
from litestar.response import Stream

from mediafetcher.accounts.auth.credentials import UserIdentity
from mediafetcher.api import auth, feed
from mediafetcher.api.responses import Asked, address, fit
from mediafetcher.api.routes import system
from mediafetcher.api.routes.downloads import Download
from mediafetcher.core import clock, errors, events
from mediafetcher.db.tables import Download as DownloadRow
from mediafetcher.downloads import queries
from mediafetcher.downloads.worker import active
from mediafetcher.notifications import inbox

BEAT = 15.0  # seconds between comments
_LARGEST = 256 << 10  # bytes of the downloads in a snapshot


class Snapshot(msgspec.Struct):
    """`event: snapshot`: active downloads, the next ones, the last that ended, and the state of the installation.

    `more`: there are other unfinished ones; `GET /api/downloads` lists them all.
    """

    downloads: list[Download]
    more: bool
    system: system.System


class Progress(msgspec.Struct):
    """`event: progress` carries a list of these."""

    id: int
    stage: active.Stage | None
    progress: float
    speed: float | None
    eta: float | None


class Gone(msgspec.Struct):
    """`event: gone`: that download is no longer on the list."""

    id: int


class Unread(msgspec.Struct):
    """`event: notification`: the number of unread notifications."""

    unread: int


class SubscriptionEvent(msgspec.Struct):
    """`event: subscription`: this subscription was made, changed, checked or ended."""

    id: int


class Event(msgspec.Struct):
    """The data of each kind of event, as sent under `event: <name>`."""

    snapshot: Snapshot
    download: Download
    progress: list[Progress]
    gone: Gone
    library: dict[str, Any]
    notification: Unread
    subscription: SubscriptionEvent
    system: system.System


DOCUMENTED = {
    200: ResponseSpec(
        Event, generate_examples=False, media_type="text/event-stream", description="The data by name of event."
    )
}

_closing = False


def reopen() -> None:
    """Allow streams to be opened (again)."""
    global _closing
    _closing = False


def close_streams() -> None:
    """End every open stream because the server stops."""
    global _closing
    _closing = True
    events.publish("closing")


async def stream(request: Asked) -> Stream:
    """Stream changes of downloads and library as server-sent events."""
    request.scope["state"]["exchange"].ticket.leave()  # streams are counted by the feed
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return Stream(_events(request), media_type="text/event-stream", headers=headers)


def _said(kind: str, data: Any) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"


async def _events(request: Asked) -> AsyncIterator[bytes]:
    person: UserIdentity | None = request.user
    assert person is not None
    sender = request.scope["state"]["exchange"]
    with feed.opened(person.id, address(request), sender, _snapshot, _change, person.session) as opened:
        while not _closing and person is not None:
            if opened.stale:
                feed.ask_again(opened)
            frame = await opened.next(_wait(person))
            if opened.ended:
                return
            if frame is not None:
                yield frame
                continue
            person = await auth.identify_again(request)
            if person is not None:
                yield b": still here\n\n"


def _wait(person: UserIdentity) -> float:
    """Return the seconds until the user's access must be checked again."""
    return BEAT if person.until is None else max(0.0, min(BEAT, person.until - clock.monotonic()))


async def _snapshot(owner: int) -> bytes:
    rows, more = await queries.snapshot(owner)
    downloads, size = fit(list[Download], rows), 0
    for place, download in enumerate(downloads):
        size += len(msgspec.json.encode(download))
        if size > _LARGEST:
            downloads, more = downloads[:place], True
            break
    return _said("snapshot", Snapshot(downloads, more, await system.state(owner)))


async def _change(event: events.Event, owner: int) -> bytes | None:
    """Encode an event for this user. Returns: None if it does not concern them."""
    payload = event.payload
    if event.kind == "progress":
        reported = (active.Progress(*row) for row in payload or ())
        mine = [Progress(one.id, one.stage, one.fraction, one.speed, one.eta) for one in reported if one.owner == owner]
        return _said("progress", mine) if mine else None
    if event.kind == "system":
        return _said("system", await system.state(owner))
    if event.kind == "notification" and (payload or {}).get("owner") == owner:
        return _said("notification", Unread(await inbox.unread(owner)))
    if event.kind == "subscription" and (payload or {}).get("owner") == owner:
        return _said("subscription", SubscriptionEvent(payload["id"]))
    if event.kind not in ("download", "library") or (payload or {}).get("owner", owner) != owner:
        return None
    if event.kind == "library":
        return _said("library", {})
    return await _download(payload["id"], owner)


async def _download(id: int, owner: int) -> bytes:
    listed = await DownloadRow.exists().where(
        DownloadRow.id == id, DownloadRow.owner == owner, DownloadRow.cleared_at.is_null()
    )
    if listed:
        try:
            return _said("download", fit(Download, await queries.get(id, owner)))
        except errors.NotFound:
            pass  # it was removed between the two queries
    return _said("gone", Gone(id))
