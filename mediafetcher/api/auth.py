"""Who calls, and whether they may. Nothing is allowed that a route does not say.

A person comes with the cookie of a session, or named by a trusted proxy, or a program with `Authorization: Bearer
mf_...`; a token in the address is not looked at. Where several are sent the token counts, then the proxy's word.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from mediafetcher.accounts.auth import credentials, proxy_auth, sessions, tokens
from mediafetcher.accounts.auth.credentials import Person
from mediafetcher.core import errors

COOKIE = "mf_session"
Get = Callable[[str], str | None]


@dataclass(frozen=True)
class Who:
    """Who may call a route: everybody, or who has one of the scopes (a session has them all)."""

    scopes: tuple[str, ...] = ()
    open: bool = False
    optional: bool = False
    admin: bool = False


OPEN = Who(open=True)  # everybody; who it is is not even asked
OPTIONAL = Who(open=True, optional=True)  # everybody; the handler looks who it is
READ = Who(("read",))
DOWNLOAD = Who(("download",))
DOWNLOADS = Who(("read", "download"))  # who may send a link may follow it
LIBRARY = Who(("library",))
ACCOUNT = Who(("admin",))  # one's own sessions and tokens: by session, or an administrator's token
ADMIN = Who(("admin",), admin=True)


def cookie(get: Get) -> str | None:
    """The session's secret, if the request has one."""
    for part in (get("cookie") or "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value or None
    return None


def bearer(get: Get) -> str | None:
    """The token of the Authorization header; an empty one where the header is there and is not a token."""
    value = get("authorization")
    if value is None:
        return None
    scheme, _, token = value.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def identify(get: Get, named: str | None = None, address: str = "") -> Person | None:
    """Who sends these headers. `named` is whom a trusted proxy names, which `guard.call` has made sure of."""
    token = bearer(get)
    if token is not None:
        return await credentials.person(token, tokens.find) if token.startswith(tokens.PREFIX) else None
    if named is not None:
        return await proxy_auth.person(named, address)
    session = cookie(get)
    return await credentials.person(session, sessions.find) if session else None


async def identify_again(connection: ASGIConnection[Any, Any, Any, Any]) -> Person | None:
    """Who a request comes from, looked up now: it may last for hours."""
    client = connection.scope["client"]
    return await identify(connection.headers.get, connection.scope["state"].get("named"), client[0] if client else "")


async def permit(who: Who, get: Get, named: str | None = None, address: str = "") -> Person | None:
    """Let the request in -> who it is. Raises `NotSignedIn`, `Forbidden`."""
    if who.open and not who.optional:
        return None
    person = await identify(get, named, address)
    if who.open:
        return person
    if person is None:
        raise errors.NotSignedIn()
    if who.admin and not person.admin:
        raise errors.Forbidden("Only an administrator may do that.")
    if person.token is not None and person.scopes.isdisjoint(who.scopes):
        raise errors.Forbidden(f"This token lacks the scope: {' or '.join(who.scopes)}.")
    return person


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Litestar's guard of every route: a route that does not say who may call it lets nobody in."""
    who = handler.opt.get("who")
    if not isinstance(who, Who):
        raise errors.NotSignedIn()
    client, named = connection.scope["client"], connection.scope["state"].get("named")
    person = await permit(who, connection.headers.get, named, client[0] if client else "")
    connection.scope["user"] = person
    if person is not None:
        connection.scope["state"]["exchange"].ticket.count_for(("account", person.id))
