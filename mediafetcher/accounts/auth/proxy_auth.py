"""Signing in by a trusted proxy: it has asked who somebody is already, and names them in a header.

Only somebody who has an account here is let in; the proxy makes nobody. There is no session: each request is
looked up anew, so whoever is removed here, or signs out there, is out at once.
"""

import unicodedata

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth.credentials import Person
from mediafetcher.accounts.auth.sessions import scopes_of
from mediafetcher.core import clock, logging
from mediafetcher.db import engine

_AGAIN = 12 * 3600.0  # seconds: a person who comes from the same address is one sign-in in the trail
_MOST = 1000

_seen: dict[tuple[int, str], float] = {}
_log = logging.get("proxy")


async def person(name: str, address: str) -> Person | None:
    """Whom the proxy names, if it is somebody here."""
    name = unicodedata.normalize("NFC", name).strip()
    row = await engine.fetchrow("SELECT id, name, admin FROM account WHERE lower(name) = lower($1)", name)
    if row is None:
        _log.warning("the proxy names somebody who has no account", address=address)
        return None
    if _is_new(row["id"], address):
        await audit.record("signed_in", row["id"], address, via="proxy")
    return Person(row["id"], row["name"], row["admin"], scopes_of(row["admin"]))


def _is_new(owner: int, address: str) -> bool:
    now = clock.monotonic()
    if now - _seen.get((owner, address), -_AGAIN) < _AGAIN:
        return False
    if len(_seen) >= _MOST:
        _seen.clear()
    _seen[owner, address] = now
    return True


def forget() -> None:
    """Forget who was seen, as a restart does."""
    _seen.clear()
