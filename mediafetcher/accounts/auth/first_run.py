"""The first run: a one-time code proves that the first administrator can read the state folder.

The code is in `<state>/setup-code`, readable only by its owner, until an administrator can sign in. After that setup is
closed for good.
"""

import contextlib
import hmac
import os
import secrets
from pathlib import Path

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import credentials, passwords, rate_limit, sessions, users
from mediafetcher.accounts.auth.credentials import UserIdentity
from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.db.expressions import is_true, same_text
from mediafetcher.db.tables import User

_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # without letters that look alike


def _file() -> Path:
    return settings.get().state / "setup-code"


async def is_open() -> bool:
    """Return whether no administrator exists yet."""
    return not await User.exists().where(is_true(User.admin), User.password_hash.is_not_null())


async def prepare() -> str | None:
    """Return the one-time code, created if missing; None once an administrator can sign in."""
    if not await is_open():
        _file().unlink(missing_ok=True)
        return None
    return _read() or _make()


def _read() -> str | None:
    try:
        code = _file().read_text().strip()
    except FileNotFoundError:
        return None
    return code or None


def _make() -> str:
    """Write a code of about 78 bits atomically. The first of two writers wins."""
    code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    draft = _file().with_name(f"setup-code.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(code + "\n")
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, _file())
    finally:
        draft.unlink()
    return _read() or code


def _same(code: str) -> bool:
    def plain(text: str) -> bytes:
        return "".join(letter for letter in text.upper() if letter.isalnum()).encode()

    right = _read()
    return right is not None and hmac.compare_digest(plain(code), plain(right))


async def complete(
    code: str, name: str, password: str, address: str, agent: str = "", *, owner: UserIdentity | None = None
) -> tuple[UserIdentity, str]:
    """Create the first administrator and sign them in. Returns: the user and the secret for the cookie.

    A local user without a password (of the command line) becomes this one and keeps all data. `owner`: who asks; the
    session of that local user, which a one-time link began, needs no code. Raises: `SetupClosed`,
    `InvalidSetupCode`, `TooManyRequests`, `Invalid`, `WeakPassword`, `NameTaken`.
    """
    if not await is_open():
        raise errors.SetupClosed()
    if owner is None or not owner.admin or owner.session is None:
        await _require_code(code, address)
    name = users.clean_name(name)
    passwords.require_strong(password, name)
    password_hash = await passwords.make_hash(password)
    async with engine.transaction():
        await engine.lock_table(User)
        if not await is_open():
            raise errors.SetupClosed()
        user_id = await _first_admin(name, password_hash)
        await audit.record("setup_completed", user_id, address)
    credentials.forget()
    _file().unlink(missing_ok=True)
    return await sessions.begin(user_id, name, admin=True, address=address, agent=agent)


async def _require_code(code: str, address: str) -> None:
    """Raise `InvalidSetupCode` for a wrong code, `TooManyRequests` after too many."""
    place = rate_limit.place("setup", address)
    await rate_limit.check([place, "setup"])
    if not _same(code):
        await rate_limit.take(place, "setup")
        await audit.record("setup_failed", None, address)
        raise errors.InvalidSetupCode()


async def _first_admin(name: str, password_hash: str) -> int:
    locals_ = User.select(User.id).where(is_true(User.admin), User.password_hash.is_null())
    local = await locals_.order_by(User.id).first()
    taken = await User.select(User.id).where(same_text(User.name, name)).first()
    if taken is not None and taken != local:
        raise errors.NameTaken()
    if local is None:
        user = User(name=name, password_hash=password_hash, admin=True)
        await user.save()
        return int(user.id)
    await User.update({User.name: name, User.password_hash: password_hash}).where(User.id == local["id"])
    return int(local["id"])
