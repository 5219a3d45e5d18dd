"""The secrets that prove who somebody is, and a short memory of whom they belong to.

A secret has 256 random bits, so a plain SHA-256 keeps it as safely as a slow hash would; only the hash is ever
stored. Look-ups are remembered for 15 seconds. Whoever ends a session, a token or an account calls `forget`,
so that the end is seen at once in this process.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable

import msgspec

from mediafetcher.core import clock, events

_REMEMBERED = 15.0  # seconds
_MOST = 10_000  # entries; more are an attack or a very large house, and both may start again

SCOPES = ("read", "download", "library", "admin")


class Person(msgspec.Struct, frozen=True):
    """Who calls, and by which session or token."""

    id: int
    name: str
    admin: bool
    scopes: frozenset[str]
    session: int | None = None
    token: int | None = None
    until: float | None = None  # when it ends by itself, on the monotonic clock


_people: dict[bytes, tuple[float, Person]] = {}
_generation = 0


def new(prefix: str = "") -> tuple[str, bytes]:
    """A fresh secret and the hash to store."""
    text = prefix + secrets.token_urlsafe(32)
    return text, digest(text)


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


async def person(text: str, find: Callable[[bytes], Awaitable[Person | None]]) -> Person | None:
    """Whom the secret belongs to, by `find(hash)` or from memory."""
    key = digest(text)
    known = _people.get(key)
    if known is not None and known[0] > clock.monotonic():
        return known[1]
    generation = _generation
    found = await find(key)
    # A look-up that began before something ended may not bring it back.
    if found is not None and generation == _generation:
        if len(_people) >= _MOST:
            _people.clear()
        forget_at = clock.monotonic() + _REMEMBERED
        _people[key] = (forget_at if found.until is None else min(forget_at, found.until), found)
    return found


def forget() -> None:
    """Forget every look-up: something ended or changed. Who listens is told to look again."""
    global _generation
    _generation += 1
    _people.clear()
    events.publish("access")
