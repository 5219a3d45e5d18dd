"""Rate limit for guessing secrets: a burst of ten, then one a minute, for each account and each address.

A correct attempt is refunded. The counts are in the database and use its clock, so neither a restart nor a second
process grants more attempts. Only hashes of the keys are stored, because users sometimes type a password into the name
field.
"""

import hashlib
import ipaddress
import math
from collections.abc import Iterable
from typing import Any

from piccolo.querystring import QueryString

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.db.expressions import among
from mediafetcher.db.tables import RateLimitBucket

BURST = 10
WAIT = 60.0  # seconds until one more attempt
_FULL = int(BURST * WAIT)  # seconds after which a bucket is full, the same as none

# Never less than before: the clock may have been set back.
_LEFT = f"least({BURST}, places + greatest(0, extract(epoch from clock_timestamp() - at)::float8) / {WAIT})"
_CLOCK = QueryString("clock_timestamp()")  # also within a transaction that waited for a lock


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
    await _remove_full()
    await correct_times()
    table = RateLimitBucket
    async with engine.transaction():
        await table.insert(*(table(key=key, places=BURST) for key in hashes)).on_conflict(action="DO NOTHING")
        _require_room(await _left(hashes).order_by(table.key).lock_rows("UPDATE"))
        await table.update({table.places: QueryString(f"{_LEFT} - 1"), table.at: _CLOCK}).where(
            among(table.key, hashes)
        )


async def _remove_full() -> None:
    """Remove buckets that are full again, except those that another attempt holds."""
    table = RateLimitBucket
    full = table.select(table.id).where(table.at < QueryString("clock_timestamp() - make_interval(secs => {})", _FULL))
    await table.delete().where(table.id.is_in(full.lock_rows("UPDATE", skip_locked=True)))


def _left(hashes: list[bytes]) -> Any:
    table = RateLimitBucket
    return table.select(QueryString(_LEFT).as_alias("left")).where(among(table.key, hashes))


async def check(keys: Iterable[str]) -> None:
    """Raise `TooManyRequests` if one of the keys has no attempt left."""
    _require_room(await _left(_hashes(keys)))


async def give_back(*keys: str) -> None:
    """Refund the attempt, because it was correct."""
    table, places = RateLimitBucket, QueryString(f"least({BURST}, {_LEFT} + 1)")
    await table.update({table.places: places, table.at: _CLOCK}).where(among(table.key, _hashes(keys)))


async def correct_times() -> None:
    """Treat attempts in the future, after the clock was set back, as made now."""
    table = RateLimitBucket
    await table.update({table.at: _CLOCK}).where(table.at > _CLOCK)


def _require_room(rows: list[dict[str, float]]) -> None:
    least = min((row["left"] for row in rows), default=BURST)
    if least < 1:
        raise errors.TooManyRequests(retry_after=max(1, math.ceil(round((1 - least) * WAIT, 3))))


def _hashes(keys: Iterable[str]) -> list[bytes]:
    """Return sorted hashes, so that concurrent calls lock the same keys in the same order."""
    return sorted(hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest() for key in set(keys))
