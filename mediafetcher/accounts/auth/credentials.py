"""Secrets that identify a user, and a short cache of their look-ups.

A secret has 256 random bits, so plain SHA-256 protects it as well as a slow hash. Only the hash is stored. Look-ups are
cached for 15 seconds. Code that ends a session, a token or an account calls `forget`, so that this process applies it
immediately.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable

import msgspec

from mediafetcher.core import clock, events

_REMEMBERED = 15.0  # seconds
_MOST = 10_000  # entries; beyond that the cache is cleared

SCOPES = ("read", "download", "library", "metrics", "admin")
ADMIN_SCOPES = frozenset({"metrics", "admin"})  # only administrators have these
USER_SCOPES = tuple(scope for scope in SCOPES if scope not in ADMIN_SCOPES)


class UserIdentity(msgspec.Struct, frozen=True):
    """The authenticated user, and the session or token used."""

    id: int
    name: str
    admin: bool
    scopes: frozenset[str]
    session: int | None = None
    token: int | None = None
    until: float | None = None  # its expiry on the monotonic clock


_identities: dict[bytes, tuple[float, UserIdentity]] = {}
_generation = 0


def new(prefix: str = "") -> tuple[str, bytes]:
    """Create a secret. Returns: the secret and the hash to store."""
    text = prefix + secrets.token_urlsafe(32)
    return text, digest(text)


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


async def identity(text: str, find: Callable[[bytes], Awaitable[UserIdentity | None]]) -> UserIdentity | None:
    """Return the owner of a secret, from the cache or by `find(hash)`."""
    key = digest(text)
    known = _identities.get(key)
    if known is not None and known[0] > clock.monotonic():
        return known[1]
    generation = _generation
    found = await find(key)
    # A look-up that began before a session ended must not restore it.
    if found is not None and generation == _generation:
        if len(_identities) >= _MOST:
            _identities.clear()
        forget_at = clock.monotonic() + _REMEMBERED
        _identities[key] = (forget_at if found.until is None else min(forget_at, found.until), found)
    return found


def forget() -> None:
    """Clear the cache because something ended or changed. Listeners check again."""
    global _generation
    _generation += 1
    _identities.clear()
    events.publish("access")
