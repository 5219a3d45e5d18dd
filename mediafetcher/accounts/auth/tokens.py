"""Tokens for programs: `mf_...`, shown once, kept as a hash, each with its scopes and, if wished, an end."""

from collections.abc import Sequence
from typing import Any

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import credentials, users
from mediafetcher.accounts.auth.credentials import SCOPES, Person
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
    """-> {"id", "token"}; the token is never shown again. Raises `Invalid`, `Forbidden`."""
    wanted = sorted(set(scopes), key=lambda scope: SCOPES.index(scope) if scope in SCOPES else -1)
    if not wanted or wanted[0] not in SCOPES:
        raise errors.Invalid(f"A token needs scopes out of: {', '.join(SCOPES)}.")
    if not 1 <= len(name.strip()) <= 100:
        raise errors.Invalid("A token needs a name of 1 to 100 characters.")
    if days is not None and not 0 < days <= 36500:
        raise errors.Invalid("A token lasts more than 0 and at most 36500 days.")
    person = await users.get(owner)
    if "admin" in wanted and not person["admin"]:
        raise errors.Forbidden("Only an administrator may have a token with the scope admin.")
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


async def find(hashed: bytes) -> Person | None:
    """Whose token of this hash it is. The scope admin is worth something only while the person is one."""
    row = await engine.fetchrow(_FIND, hashed)
    if row is None:
        return None
    scopes = frozenset(row["scopes"]) - (frozenset() if row["admin"] else {"admin"})
    until = None if row["rest"] is None else clock.monotonic() + row["rest"]
    return Person(row["id"], row["name"], row["admin"], scopes, token=row["token"], until=until)


async def correct_times() -> None:
    """Cut tokens that last longer than was asked for, because a clock was ahead when they were made or used."""
    await engine.execute(
        "update token set expires_at = now() + (expires_at - created_at), created_at = now() where created_at > now()"
    )
    await engine.execute("update token set last_used_at = now() where last_used_at > now()")


async def page(owner: int) -> list[dict[str, Any]]:
    """id, name, scopes, created_at, last_used_at, expires_at of each."""
    return await engine.fetch(
        "SELECT id, name, scopes, created_at, last_used_at, expires_at FROM token WHERE owner = $1 ORDER BY id",
        owner,
    )


async def remove(token: int, owner: int, address: str | None = None) -> None:
    """End a token of this person at once. Raises `NotFound`."""
    async with engine.transaction():
        query = "DELETE FROM token WHERE id = $1 AND owner = $2 RETURNING name"
        name = await engine.fetchval(query, token, owner)
        if name is None:
            raise errors.NotFound("There is no such token.")
        await audit.record("token_removed", owner, address, named=name)
    credentials.forget()
