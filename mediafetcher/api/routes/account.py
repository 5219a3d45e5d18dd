"""/api/session, /api/setup, /api/sessions, /api/tokens, /api/users: accounts and sign-in."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.params import JSONBody

from mediafetcher import __version__
from mediafetcher.accounts.auth import first_run, one_time_links, sessions, tokens, users
from mediafetcher.accounts.auth.credentials import UserIdentity
from mediafetcher.api import auth
from mediafetcher.api.responses import Asked, Id, address, fit
from mediafetcher.core import errors
from mediafetcher.downloads import delete_user
from mediafetcher.library.catalog import quotas

Scope = Literal["read", "download", "library", "metrics", "admin"]


class Me(msgspec.Struct):
    id: int
    name: str
    admin: bool


class SignedIn(msgspec.Struct):
    user: Me


class SessionState(msgspec.Struct):
    """The signed-in user. `setup` is true until an administrator can sign in.

    `proxy`: a proxy identified the user, so there is no session to end.
    """

    user: Me | None
    setup: bool
    version: str
    proxy: bool = False


class Credentials(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    password: str


class FirstRun(msgspec.Struct, forbid_unknown_fields=True):
    """The name and password of the first administrator, and the one-time code of the console.

    `code`: empty if a one-time link of this machine signed the browser in already.
    """

    name: str
    password: str
    code: str = ""


class OpenSession(msgspec.Struct):
    id: int
    created_at: datetime
    last_seen_at: datetime | None
    address: str | None
    agent: str | None
    current: bool


class OpenSessions(msgspec.Struct):
    sessions: list[OpenSession]


class Token(msgspec.Struct):
    id: int
    name: str
    scopes: list[Scope]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class Tokens(msgspec.Struct):
    tokens: list[Token]


class NewToken(msgspec.Struct, forbid_unknown_fields=True):
    """A new token. `days`: its lifetime; unlimited if not given."""

    name: str
    scopes: list[Scope]
    days: float | None = None


class MadeToken(msgspec.Struct):
    """A token. Its secret is shown only this once."""

    id: int
    token: str


class User(msgspec.Struct):
    id: int
    name: str
    admin: bool
    created_at: datetime
    quota: int | None


class PersonUsage(msgspec.Struct):
    """Usage of a user: `items` including the trash, `bytes` of their files, and `charged`: size / holders of each."""

    items: int
    bytes: int
    charged: int


class UserRow(User):
    """A user and their usage."""

    usage: PersonUsage


class Users(msgspec.Struct):
    users: list[UserRow]


class NewUser(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    password: str
    admin: bool = False


class UserChange(msgspec.Struct, forbid_unknown_fields=True):
    """A new password (users also give their old one), the administrator role, the quota (bytes; null: none).

    `end_tokens`: a new password also ends the user's tokens and paired browsers.
    """

    password: str | None = None
    end_tokens: bool = False
    admin: bool | None = None
    old_password: str | None = None
    quota: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | msgspec.UnsetType | None = msgspec.UNSET


def _me(person: UserIdentity) -> Me:
    return Me(person.id, person.name, person.admin)


def _cookie(request: Request[Any, Any, Any], secret: str, age: int) -> Cookie:
    # `Secure` only if the outer scheme is https, or users could not sign in over plain http in their own network.
    secure = bool(request.scope["state"].get("https"))
    return Cookie(auth.COOKIE, value=secret, max_age=age, path="/", secure=secure, httponly=True, samesite="lax")


async def _leave_old_session(request: Request[Any, Any, Any], person: UserIdentity) -> None:
    """End the browser's previous session when a user signs in again."""
    secret = auth.cookie(request.headers.get)
    old = await auth.identify({"cookie": f"{auth.COOKIE}={secret}"}.get) if secret else None
    if old is not None and old.session is not None:
        if person.session is not None:
            one_time_links.replace_session(old.session, person.session)
        await sessions.end(old.session, old.id, address(request))


