"""API tokens: `mf_...`, shown once, stored as a hash, each with scopes and an optional expiry."""

from collections.abc import Sequence
from typing import Any

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import credentials, users
from mediafetcher.accounts.auth.credentials import ADMIN_SCOPES, SCOPES, UserIdentity
from mediafetcher.core import clock, errors
from mediafetcher.db import engine

PREFIX = "mf_"

_FIND = """
WITH found AS (
    SELECT id, owner, scopes, last_used_at, extract(epoch FROM expires_at - now())::float8 AS rest FROM token
    WHERE hash = $1 AND (expires_at IS NULL OR expires_at > now())
), used AS (
    UPDATE token SET last_used_at = now() WHERE id IN (
        SELECT id FROM found WHERE last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
)
SELECT found.id AS token, found.scopes, found.rest, a.id, a.name, a.admin
FROM found JOIN account a ON a.id = found.owner
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
        token = await engine.fetchval(
            "INSERT INTO token (owner, name, hash, scopes, expires_at) "
            "VALUES ($1, $2, $3, $4::text[], now() + $5::float8 * interval '1 day') RETURNING id",
            owner,
            name.strip(),
            hashed,
            wanted,
            days,
        )
        await audit.record("token_made", owner, address, named=name.strip(), scopes=wanted)
    return {"id": token, "token": secret}


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
    await engine.execute(
        "update token set expires_at = now() + (expires_at - created_at), created_at = now() where created_at > now()"
    )
    await engine.execute("update token set last_used_at = now() where last_used_at > now()")


async def page(owner: int) -> list[dict[str, Any]]:
    """List the tokens: id, name, scopes, created_at, last_used_at, expires_at."""
    return await engine.fetch(
        "SELECT id, name, scopes, created_at, last_used_at, expires_at FROM token WHERE owner = $1 ORDER BY id",
        owner,
    )


async def remove(token: int, owner: int, address: str | None = None) -> None:
    """Revoke a token of this user immediately. Raises: `NotFound`."""
    async with engine.transaction():
        query = "DELETE FROM token WHERE id = $1 AND owner = $2 RETURNING name"
        name = await engine.fetchval(query, token, owner)
        if name is None:
            raise errors.NotFound("This API key does not exist.")
        await audit.record("token_removed", owner, address, named=name)
    credentials.forget()
