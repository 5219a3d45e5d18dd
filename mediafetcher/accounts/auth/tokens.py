"""API tokens: `mf_...`, shown once, stored as a hash, each with scopes and an optional expiry."""

from collections.abc import Sequence
from typing import Any

from piccolo.querystring import QueryString

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import credentials, users
from mediafetcher.accounts.auth.credentials import ADMIN_SCOPES, SCOPES, UserIdentity
from mediafetcher.core import clock, errors
from mediafetcher.db import engine
from mediafetcher.db.expressions import NOW, after
from mediafetcher.db.tables import Token

PREFIX = "mf_"

# Sign-in of a request, in one round trip: it looks the token up, and records its use at most every minute.
_FIND = """
with found as (
    select id, owner, scopes, last_used_at, extract(epoch from expires_at - now())::float8 as rest from token
    where hash = $1 and (expires_at is null or expires_at > now())
), used as (
    update token set last_used_at = now() where id in (
        select id from found where last_used_at is null or last_used_at < now() - interval '1 minute')
)
select found.id as token, found.scopes, found.rest, a.id, a.name, a.admin
from found join account a on a.id = found.owner
"""


async def create(
    owner: int, name: str, scopes: Sequence[str], days: float | None = None, address: str | None = None
) -> dict[str, Any]:
    """Create a token. Returns: {"id", "token"}; the token is not shown again. Raises: `Invalid`, `Forbidden`."""
    wanted = sorted(set(scopes), key=lambda scope: SCOPES.index(scope) if scope in SCOPES else -1)
    if not wanted or wanted[0] not in SCOPES:
        raise errors.Invalid(f"An API key needs at least one of these scopes: {', '.join(SCOPES)}.")
    if not 1 <= len(name.strip()) <= 100:
        raise errors.Invalid("The name of an API key must have 1 to 100 characters.")
    if days is not None and not 0 < days <= 36500:
        raise errors.Invalid("An API key must expire after more than 0 and at most 36500 days.")
    person = await users.get(owner)
    if not ADMIN_SCOPES.isdisjoint(wanted) and not person["admin"]:
        raise errors.Forbidden("Only an administrator may have a token with the scope admin or metrics.")
    secret, hashed = credentials.new(PREFIX)
    async with engine.transaction():
        ends = None if days is None else after(days * 86_400)
        token = Token(owner=owner, name=name.strip(), hash=hashed, scopes=wanted, expires_at=ends)
        await token.save()
        await audit.record("token_made", owner, address, named=name.strip(), scopes=wanted)
    return {"id": token.id, "token": secret}


async def find(hashed: bytes) -> UserIdentity | None:
    """Return the owner of the token with this hash. Administrator scopes count only while the owner is one."""
    row = await engine.fetchrow(_FIND, hashed)
    if row is None:
        return None
    scopes = frozenset(row["scopes"]) - (frozenset() if row["admin"] else ADMIN_SCOPES)
    until = None if row["rest"] is None else clock.monotonic() + row["rest"]
    return UserIdentity(row["id"], row["name"], row["admin"], scopes, token=row["token"], until=until)


async def correct_times() -> None:
    """Shorten tokens that exceed their lifetime, because a clock was ahead when they were created or used."""
    ends = QueryString("now() + (expires_at - created_at)")
    await Token.update({Token.expires_at: ends, Token.created_at: NOW}).where(Token.created_at > NOW)
    await Token.update({Token.last_used_at: NOW}).where(Token.last_used_at > NOW)


async def page(owner: int) -> list[dict[str, Any]]:
    """List the tokens: id, name, scopes, created_at, last_used_at, expires_at."""
    columns = (Token.id, Token.name, Token.scopes, Token.created_at, Token.last_used_at, Token.expires_at)
    return await Token.select(*columns).where(Token.owner == owner).order_by(Token.id)


async def remove(token: int, owner: int, address: str | None = None) -> None:
    """Revoke a token of this user immediately. Raises: `NotFound`."""
    async with engine.transaction():
        gone = await Token.delete().where(Token.id == token, Token.owner == owner).returning(Token.name)
        if not gone:
            raise errors.NotFound("This API key does not exist.")
        await audit.record("token_removed", owner, address, named=gone[0]["name"])
    credentials.forget()
