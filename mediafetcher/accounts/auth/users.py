"""Users. A name is unique regardless of case. At least one administrator who can sign in always remains."""

import unicodedata
from typing import Any

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import credentials, passwords, rate_limit
from mediafetcher.core import errors
from mediafetcher.db import engine

LOCAL = "owner"  # the user of the command line before the first account is set up
_COLUMNS = "id, name, admin, created_at, quota"
# Changes of the administrator role are serialised, or two could remove each other.
_ONE_AT_A_TIME = "LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE"

Row = dict[str, Any]


def clean_name(name: str) -> str:
    """Return the name in its stored form. Raises: `Invalid`."""
    name = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise errors.Invalid("A name must have 1 to 64 printable characters.")
    return name


async def page() -> list[Row]:
    """List all users: id, name, admin, created_at, and `quota`: the bytes that may be charged to them, or None."""
    return await engine.fetch(f"SELECT {_COLUMNS} FROM account ORDER BY lower(name)")


async def get(user_id: int) -> Row:
    row = await engine.fetchrow(f"SELECT {_COLUMNS} FROM account WHERE id = $1", user_id)
    if row is None:
        raise errors.NotFound("This user does not exist.")
    return row


async def by_name(name: str) -> Row:
    query = f"SELECT {_COLUMNS} FROM account WHERE lower(name) = lower($1)"
    row = await engine.fetchrow(query, name)
    if row is None:
        raise errors.NotFound(f"There is no user named {name}.")
    return row


async def local_owner() -> Row:
    """Return the default user of commands: the only administrator.

    On an empty system this creates the local user `owner`, who cannot sign in until the first run sets a password.
    """
    for _ in range(2):
        people = await engine.fetch(f"SELECT {_COLUMNS} FROM account ORDER BY admin DESC, id LIMIT 2")
        admins = [person for person in people if person["admin"]]
        if len(admins) == 1:
            return admins[0]
        if people:
            break
        async with engine.transaction():
            await engine.execute(_ONE_AT_A_TIME)
            if not await engine.fetchval("SELECT exists (SELECT FROM account)"):
                made = await _insert(LOCAL, None, admin=True)
                await audit.record("user_added", made["id"], added=LOCAL)
    raise errors.UsageError("There is more than one administrator. Choose a user with --user NAME.")


async def add(
    name: str, password: str, *, admin: bool = False, by: int | None = None, address: str | None = None
) -> Row:
    """Create a user. Returns: id, name, admin, created_at. Raises: `Invalid`, `WeakPassword`, `NameTaken`."""
    name = clean_name(name)
    passwords.require_strong(password, name)
    password_hash = await passwords.make_hash(password)
    async with engine.transaction():
        row = await _insert(name, password_hash, admin=admin)
        await audit.record("user_added", by, address, added=name, admin=admin)
    return row


async def _insert(name: str, password_hash: str | None, *, admin: bool) -> Row:
    row = await engine.fetchrow(
        "INSERT INTO account (name, password_hash, admin) VALUES ($1, $2, $3) "
        f"ON CONFLICT DO NOTHING RETURNING {_COLUMNS}",
        name,
        password_hash,
        admin,
    )
    if row is None:
        raise errors.NameTaken()
    return row


async def set_password(
    user_id: int,
    password: str,
    *,
    by: int | None = None,
    address: str | None = None,
    keep_session: int | None = None,
    end_tokens: bool = False,
) -> None:
    """Set a password and end the user's sessions, except `keep_session`.

    `end_tokens` also ends their tokens and paired browsers, which give access without the password.
    """
    person = await get(user_id)
    passwords.require_strong(password, person["name"])
    password_hash = await passwords.make_hash(password)
    async with engine.transaction():
        await engine.execute("UPDATE account SET password_hash = $2 WHERE id = $1", user_id, password_hash)
        await engine.execute("DELETE FROM session WHERE owner = $1 AND id IS DISTINCT FROM $2", user_id, keep_session)
        ended = {"tokens": "ended"} if end_tokens else {}
        if end_tokens:
            await engine.execute("delete from token where owner = $1", user_id)
            await engine.execute("delete from device where owner = $1", user_id)
        await audit.record("password_set", by, address, changed=person["name"], **ended)
    credentials.forget()


async def require_password(user_id: int, password: str, address: str) -> None:
    """Raise `WrongCredentials` for another password than this user's, `TooManyRequests` after too many guesses."""
    # The caller is signed in: guesses at sign-in do not count here, nor guesses here at sign-in.
    own = rate_limit.known(user_id, "signed in")
    await rate_limit.take(own)
    stored = await engine.fetchval("SELECT password_hash FROM account WHERE id = $1", user_id)
    if not await passwords.matches(stored, password):
        await audit.record("password_refused", user_id, address)
        raise errors.WrongCredentials("The current password is incorrect.")
    await rate_limit.give_back(own)


async def set_admin(user_id: int, *, admin: bool, by: int | None = None, address: str | None = None) -> None:
    """Grant or revoke the administrator role. Raises: `LastAdmin`."""
    async with engine.transaction():
        await engine.execute(_ONE_AT_A_TIME)
        person = await get(user_id)
        if not admin:
            await _require_another_admin(user_id)
        await engine.execute("UPDATE account SET admin = $2 WHERE id = $1", user_id, admin)
        await audit.record("admin_set", by, address, changed=person["name"], admin=admin)
    credentials.forget()


async def set_quota(user_id: int, quota: int | None, *, by: int | None = None, address: str | None = None) -> None:
    """Set the bytes that may be charged to a user; None: unlimited. Raises: `NotFound`."""
    async with engine.transaction():
        person = await get(user_id)
        await engine.execute("UPDATE account SET quota = $2 WHERE id = $1", user_id, quota)
        await audit.record("quota_set", by, address, changed=person["name"], quota=quota)


async def shut_out(user_id: int) -> None:
    """End a user's sessions, tokens and devices before they are removed."""
    async with engine.transaction():
        for table in ("session", "token", "device"):
            await engine.execute(f"DELETE FROM {table} WHERE owner = $1", user_id)
    credentials.forget()


async def remove(user_id: int, *, by: int | None = None, address: str | None = None) -> None:
    """Remove a user whose library is empty. Raises: `LastAdmin`, `Conflict` while items are left."""
    async with engine.transaction():
        await engine.execute(_ONE_AT_A_TIME)
        person = await require_removable(user_id)
        if await engine.fetchval("SELECT exists (SELECT FROM library_item WHERE owner = $1)", user_id):
            raise errors.Conflict("This user still has items. Empty their library and trash first.")
        await engine.execute("DELETE FROM account WHERE id = $1", user_id)
        await audit.record("user_removed", by, address, removed=person["name"])
    credentials.forget()


async def require_removable(user_id: int) -> Row:
    """Return the user if they may be removed. Raises: `NotFound`, `LastAdmin`."""
    person = await get(user_id)
    await _require_another_admin(user_id)
    return person


async def _require_another_admin(user_id: int) -> None:
    left = await engine.fetchval(
        "SELECT exists (SELECT FROM account WHERE admin AND password_hash IS NOT NULL AND id <> $1)", user_id
    )
    is_admin = await engine.fetchval("SELECT admin FROM account WHERE id = $1", user_id)
    if is_admin and not left:
        raise errors.LastAdmin()
