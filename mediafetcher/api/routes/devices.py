"""/api/devices and /api/ext/send: pairing the browser extension, and its only call.

The call is encrypted and carries its own proof (accounts/vault/devices.py), so no sign-in is needed. An invalid
envelope gets an ordinary problem. An error of the request inside is returned encrypted, as {"error", "message"}.
"""

import socket
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Literal

import msgspec
from litestar import Request
from litestar.params import JSONBody

from mediafetcher import __version__
from mediafetcher.accounts.vault import cookie_formats, devices
from mediafetcher.api.responses import Asked, Id, address, fit
from mediafetcher.core import errors, settings
from mediafetcher.db.tables import Download as DownloadRow
from mediafetcher.downloads import cookie_waiting, lifecycle, presets, queries
from mediafetcher.fetch import options
from mediafetcher.sandbox import parsing


class Device(msgspec.Struct):
    id: int
    name: str
    created_at: datetime
    last_seen_at: datetime | None
    address: str | None


class Devices(msgspec.Struct):
    """The paired devices and the fingerprint that they all show."""

    devices: list[Device]


class Pairing(msgspec.Struct):
    """A code for one pairing within five minutes. The device must show the same fingerprint."""

    code: str
    fingerprint: str
    expires_at: datetime


class Sealed(msgspec.Struct, forbid_unknown_fields=True):
    """Base64url of an end-to-end encrypted message."""

    box: str


async def page(request: Asked) -> Devices:
    """List the caller's paired devices."""
    return fit(Devices, {"devices": await devices.page(request.user.id)})


async def offer(request: Asked) -> Pairing:
    """Create a pairing code. The previous one expires."""
    scheme = "https" if request.scope["state"].get("https") else "http"
    url = settings.get().public_url or f"{scheme}://{request.headers['host']}"
    name = f"MediaFetcher on {socket.gethostname()}"
    return fit(Pairing, await devices.offer(request.user.id, url.rstrip("/"), name, address(request)))


async def remove(id: Id, request: Asked) -> None:
    """Remove a device. Its messages are no longer accepted."""
    await devices.remove(id, request.user.id, address(request))


async def send(data: JSONBody[Sealed], request: Request[Any, Any, Any]) -> Sealed:
    """Handle an encrypted request of a paired device, and encrypt the answer."""
    call = await devices.take(data.box, address(request))
    try:
        handler = _OPERATIONS.get(call.op)
        if handler is None:
            raise errors.Invalid(
                "This server does not support this operation. The extension may be newer than the server."
            )
        answer = await handler(call, address(request))
    except errors.Problem as problem:
        answer = {"error": problem.code, "message": problem.detail}
    return Sealed(call.reply(answer))


# ---- the operations --------------------------------------------------------------------------------------


class _Wish(msgspec.Struct):
    """A link to download. `audio`, `max_height`: options of the same names, above those of `preset`.

    Older extensions send neither them nor `preset`.
    """

    url: str
    folder: str | None = None
    audio: Literal["m4a", "mp3"] | None = None
    max_height: int | None = None
    preset: str | None = None


class _Given(msgspec.Struct):
    site: str
    cookies: list[Any]


def _fields(call: devices.Call, kind: type[Any]) -> Any:
    try:
        return msgspec.convert(call.fields, kind)
    except msgspec.ValidationError:
        raise errors.Invalid() from None  # its message could repeat the input


async def _paired(call: devices.Call, where: str) -> dict[str, Any]:
    return {"device": call.device, "name": f"MediaFetcher on {socket.gethostname()}"}


async def _state(call: devices.Call, where: str) -> dict[str, Any]:
    """Return the state for the badge, the popup and the menu."""
    table = DownloadRow
    listed = (table.owner == call.owner) & (table.state == "done") & table.cleared_at.is_null()
    done = (
        await table.select(table.id, table.title).where(listed).order_by(table.finished_at, ascending=False).limit(10)
    )
    waiting = await cookie_waiting.waiting(call.owner)
    return {
        "name": f"MediaFetcher on {socket.gethostname()}",
        "version": __version__,
        "running": len((await queries.page(call.owner, state="queued,running", limit=200))[0]),
        "needs_action": waiting,
        "parked": waiting,  # the name that older extensions read
        "done": done,
        "folders": await _last_folders(call.owner),
        "presets": [preset["name"] for preset in await presets.page(call.owner)],
    }


async def _last_folders(owner: int) -> list[str]:
    """Return the last target folders of downloads, newest first."""
    rows, _ = await queries.page(owner, limit=100)
    return list(dict.fromkeys(row["folder"] for row in rows if row["folder"]))[:10]


async def _download(call: devices.Call, where: str) -> dict[str, Any]:
    wish = _fields(call, _Wish)
    try:
        values = options.Options(audio=wish.audio, max_height=wish.max_height)
    except ValueError as error:
        raise errors.Invalid(str(error)) from None
    given = frozenset(call.fields) & {"audio", "max_height"}
    chosen = await presets.with_preset(wish.preset, call.owner, presets.Chosen(values, given))
    row = await lifecycle.submit(call.owner, wish.url, wish.folder, chosen)
    return {"id": row["id"], "state": row["state"]}


async def _cookies(call: devices.Call, where: str) -> dict[str, Any]:
    given = _fields(call, _Given)
    cookies = await parsing.call(cookie_formats.from_objects, given.cookies, secret=True)
    return await cookie_waiting.save_and_resume(call.owner, given.site, cookies, where)


_OPERATIONS: dict[str, Callable[[devices.Call, str], Awaitable[dict[str, Any]]]] = {
    "pair": _paired,
    "state": _state,
    "download": _download,
    "cookies": _cookies,
}
