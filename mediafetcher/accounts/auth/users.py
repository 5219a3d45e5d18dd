"""People. A name is unique whatever its case; at least one administrator who can sign in always remains."""

import unicodedata
from typing import Any

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import credentials, passwords, rate_limit
from mediafetcher.core import errors
from mediafetcher.db import engine

LOCAL = "owner"  # the person of the command line, before anybody set up an account
_COLUMNS = "id, name, admin, created_at, quota"
# Making and unmaking administrators is decided one at a time, or two could remove each other.
_ONE_AT_A_TIME = "LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE"

Row = dict[str, Any]


def clean_name(name: str) -> str:
    """The name as it is kept. Raises `Invalid`."""
    name = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise errors.Invalid("A name has 1 to 64 characters, all of them visible.")
    return name


async def page() -> list[Row]:
    """Everybody: id, name, admin, created_at, and `quota`: the bytes that may be charged to them, or None."""
    return await engine.fetch(f"SELECT {_COLUMNS} FROM account ORDER BY lower(name)")


async def get(user_id: int) -> Row:
    row = await engine.fetchrow(f"SELECT {_COLUMNS} FROM account WHERE id = $1", user_id)
    if row is None:
        raise errors.NotFound("There is no such person.")
    return row


async def by_name(name: str) -> Row:
    query = f"SELECT {_COLUMNS} FROM account WHERE lower(name) = lower($1)"
    row = await engine.fetchrow(query, name)
    if row is None:
        raise errors.NotFound(f"There is no person named {name}.")
    return row


async def local_owner() -> Row:
    """Whose library a command means that names nobody: the only administrator.

    On an empty system it makes the local person `owner`, who cannot sign in until the first run gives a password.
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
    raise errors.Usage("There is more than one person here: say whose library with --user NAME.")


async def add(
    name: str, password: str, *, admin: bool = False, by: int | None = None, address: str | None = None
) -> Row:
    """A new person -> id, name, admin, created_at. Raises `Invalid`, `WeakPassword`, `NameTaken`."""
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

    `end_tokens` ends their tokens and paired browsers too: they let in whoever has them, without the password.
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
    """Raise `WrongCredentials` unless it is this person's password, `TooManyRequests` after too many guesses."""
    # Whoever asks is signed in: guesses at the door do not count here, nor these there.
    own = rate_limit.known(user_id, "signed in")
    await rate_limit.take(own)
    stored = await engine.fetchval("SELECT password_hash FROM account WHERE id = $1", user_id)
    if not await passwords.matches(stored, password):
        await audit.record("password_refused", user_id, address)
        raise errors.WrongCredentials("The present password is wrong.")
    await rate_limit.give_back(own)


async def set_admin(user_id: int, admin: bool, *, by: int | None = None, address: str | None = None) -> None:
    """Make or unmake an administrator. Raises `LastAdmin`."""
    async with engine.transaction():
        await engine.execute(_ONE_AT_A_TIME)
        person = await get(user_id)
        if not admin:
            await _require_another_admin(user_id)
        await engine.execute("UPDATE account SET admin = $2 WHERE id = $1", user_id, admin)
        await audit.record("admin_set", by, address, changed=person["name"], admin=admin)
    credentials.forget()


async def set_quota(user_id: int, quota: int | None, *, by: int | None = None, address: str | None = None) -> None:
    """How many bytes may be charged to a person; None: as many as there is room for. Raises `NotFound`."""
    async with engine.transaction():
        person = await get(user_id)
        await engine.execute("UPDATE account SET quota = $2 WHERE id = $1", user_id, quota)
        await audit.record("quota_set", by, address, changed=person["name"], quota=quota)


async def shut_out(user_id: int) -> None:
    """End a person's sessions, tokens and devices: they are about to be removed."""
    async with engine.transaction():
        for table in ("session", "token", "device"):
            await engine.execute(f"DELETE FROM {table} WHERE owner = $1", user_id)
    credentials.forget()


async def remove(user_id: int, *, by: int | None = None, address: str | None = None) -> None:
    """Remove a person whose library is empty. Raises `LastAdmin`, `Conflict` while items are left."""
    async with engine.transaction():
        await engine.execute(_ONE_AT_A_TIME)
        person = await require_removable(user_id)
        if await engine.fetchval("SELECT exists (SELECT FROM library_item WHERE owner = $1)", user_id):
            raise errors.Conflict("This person still has items: empty their library and its trash first.")
        await engine.execute("DELETE FROM account WHERE id = $1", user_id)
        await audit.record("user_removed", by, address, removed=person["name"])
    credentials.forget()


async def require_removable(user_id: int) -> Row:
    """The person, if they may go. Raises `NotFound`, `LastAdmin`."""
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
