"""Authentication and authorisation of requests. A route that states no access rule is refused.

A user is identified by a session cookie or by a trusted proxy, a program by `Authorization: Bearer mf_...`. A token in
the address is ignored. If a request has several, the token takes precedence, then the proxy's header.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from mediafetcher.accounts.auth import credentials, proxy_auth, sessions, tokens
from mediafetcher.accounts.auth.credentials import UserIdentity
from mediafetcher.core import errors

COOKIE = "mf_session"
Get = Callable[[str], str | None]


@dataclass(frozen=True)
class Who:
    """The access rule of a route: open, or one of the scopes. A session has all scopes."""

    scopes: tuple[str, ...] = ()
    open: bool = False
    optional: bool = False
    admin: bool = False
    local: bool = False  # programs on this machine need no token


OPEN = Who(open=True)  # open, without identification
OPTIONAL = Who(open=True, optional=True)  # open; the handler reads the identity if there is one
READ = Who(("read",))
DOWNLOAD = Who(("download",))
DOWNLOADS = Who(("read", "download"))  # a client that may send a link may also follow it
LIBRARY = Who(("library",))
ACCOUNT = Who(("admin",))  # own sessions and tokens: by session, or with an administrator's token
ADMIN = Who(("admin",), admin=True)
METRICS = Who(("metrics",), admin=True, local=True)


def cookie(get: Get) -> str | None:
    """Read the session's secret from the cookie. Returns: None if the request has none."""
    for part in (get("cookie") or "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value or None
    return None


def bearer(get: Get) -> str | None:
    """Read the token of the Authorization header. Returns: "" if the header has no token, None without a header."""
    value = get("authorization")
    if value is None:
        return None
    scheme, _, token = value.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def identify(get: Get, named: str | None = None, address: str = "") -> UserIdentity | None:
    """Identify the sender of a request. `named`: the user that a trusted proxy named, verified by `guard.call`."""
    token = bearer(get)
    if token is not None:
        return await credentials.identity(token, tokens.find) if token.startswith(tokens.PREFIX) else None
    if named is not None:
        return await proxy_auth.person(named, address)
    session = cookie(get)
    return await credentials.identity(session, sessions.find) if session else None


async def identify_again(connection: ASGIConnection[Any, Any, Any, Any]) -> UserIdentity | None:
    """Identify the sender of a long request again, from the present state of the database."""
    client = connection.scope["client"]
    return await identify(connection.headers.get, connection.scope["state"].get("named"), client[0] if client else "")


async def permit(who: Who, get: Get, named: str | None = None, address: str = "") -> UserIdentity | None:
    """Authorise a request. Returns: the identity, if any. Raises: `NotSignedIn`, `Forbidden`."""
    if who.open and not who.optional:
        return None
    person = await identify(get, named, address)
    if who.open:
        return person
    if person is None:
        raise errors.NotSignedIn()
    if who.admin and not person.admin:
        raise errors.Forbidden("Only an administrator can do this.")
    if person.token is not None and person.scopes.isdisjoint(who.scopes):
        raise errors.Forbidden(f"This API key lacks the required scope: {' or '.join(who.scopes)}.")
    return person


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard every Litestar route. A route without an access rule is refused."""
    who = handler.opt.get("who")
    if not isinstance(who, Who):
        raise errors.NotSignedIn()
    client, named = connection.scope["client"], connection.scope["state"].get("named")
    if who.local and connection.scope["state"].get("local"):
        connection.scope["user"] = None
        return
    person = await permit(who, connection.headers.get, named, client[0] if client else "")
    connection.scope["user"] = person
    if person is not None:
        connection.scope["state"]["exchange"].ticket.count_for(("account", person.id))
