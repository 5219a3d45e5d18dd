"""How often a secret may be guessed: ten tries at once, then one a minute, for each account and each address.

A try that was right gives its place back. The counts lie in the database, so neither a restart nor a second
process gives new tries; the time is the database's. What is counted is kept as a hash alone: somebody in a hurry
types a password where the name belongs.
"""

import hashlib
import ipaddress
import math
from collections.abc import Iterable

from mediafetcher.core import errors
from mediafetcher.db import engine

BURST = 10
WAIT = 60.0  # seconds until one more try
_FULL = f"interval '{int(BURST * WAIT)} seconds'"  # after that a bucket is full again, the same as none

# Never less than what was left: the clock may have gone back since.
_LEFT = f"least({BURST}, places + greatest(0, extract(epoch FROM clock_timestamp() - at)::float8) / {WAIT})"

_TIDY = f"""
DELETE FROM guess WHERE id IN
    (SELECT id FROM guess WHERE at < clock_timestamp() - {_FULL} FOR UPDATE SKIP LOCKED)
"""


_CORRECT = "update guess set at = clock_timestamp() where at > clock_timestamp()"


def account(id: int | None, name: str) -> str:
    """The key of somebody who signs in: of an account its id, since the database may take several spellings for one."""
    return f"name:{name.strip().casefold()[:100]}" if id is None else f"account:{id}"


def known(id: int, address: str) -> str:
    """The key of an account at an address that it has signed in from: what others guess leaves it alone."""
    return place(f"account {id} at", address)


def place(what: str, address: str) -> str:
    """The key of an address; of IPv6 the network of 64 bits, all of which one machine has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return f"{what}:{address}"
    if found.version == 6 and found.ipv4_mapped is None:
        return f"{what}:{ipaddress.ip_network((found, 64), strict=False)}"
    return f"{what}:{getattr(found, 'ipv4_mapped', None) or found}"


async def take(*keys: str) -> None:
    """Use one place of each key. Raises `TooManyRequests` with `retry_after` (s), and then takes none.

    To be called outside a transaction: what that rolls back would not count.
    """
    hashes = _hashes(keys)
    await engine.execute(_TIDY)
    await correct_times()
    async with engine.transaction():
        await engine.execute(
            f"INSERT INTO guess (key, places) SELECT unnest($1::bytea[]), {BURST} ON CONFLICT DO NOTHING", hashes
        )
        rows = await engine.fetch(
            f"SELECT {_LEFT} AS left FROM guess WHERE key = any($1::bytea[]) ORDER BY key FOR UPDATE", hashes
        )
        _require_room(rows)
        await engine.execute(
            f"UPDATE guess SET places = {_LEFT} - 1, at = clock_timestamp() WHERE key = any($1::bytea[])", hashes
        )


async def check(keys: Iterable[str]) -> None:
    """Raise `TooManyRequests` where one of the keys has no place left."""
    _require_room(await engine.fetch(f"SELECT {_LEFT} AS left FROM guess WHERE key = any($1::bytea[])", _hashes(keys)))


async def give_back(*keys: str) -> None:
    """The try was right: it does not count."""
    await engine.execute(
        f"UPDATE guess SET places = least({BURST}, {_LEFT} + 1), at = clock_timestamp() WHERE key = any($1::bytea[])",
        _hashes(keys),
    )


async def correct_times() -> None:
    """Let tries that lie in the future, by a clock that has gone back since, count as made now."""
    await engine.execute(_CORRECT)


def _require_room(rows: list[dict[str, float]]) -> None:
    least = min((row["left"] for row in rows), default=BURST)
    if least < 1:
        raise errors.TooManyRequests(retry_after=max(1, math.ceil(round((1 - least) * WAIT, 3))))


def _hashes(keys: Iterable[str]) -> list[bytes]:
    """Sorted: two that take the same keys lock them in the same order."""
    return sorted(hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest() for key in set(keys))
