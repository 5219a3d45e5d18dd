"""Authentication by a trusted proxy, which names the user in a header.

Only users with an account are accepted; the proxy creates none. There is no session: each request looks the user up, so
a user who is removed, or signs out, loses access immediately.
"""

import unicodedata

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth.credentials import UserIdentity
from mediafetcher.accounts.auth.sessions import scopes_of
from mediafetcher.core import clock, logging
from mediafetcher.db import engine

_AGAIN = 12 * 3600.0  # seconds: a user from the same address is one sign-in in the audit log
_MOST = 1000

# Sign-in of every request behind a proxy.
_FIND = "select id, name, admin from account where lower(name) = lower($1)"

_seen: dict[tuple[int, str], float] = {}
_log = logging.get("proxy")


async def person(name: str, address: str) -> UserIdentity | None:
    """Return the user that the proxy names, if they have an account."""
    name = unicodedata.normalize("NFC", name).strip()
    row = await engine.fetchrow(_FIND, name)
    if row is None:
        _log.warning("the proxy names somebody who has no account", address=address)
        return None
    if _is_new(row["id"], address):
        await audit.record("signed_in", row["id"], address, via="proxy")
    return UserIdentity(row["id"], row["name"], row["admin"], scopes_of(admin=row["admin"]))


def _is_new(owner: int, address: str) -> bool:
    now = clock.monotonic()
    if now - _seen.get((owner, address), -_AGAIN) < _AGAIN:
        return False
    if len(_seen) >= _MOST:
        _seen.clear()
    _seen[owner, address] = now
    return True


def forget() -> None:
    """Clear the memory of recent users, as a restart does."""
    _seen.clear()
