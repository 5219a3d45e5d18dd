"""Paired extensions: pairing with a user's account, and authentication of messages.

The page shows a pairing code that pins our key. The extension creates a token and sends it encrypted with the code.
Codes and tokens are stored as hashes. A message counts once: its time must be near ours, and its nonce is stored in the
database for as long as that time would be accepted, so a restart changes nothing.
"""

import hashlib
import hmac
import json
import secrets
import time
from typing import Any

import msgspec
from piccolo.querystring import QueryString

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import rate_limit
from mediafetcher.accounts.vault import encryption
from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.db.expressions import NOW, after, ago
from mediafetcher.db.tables import Device, DeviceNonce, PairingCode

MINUTES = 5  # lifetime of a pairing code
TRIES = 5
WINDOW = 300  # seconds that a device's clock may differ from ours
_REMEMBERED = 900  # seconds that a nonce is kept: more than twice the window


class _Sealed(msgspec.Struct):
    """The common fields of encrypted messages. The fields of the operation are added to them."""

    op: str
    device: int | None
    token: str
    nonce: str
    time: float


class Call(msgspec.Struct):
    """An accepted message: its operation, the device and its owner, and the key for the answer."""

    op: str
    owner: int
    device: int
    fields: dict[str, Any]
    token: bytes
    nonce: bytes

    def reply(self, answer: Any) -> str:
        """Encrypt the answer. Returns: base64url."""
        return encryption.to_base64url(encryption.seal_reply(msgspec.json.encode(answer), self.token, self.nonce))


# ---- pairing ---------------------------------------------------------------------------------------------


async def offer(owner: int, url: str, name: str, address: str | None = None) -> dict[str, Any]:
    """Create a pairing code of this user; it replaces the last one. Returns: {"code", "fingerprint", "expires_at"}."""
    code = secrets.token_urlsafe(24)
    table = PairingCode
    offered = table(owner=owner, hash=_digest(code.encode()), expires_at=after(MINUTES * 60))
    replaced = (table.hash, table.tries, table.expires_at)
    rows = (
        await table.insert(offered)
        .on_conflict(target=table.owner, action="DO UPDATE", values=replaced)
        .returning(table.expires_at)
    )
    shown = {"url": url, "key": encryption.to_base64url(encryption.public_key()), "code": code, "name": name}
    await audit.record("pairing_offered", owner, address)
    text = "mf1." + encryption.to_base64url(json.dumps(shown).encode())
    return {"code": text, "fingerprint": encryption.fingerprint(), "expires_at": rows[0]["expires_at"]}


async def _pair(sealed: _Sealed, token: bytes, fields: dict[str, Any], address: str) -> tuple[int, int]:
    """Pair a device. Returns: (owner, device). Raises: `PairingCode`, `TooManyRequests`."""
    place = rate_limit.place("pairing", address)
    await rate_limit.take(place)
    code, name = str(fields.get("code", "")), str(fields.get("name", "")).strip()[:100] or "Browser"
    async with engine.transaction():
        right = PairingCode.hash == _digest(code.encode())
        valid = PairingCode.delete().where(right, PairingCode.expires_at > NOW, PairingCode.tries < TRIES)
        used = await valid.returning(PairingCode.owner)
        if used:
            owner = used[0]["owner"]
            device = Device(owner=owner, name=name, hash=_digest(token), last_seen_at=NOW, address=address)
            await device.save()
            await audit.record("device_paired", owner, address, device=device.id, named=name)
    if not used:
        # The intended code is unknown, so the attempt counts against all open codes.
        await PairingCode.update({PairingCode.tries: PairingCode.tries + 1}, force=True)
        await audit.record("pairing_failed", None, address)
        raise errors.PairingCode()
    await rate_limit.give_back(place)
    return int(owner), int(device.id)


# ---- messages --------------------------------------------------------------------------------------------


async def take(box: str, address: str) -> Call:
    """Decrypt a message and authenticate its device.

    Raises: `DecryptionFailed`, `WrongClock`, `NotPaired`, `Replayed`, `PairingCode`, `TooManyRequests`.
    """
    try:
        fields = msgspec.json.decode(encryption.unseal(encryption.from_base64url(box)), type=dict[str, Any])
        sealed = msgspec.convert(fields, _Sealed)
        token, nonce = encryption.from_base64url(sealed.token), encryption.from_base64url(sealed.nonce)
    except ValueError:  # includes the errors of msgspec and base64
        raise errors.DecryptionFailed() from None
    if len(token) != 32 or not 16 <= len(nonce) <= 64:
        raise errors.DecryptionFailed()
    if abs(time.time() - sealed.time) > WINDOW:
        raise errors.WrongClock()
    if sealed.op == "pair":
        owner, device = await _pair(sealed, token, fields, address)
    else:
        owner, device = await _known(sealed, token, address)
    await _once(device, nonce)
    return Call(sealed.op, owner, device, fields, token, nonce)


async def _known(sealed: _Sealed, token: bytes, address: str) -> tuple[int, int]:
    place = rate_limit.place("device", address)
    await rate_limit.check([place])
    row = await Device.select(Device.id, Device.owner, Device.hash).where(Device.id == sealed.device).first()
    if row is None or not hmac.compare_digest(row["hash"], _digest(token)):
        await rate_limit.take(place)
        await audit.record("device_refused", None, address)
        raise errors.NotPaired()
    return row["owner"], row["id"]


async def _once(device: int, nonce: bytes) -> None:
    async with engine.transaction():
        table = DeviceNonce
        used = table.insert(table(device=device, nonce=nonce)).on_conflict(action="DO NOTHING")
        if not await used.returning(table.id):
            raise errors.Replayed()
        # By running time too: otherwise a clock that jumps ahead and back would allow replays.
        ran = QueryString("mf_running_seconds() - {}::float8", float(_REMEMBERED))
        await table.delete().where(table.at < ago(_REMEMBERED), table.running_seconds < ran)
        await Device.update({Device.last_seen_at: NOW}).where(Device.id == device)


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


async def correct_times() -> None:
    """Shorten pairing codes that exceed the maximum, and treat nonces of the future as used now."""
    latest = after(MINUTES * 60)
    await PairingCode.update({PairingCode.expires_at: latest}).where(PairingCode.expires_at > latest)
    await DeviceNonce.update({DeviceNonce.at: NOW}).where(DeviceNonce.at > NOW)


# ---- the list --------------------------------------------------------------------------------------------


async def page(owner: int) -> list[dict[str, Any]]:
    """List the devices: id, name, created_at, last_seen_at, address."""
    columns = (Device.id, Device.name, Device.created_at, Device.last_seen_at, Device.address)
    return await Device.select(*columns).where(Device.owner == owner).order_by(Device.id)


async def remove(device: int, owner: int, address: str | None = None) -> None:
    """Remove a device. Its messages are no longer accepted. Raises: `NotFound`."""
    async with engine.transaction():
        gone = await Device.delete().where(Device.id == device, Device.owner == owner).returning(Device.name)
        if not gone:
            raise errors.NotFound("This device does not exist.")
        await audit.record("device_removed", owner, address, device=device, named=gone[0]["name"])
