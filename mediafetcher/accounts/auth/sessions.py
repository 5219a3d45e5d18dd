"""Sessions: a new 256-bit id for each sign-in, stored as a hash, valid for 30 days after its last use."""

from typing import Any

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import credentials, passwords, rate_limit
from mediafetcher.accounts.auth.credentials import UserIdentity
from mediafetcher.core import errors
from mediafetcher.db import engine

DAYS = 30
LIFETIME = DAYS * 24 * 3600  # seconds
_SIGN_INS = 200  # the last ones, whose addresses count as known
_AGENT = 300  # characters of the browser's name that are stored

# One statement looks the session up and records its use at most every few minutes.
_FIND = f"""
WITH found AS (
    SELECT s.id, s.owner, s.last_seen_at FROM session s WHERE s.hash = $1 AND s.expires_at > now()
), seen AS (
    UPDATE session SET last_seen_at = now(), expires_at = now() + interval '{DAYS} days'
    WHERE id IN (SELECT id FROM found WHERE last_seen_at < now() - interval '5 minutes')
)
SELECT found.id AS session, a.id, a.name, a.admin FROM found JOIN account a ON a.id = found.owner
"""


async def sign_in(name: str, password: str, address: str, agent: str = "") -> tuple[UserIdentity, str]:
    """Sign in. Returns: the user and the secret for the cookie. Raises: `WrongCredentials`, `TooManyRequests`."""
    row = await engine.fetchrow(
        "SELECT id, name, admin, password_hash FROM account WHERE lower(name) = lower($1)", name.strip()
    )
    places = await _places(row["id"] if row else None, name, address)
    await rate_limit.take(*places)
    right = await passwords.matches(row["password_hash"] if row else None, password)
    if row is None or not right:
        await audit.record("sign_in_failed", row["id"] if row else None, address)
        raise errors.WrongCredentials()
    await rate_limit.give_back(*places)
    return await begin(row["id"], row["name"], admin=row["admin"], address=address, agent=agent)


async def _places(user_id: int | None, name: str, address: str) -> tuple[str, ...]:
    """Return the rate-limit keys of a sign-in attempt.

    If the account has signed in from this address before, only that pair counts. Guesses from elsewhere, or of other
    names from this address, then do not lock the user out.
    """
    rows = await engine.fetch(
        "select address from audit_event where owner = $1 and action = 'signed_in' and address is not null"
        " order by id desc limit $2",
        user_id,
        _SIGN_INS,
    )
    if user_id is not None and rate_limit.place("", address) in {rate_limit.place("", row["address"]) for row in rows}:
        return (rate_limit.known(user_id, address),)
    return rate_limit.account(user_id, name), rate_limit.place("address", address)


async def begin(user_id: int, name: str, *, admin: bool, address: str, agent: str = "") -> tuple[UserIdentity, str]:
    """Create a session of an authenticated user. Returns: the user and the secret for the cookie."""
    secret, hashed = credentials.new()
    async with engine.transaction():
        session = await engine.fetchval(
            "INSERT INTO session (owner, hash, last_seen_at, expires_at, address, agent) "
            f"VALUES ($1, $2, now(), now() + interval '{DAYS} days', $3, $4) RETURNING id",
            user_id,
            hashed,
            address,
            agent[:_AGENT],
        )
        await audit.record("signed_in", user_id, address)
    return UserIdentity(user_id, name, admin, scopes_of(admin=admin), session=session), secret


def scopes_of(*, admin: bool) -> frozenset[str]:
    """Return the scopes of a user with a session, without a token."""
    return frozenset(credentials.SCOPES if admin else credentials.USER_SCOPES)


async def find(hashed: bytes) -> UserIdentity | None:
    """Return the owner of the session with this hash."""
    row = await engine.fetchrow(_FIND, hashed)
    if row is None:
        return None
    return UserIdentity(row["id"], row["name"], row["admin"], scopes_of(admin=row["admin"]), session=row["session"])


async def correct_times() -> None:
    """Shorten sessions that exceed the maximum, because a clock was ahead when they were used; remove expired ones.

    Call it only while the clock is trusted: by a fast clock all would have expired.
    """
    await engine.execute("delete from session where expires_at < now()")
    await engine.execute(
        f"update session set last_seen_at = least(last_seen_at, now()),"
        f" expires_at = least(expires_at, now() + interval '{DAYS} days')"
        f" where last_seen_at > now() or expires_at > now() + interval '{DAYS} days'"
    )


async def page(owner: int, current: int | None) -> list[dict[str, Any]]:
    """List the open sessions: id, created_at, last_seen_at, address, agent, current."""
    return await engine.fetch(
        "SELECT id, created_at, last_seen_at, address, agent, id IS NOT DISTINCT FROM $2 AS current "
        "FROM session WHERE owner = $1 AND expires_at > now() ORDER BY last_seen_at DESC, id DESC",
        owner,
        current,
    )


async def end(session: int, owner: int, address: str | None = None) -> None:
    """End one session of this user. Raises: `NotFound`."""
    async with engine.transaction():
        gone = await engine.fetchval("DELETE FROM session WHERE id = $1 AND owner = $2 RETURNING id", session, owner)
        if gone is None:
            raise errors.NotFound("This session does not exist.")
        await audit.record("signed_out", owner, address)
    credentials.forget()