def _signed_in(request: Request[Any, Any, Any], person: UserIdentity, secret: str) -> Response[SignedIn]:
    cookie = _cookie(request, secret, sessions.LIFETIME)
    return Response(SignedIn(_me(person)), status_code=201, cookies=[cookie])


async def state(request: Asked) -> SessionState:
    """Return the signed-in user, and whether the first run is still to come."""
    person = request.user
    proxy = person is not None and person.session is None and person.token is None
    return SessionState(_me(person) if person else None, await first_run.is_open(), __version__, proxy)


async def set_up(data: JSONBody[FirstRun], request: Asked) -> Response[SignedIn]:
    """Create the first administrator with the one-time code, and sign them in."""
    agent = request.headers.get("user-agent", "")
    person, secret = await first_run.complete(
        data.code, data.name, data.password, address(request), agent, owner=request.user
    )
    await _leave_old_session(request, person)
    return _signed_in(request, person, secret)


async def sign_in(data: JSONBody[Credentials], request: Asked) -> Response[SignedIn]:
    """Sign in: the answer sets the cookie."""
    agent = request.headers.get("user-agent", "")
    person, secret = await sessions.sign_in(data.name, data.password, address(request), agent)
    await _leave_old_session(request, person)
    return _signed_in(request, person, secret)


async def sign_out(request: Asked) -> Response[None]:
    """Sign out. Succeeds without a session too."""
    person = request.user
    if person is not None and person.session is not None:
        await sessions.end(person.session, person.id, address(request))
    return Response(None, status_code=204, cookies=[_cookie(request, "", 0)])


async def open_sessions(request: Asked) -> OpenSessions:
    """List the caller's sessions."""
    return fit(OpenSessions, {"sessions": await sessions.page(request.user.id, request.user.session)})


async def end_session(id: Id, request: Asked) -> None:
    """End one of the caller's sessions."""
    await sessions.end(id, request.user.id, address(request))


async def own_tokens(request: Asked) -> Tokens:
    """List the caller's tokens, without their secrets."""
    return fit(Tokens, {"tokens": await tokens.page(request.user.id)})


async def make_token(data: JSONBody[NewToken], request: Asked) -> MadeToken:
    """Create a token. Its secret is shown only in this answer."""
    made = await tokens.create(request.user.id, data.name, data.scopes, data.days, address(request))
    return fit(MadeToken, made)


async def end_token(id: Id, request: Asked) -> None:
    """Revoke a token immediately."""
    await tokens.remove(id, request.user.id, address(request))


async def everybody(request: Asked) -> Users:
    """List all users."""
    return fit(Users, {"users": quotas.with_usage(await users.page(), await quotas.usage_by_user())})


async def add_user(data: JSONBody[NewUser], request: Asked) -> User:
    """Create a user."""
    by, where = request.user.id, address(request)
    return fit(User, await users.add(data.name, data.password, admin=data.admin, by=by, address=where))


async def change_user(id: Id, data: JSONBody[UserChange], request: Asked) -> User:
    """Change a user: one's own password, or, as an administrator, any user's password and role."""
    person, where = request.user, address(request)
    if id != person.id and not person.admin:
        raise errors.NotFound("This user does not exist.")
    if (data.admin is not None or data.quota is not msgspec.UNSET) and not person.admin:
        raise errors.Forbidden("Only an administrator can do this.")
    await users.get(id)
    if data.password is not None:
        if id == person.id:
            await users.require_password(id, data.old_password or "", where)
        await users.set_password(
            id,
            data.password,
            by=person.id,
            address=where,
            keep_session=person.session,
            end_tokens=data.end_tokens,
        )
    if not isinstance(data.quota, msgspec.UnsetType):
        await users.set_quota(id, data.quota, by=person.id, address=where)
    if data.admin is not None:
        await users.set_admin(id, admin=data.admin, by=person.id, address=where)
    return fit(User, await users.get(id))


async def remove_user(id: Id, request: Asked) -> None:
    """Delete a user with all their data. Files that other users also hold remain."""
    await delete_user.remove(id, by=request.user.id, address=address(request))
