"""Rate limit for guessing secrets: a burst of ten, then one a minute, for each account and each address.

A correct attempt is refunded. The counts are in the database and use its clock, so neither a restart nor a second
process grants more attempts. Only hashes of the keys are stored, because users sometimes type a password into the name
field.
"""

import hashlib
import ipaddress
import math
from collections.abc import Iterable

from mediafetcher.core import errors
from mediafetcher.db import engine

BURST = 10
WAIT = 60.0  # seconds until one more attempt
_FULL = f"interval '{int(BURST * WAIT)} seconds'"  # after that a bucket is full, the same as none

# Never less than before: the clock may have been set back.
_LEFT = f"least({BURST}, places + greatest(0, extract(epoch FROM clock_timestamp() - at)::float8) / {WAIT})"

_TIDY = f"""
DELETE FROM rate_limit_bucket WHERE id IN
    (SELECT id FROM rate_limit_bucket WHERE at < clock_timestamp() - {_FULL} FOR UPDATE SKIP LOCKED)
"""


_CORRECT = "update rate_limit_bucket set at = clock_timestamp() where at > clock_timestamp()"


def account(id: int | None, name: str) -> str:
    """Return the key of an account: its id, since the database may accept several spellings of a name."""
    return f"name:{name.strip().casefold()[:100]}" if id is None else f"account:{id}"


def known(id: int, address: str) -> str:
    """Return the key of an account at an address from which it has signed in. Guesses from elsewhere do not count."""
    return place(f"account {id} at", address)


def place(what: str, address: str) -> str:
    """Return the key of an address. For IPv6 it is the /64 network, which one machine controls."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return f"{what}:{address}"
    if found.version == 6 and found.ipv4_mapped is None:
        return f"{what}:{ipaddress.ip_network((found, 64), strict=False)}"
    return f"{what}:{getattr(found, 'ipv4_mapped', None) or found}"


async def take(*keys: str) -> None:
    """Take one attempt of each key. Raises: `TooManyRequests` with `retry_after` (s); then none is taken.

    Call it outside a transaction, because a rollback would undo the count.
    """
    hashes = _hashes(keys)
    await engine.execute(_TIDY)
    await correct_times()
    async with engine.transaction():
        await engine.execute(
            f"INSERT INTO rate_limit_bucket (key, places) SELECT unnest($1::bytea[]), {BURST} ON CONFLICT DO NOTHING",
            hashes,
        )
        rows = await engine.fetch(
            f"SELECT {_LEFT} AS left FROM rate_limit_bucket WHERE key = any($1::bytea[]) ORDER BY key FOR UPDATE",
            hashes,
        )
        _require_room(rows)
        await engine.execute(
            f"UPDATE rate_limit_bucket SET places = {_LEFT} - 1, at = clock_timestamp() WHERE key = any($1::bytea[])",
            hashes,
        )


async def check(keys: Iterable[str]) -> None:
    """Raise `TooManyRequests` if one of the keys has no attempt left."""
    _require_room(
        await engine.fetch(f"SELECT {_LEFT} AS left FROM rate_limit_bucket WHERE key = any($1::bytea[])", _hashes(keys))
    )


async def give_back(*keys: str) -> None:
    """Refund the attempt, because it was correct."""
    await engine.execute(
        f"update rate_limit_bucket set places = least({BURST}, {_LEFT} + 1), at = clock_timestamp()"
        " where key = any($1::bytea[])",
        _hashes(keys),
    )


async def correct_times() -> None:
    """Treat attempts in the future, after the clock was set back, as made now."""
    await engine.execute(_CORRECT)


def _require_room(rows: list[dict[str, float]]) -> None:
    least = min((row["left"] for row in rows), default=BURST)
    if least < 1:
        raise errors.TooManyRequests(retry_after=max(1, math.ceil(round((1 - least) * WAIT, 3))))


def _hashes(keys: Iterable[str]) -> list[bytes]:
    """Return sorted hashes, so that concurrent calls lock the same keys in the same order."""
    return sorted(hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest() for key in set(keys))
