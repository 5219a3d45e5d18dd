"""Users. A name is unique regardless of case. At least one administrator who can sign in always remains."""

import unicodedata
from typing import Any

from piccolo.querystring import QueryString

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import credentials, passwords, rate_limit
from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.db.expressions import is_true, same_text
from mediafetcher.db.tables import Device, LibraryItem, Session, Token, User

LOCAL = "owner"  # the user of the command line before the first account is set up
_COLUMNS = (User.id, User.name, User.admin, User.created_at, User.quota)

Row = dict[str, Any]


def clean_name(name: str) -> str:
    """Return the name in its stored form. Raises: `Invalid`."""
    name = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise errors.Invalid("A name must have 1 to 64 printable characters.")
    return name


async def page() -> list[Row]:
    """List all users: id, name, admin, created_at, and `quota`: the bytes that may be charged to them, or None."""
    return await User.select(*_COLUMNS).order_by(QueryString("lower(name)"))


async def get(user_id: int) -> Row:
    row = await User.select(*_COLUMNS).where(User.id == user_id).first()
    if row is None:
        raise errors.NotFound("This user does not exist.")
    return row


async def by_name(name: str) -> Row:
    row = await User.select(*_COLUMNS).where(same_text(User.name, name)).first()
    if row is None:
        raise errors.NotFound(f"There is no user named {name}.")
    return row


async def local_owner() -> Row:
    """Return the default user of commands: the only administrator.

    On an empty system this creates the local user `owner`, who cannot sign in until the first run sets a password.
    """
    for _ in range(2):
        people = await User.select(*_COLUMNS).order_by(User.admin, ascending=False).order_by(User.id).limit(2)
        admins = [person for person in people if person["admin"]]
        if len(admins) == 1:
            return admins[0]
        if people:
            break
        async with engine.transaction():
            await engine.lock_table(User)
            if not await User.exists():
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
    user = User(name=name, password_hash=password_hash, admin=admin)
    rows = await User.insert(user).on_conflict(action="DO NOTHING").returning(*_COLUMNS)
    if not rows:
        raise errors.NameTaken()
    return rows[0]


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
        await User.update({User.password_hash: password_hash}).where(User.id == user_id)
        sessions = Session.delete().where(Session.owner == user_id)
        await (sessions if keep_session is None else sessions.where(Session.id != keep_session))
        ended = {"tokens": "ended"} if end_tokens else {}
        if end_tokens:
            await Token.delete().where(Token.owner == user_id)
            await Device.delete().where(Device.owner == user_id)
        await audit.record("password_set", by, address, changed=person["name"], **ended)
    credentials.forget()


async def require_password(user_id: int, password: str, address: str) -> None:
    """Raise `WrongCredentials` for another password than this user's, `TooManyRequests` after too many guesses."""
    # The caller is signed in: guesses at sign-in do not count here, nor guesses here at sign-in.
    own = rate_limit.known(user_id, "signed in")
    await rate_limit.take(own)
    row = await User.select(User.password_hash).where(User.id == user_id).first()
    if not await passwords.matches(row["password_hash"] if row else None, password):
        await audit.record("password_refused", user_id, address)
        raise errors.WrongCredentials("The current password is incorrect.")
    await rate_limit.give_back(own)


async def set_admin(user_id: int, *, admin: bool, by: int | None = None, address: str | None = None) -> None:
    """Grant or revoke the administrator role. Raises: `LastAdmin`."""
    async with engine.transaction():
        await engine.lock_table(User)
        person = await get(user_id)
        if not admin:
            await _require_another_admin(person)
        await User.update({User.admin: admin}).where(User.id == user_id)
        await audit.record("admin_set", by, address, changed=person["name"], admin=admin)
    credentials.forget()


async def set_quota(user_id: int, quota: int | None, *, by: int | None = None, address: str | None = None) -> None:
    """Set the bytes that may be charged to a user; None: unlimited. Raises: `NotFound`."""
    async with engine.transaction():
        person = await get(user_id)
        await User.update({User.quota: quota}).where(User.id == user_id)
        await audit.record("quota_set", by, address, changed=person["name"], quota=quota)


async def shut_out(user_id: int) -> None:
    """End a user's sessions, tokens and devices before they are removed."""
    async with engine.transaction():
        await Session.delete().where(Session.owner == user_id)
        await Token.delete().where(Token.owner == user_id)
        await Device.delete().where(Device.owner == user_id)
    credentials.forget()


async def remove(user_id: int, *, by: int | None = None, address: str | None = None) -> None:
    """Remove a user whose library is empty. Raises: `LastAdmin`, `Conflict` while items are left."""
    async with engine.transaction():
        await engine.lock_table(User)
        person = await require_removable(user_id)
        if await LibraryItem.exists().where(LibraryItem.owner == user_id):
            raise errors.Conflict("This user still has items. Empty their library and trash first.")
        await User.delete().where(User.id == user_id)
        await audit.record("user_removed", by, address, removed=person["name"])
    credentials.forget()


async def require_removable(user_id: int) -> Row:
    """Return the user if they may be removed. Raises: `NotFound`, `LastAdmin`."""
    person = await get(user_id)
    await _require_another_admin(person)
    return person


async def _require_another_admin(person: Row) -> None:
    others = User.exists().where(is_true(User.admin), User.password_hash.is_not_null(), User.id != person["id"])
    if person["admin"] and not await others:
        raise errors.LastAdmin()
