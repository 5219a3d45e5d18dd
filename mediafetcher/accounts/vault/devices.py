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

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import rate_limit
from mediafetcher.accounts.vault import encryption
from mediafetcher.core import errors
from mediafetcher.db import engine

MINUTES = 5  # lifetime of a pairing code
TRIES = 5
WINDOW = 300  # seconds that a device's clock may differ from ours
_REMEMBERED = "interval '15 minutes'"  # more than twice the window


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
    expires_at = await engine.fetchval(
        f"INSERT INTO pairing_code (owner, hash, expires_at) VALUES ($1, $2, now() + interval '{MINUTES} minutes') "
        "ON CONFLICT (owner) DO UPDATE SET hash = excluded.hash, tries = 0, expires_at = excluded.expires_at "
        "RETURNING expires_at",
        owner,
        _digest(code.encode()),
    )
    shown = {"url": url, "key": encryption.to_base64url(encryption.public_key()), "code": code, "name": name}
    await audit.record("pairing_offered", owner, address)
    text = "mf1." + encryption.to_base64url(json.dumps(shown).encode())
    return {"code": text, "fingerprint": encryption.fingerprint(), "expires_at": expires_at}


async def _pair(sealed: _Sealed, token: bytes, fields: dict[str, Any], address: str) -> tuple[int, int]:
    """Pair a device. Returns: (owner, device). Raises: `PairingCode`, `TooManyRequests`."""
    place = rate_limit.place("pairing", address)
    await rate_limit.take(place)
    code, name = str(fields.get("code", "")), str(fields.get("name", "")).strip()[:100] or "Browser"
    async with engine.transaction():
        owner = await engine.fetchval(
            "DELETE FROM pairing_code WHERE hash = $1 AND expires_at > now() AND tries < $2 RETURNING owner",
            _digest(code.encode()),
            TRIES,
        )
        if owner is not None:
            device = await engine.fetchval(
                "INSERT INTO device (owner, name, hash, last_seen_at, address) VALUES ($1, $2, $3, now(), $4) "
                "RETURNING id",
                owner,
                name,
                _digest(token),
                address,
            )
            await audit.record("device_paired", owner, address, device=device, named=name)
    if owner is None:
        # The intended code is unknown, so the attempt counts against all open codes.
        await engine.execute("UPDATE pairing_code SET tries = tries + 1")
        await audit.record("pairing_failed", None, address)
        raise errors.PairingCode()
    await rate_limit.give_back(place)
    return int(owner), int(device)


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
    row = await engine.fetchrow("SELECT id, owner, hash FROM device WHERE id = $1", sealed.device)
    if row is None or not hmac.compare_digest(row["hash"], _digest(token)):
        await rate_limit.take(place)
        await audit.record("device_refused", None, address)
        raise errors.NotPaired()
    return row["owner"], row["id"]


async def _once(device: int, nonce: bytes) -> None:
    async with engine.transaction():
        fresh = await engine.fetchval(
            "INSERT INTO device_nonce (device, nonce) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id",
            device,
            nonce,
        )
        if fresh is None:
            raise errors.Replayed()
        # By running time too: otherwise a clock that jumps ahead and back would allow replays.
        await engine.execute(
            f"DELETE FROM device_nonce WHERE at < now() - {_REMEMBERED}"
            f" AND running_seconds < mf_running_seconds() - extract(epoch FROM {_REMEMBERED})"
        )
        await engine.execute("UPDATE device SET last_seen_at = now() WHERE id = $1", device)


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


async def correct_times() -> None:
    """Shorten pairing codes that exceed the maximum, and treat nonces of the future as used now."""
    await engine.execute(
        f"update pairing_code set expires_at = now() + interval '{MINUTES} minutes'"
        f" where expires_at > now() + interval '{MINUTES} minutes'"
    )
    await engine.execute("update device_nonce set at = now() where at > now()")


# ---- the list --------------------------------------------------------------------------------------------


async def page(owner: int) -> list[dict[str, Any]]:
    """List the devices: id, name, created_at, last_seen_at, address."""
    return await engine.fetch(
        "SELECT id, name, created_at, last_seen_at, address FROM device WHERE owner = $1 ORDER BY id", owner
    )


async def remove(device: int, owner: int, address: str | None = None) -> None:
    """Remove a device. Its messages are no longer accepted. Raises: `NotFound`."""
    async with engine.transaction():
        query = "DELETE FROM device WHERE id = $1 AND owner = $2 RETURNING name"
        name = await engine.fetchval(query, device, owner)
        if name is None:
            raise errors.NotFound("This device does not exist.")
        await audit.record("device_removed", owner, address, device=device, named=name)
