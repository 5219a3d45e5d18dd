"""How often a secret may be guessed: ten tries at once, then one a minute, for each account and each address.

A try that was right gives its place back. The counts live in memory: a restart forgets them, which costs an
attacker more than it gives.
"""

import math
from collections.abc import Iterable

from mediafetcher.base import clock, errors

BURST = 10
PER_SECOND = 1 / 60
_MOST = 50_000  # keys; a full bucket is the same as none, so the fullest go first

_buckets: dict[str, tuple[float, float]] = {}  # key -> (places left, when that was)


def _left(key: str, now: float) -> float:
    left, since = _buckets.get(key, (BURST, now))
    return min(BURST, left + (now - since) * PER_SECOND)


def take(*keys: str) -> None:
    """Use one place of each key. Raises `TooManyRequests` with `retry_after` (s), and then takes none."""
    check(keys)
    now = clock.monotonic()
    if len(_buckets) > _MOST:
        _tidy(now)
    for key in keys:
        _buckets[key] = (_left(key, now) - 1, now)


def check(keys: Iterable[str]) -> None:
    """Raise `TooManyRequests` where one of the keys has no place left."""
    now = clock.monotonic()
    least = min(_left(key, now) for key in keys)
    if least < 1:
        wait = math.ceil(round((1 - least) / PER_SECOND, 3))
        raise errors.TooManyRequests(retry_after=wait)


def give_back(*keys: str) -> None:
    """The try was right: it does not count."""
    now = clock.monotonic()
    for key in keys:
        _buckets[key] = (min(BURST, _left(key, now) + 1), now)


def reset() -> None:
    """Forget every count."""
    _buckets.clear()


def _tidy(now: float) -> None:
    by_room = sorted(_buckets, key=lambda key: _left(key, now), reverse=True)
    for key in by_room[: len(by_room) // 2]:
        del _buckets[key]
