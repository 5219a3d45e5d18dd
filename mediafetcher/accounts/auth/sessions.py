"""Sessions: a new 256-bit id for each sign-in, stored as a hash, valid for 30 days after its last use."""

from typing import Any

from piccolo.querystring import QueryString

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import credentials, passwords, rate_limit
from mediafetcher.accounts.auth.credentials import UserIdentity
from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.db.expressions import NOW, after, same_text
from mediafetcher.db.tables import AuditEvent, Session, User

DAYS = 30
LIFETIME = DAYS * 24 * 3600  # seconds
_SIGN_INS = 200  # the last ones, whose addresses count as known
_AGENT = 300  # characters of the browser's name that are stored

# Sign-in of a request, in one round trip: it looks the session up, and records its use at most every few minutes.
_FIND = f"""
with found as (
    select s.id, s.owner, s.last_seen_at from session s where s.hash = $1 and s.expires_at > now()
), seen as (
    update session set last_seen_at = now(), expires_at = now() + interval '{DAYS} days'
    where id in (select id from found where last_seen_at < now() - interval '5 minutes')
)
select found.id as session, a.id, a.name, a.admin from found join account a on a.id = found.owner
"""


async def sign_in(name: str, password: str, address: str, agent: str = "") -> tuple[UserIdentity, str]:
    """Sign in. Returns: the user and the secret for the cookie. Raises: `WrongCredentials`, `TooManyRequests`."""
    columns = (User.id, User.name, User.admin, User.password_hash)
    row = await User.select(*columns).where(same_text(User.name, name.strip())).first()
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
    known = await _known_places(user_id or 0)  # also for an unknown name, which then takes as long
    if user_id is not None and rate_limit.place("", address) in known:
        return (rate_limit.known(user_id, address),)
    return rate_limit.account(user_id, name), rate_limit.place("address", address)


async def _known_places(user_id: int) -> set[str]:
    """Return the places from which this user has signed in before."""
    sign_ins = AuditEvent.select(AuditEvent.address).where(
        AuditEvent.owner == user_id, AuditEvent.action == "signed_in", AuditEvent.address.is_not_null()
    )
    rows = await sign_ins.order_by(AuditEvent.id, ascending=False).limit(_SIGN_INS)
    return {rate_limit.place("", row["address"]) for row in rows}


async def begin(
    user_id: int, name: str, *, admin: bool, address: str, agent: str = "", via: str | None = None
) -> tuple[UserIdentity, str]:
    """Create a session of an authenticated user. `via`: how, if not by a password.

    Returns: the user and the secret for the cookie.
    """
    secret, hashed = credentials.new()
    async with engine.transaction():
        session = Session(owner=user_id, hash=hashed, expires_at=after(LIFETIME), address=address, agent=agent[:_AGENT])
        await session.save()
        await audit.record("signed_in", user_id, address, **({"via": via} if via else {}))
    return UserIdentity(user_id, name, admin, scopes_of(admin=admin), session=session.id), secret


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
    await Session.delete().where(Session.expires_at < NOW)
    seen, ends = QueryString("least(last_seen_at, now())"), QueryString("least(expires_at, {})", after(LIFETIME))
    await Session.update({Session.last_seen_at: seen, Session.expires_at: ends}).where(
        (Session.last_seen_at > NOW) | (Session.expires_at > after(LIFETIME))
    )


async def page(owner: int, current: int | None) -> list[dict[str, Any]]:
    """List the open sessions: id, created_at, last_seen_at, address, agent, current."""
    columns = (Session.id, Session.created_at, Session.last_seen_at, Session.address, Session.agent)
    still_open = Session.select(*columns).where(Session.owner == owner, Session.expires_at > NOW)
    rows = await still_open.order_by(Session.last_seen_at, Session.id, ascending=False)
    return [row | {"current": row["id"] == current} for row in rows]


async def end(session: int, owner: int, address: str | None = None) -> None:
    """End one session of this user. Raises: `NotFound`."""
    async with engine.transaction():
        if not await Session.delete().where(Session.id == session, Session.owner == owner).returning(Session.id):
            raise errors.NotFound("This session does not exist.")
        await audit.record("signed_out", owner, address)
    credentials.forget()
