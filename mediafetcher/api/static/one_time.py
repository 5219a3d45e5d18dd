"""/open?link=SECRET: a one-time link signs in the browser that opens it, and leads on to the page (decision 57).

Only for a direct connection from this machine, by a program of the user who runs the server, under a loopback host.
The answer is a redirect to an address without the secret.
"""

import asyncio
import ipaddress
from html import escape
from urllib.parse import parse_qs

from mediafetcher.accounts.auth import credentials, one_time_links, sessions
from mediafetcher.accounts.auth.credentials import UserIdentity
from mediafetcher.api import auth, problems, request_guard
from mediafetcher.api.static import bare_page, media
from mediafetcher.core import errors
from mediafetcher.net import local_peer

PATH = "/open"
_PRIVATE = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
_TEXTS = {
    "en": ("This link can no longer be used", "Type mediafetcher again, or choose it in the menu.", "Open the page"),
    "fr": (
        "Ce lien ne peut plus être utilisé",
        "Tapez de nouveau mediafetcher, ou choisissez-le dans le menu.",
        "Ouvrir la page",
    ),
    "de": (
        "Dieser Link gilt nicht mehr",
        "Geben Sie noch einmal mediafetcher ein, oder wählen Sie es im Menü.",
        "Seite öffnen",
    ),
}


async def answer(call: request_guard.Call, query: str, port: int, server_port: int) -> media.Answer:
    """Answer a request. `port`: of the client. Problems are a page for browsers, and raised for other programs."""
    try:
        return await _answer(call, query, port, server_port)
    except errors.InvalidOneTimeLink as problem:
        if "text/html" not in (call.get("accept") or ""):
            raise
        headers = bare_page.HEADERS | _PRIVATE | {"content-type": "text/html; charset=utf-8"}
        page = _page(call).encode()
        return media.Answer(problem.status, headers | problems.headers(problem), "", 0, len(page), page)


async def _answer(call: request_guard.Call, query: str, port: int, server_port: int) -> media.Answer:
    if call.method != "GET":  # a look at the headers must not use the link up
        raise errors.MethodNotAllowed(allow="GET")
    secret = (parse_qs(query).get("link") or [""])[0]
    uid = None
    if call.local and _is_loopback(call.host):
        uid = await asyncio.to_thread(local_peer.uid_of, call.address, port, server_port)
    present = await _present(call)
    agent = call.get("user-agent") or ""
    _, cookie = await one_time_links.redeem(secret, uid, present, call.address, agent)
    headers = request_guard.API_HEADERS | _PRIVATE | {"location": "/", "content-length": "0"}
    if cookie is not None:
        if present is not None and present.session is not None:
            await sessions.end(present.session, present.id, call.address)
        headers["set-cookie"] = f"{auth.COOKIE}={cookie}; HttpOnly; Max-Age={sessions.LIFETIME}; Path=/; SameSite=lax"
    return media.Answer(303, headers, "", 0, 0)


async def _present(call: request_guard.Call) -> UserIdentity | None:
    """Return whom the session of the browser names."""
    secret = auth.cookie(call.get)
    return await credentials.identity(secret, sessions.find) if secret else None


def _is_loopback(host: str) -> bool:
    """Tell whether a Host header names this machine by a loopback address."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name.lower() == "localhost"


def _page(call: request_guard.Call) -> str:
    language = bare_page.language(call, _TEXTS)
    title, what, leads = _TEXTS[language]
    return (
        f"{bare_page.head(language, title)}{bare_page.header('')}<main><h1>{escape(title)}</h1><p>{escape(what)}</p>"
        f'<nav><a href="/">{escape(leads)}</a></nav></main></body></html>'
    )
