"""What every request passes before anybody looks at it, and what every answer carries; for media, page and API alike.

- The Host must be ours, or a page of another site could reach us under its own name (DNS rebinding).
- A change that comes with a cookie must come from our own page (Sec-Fetch-Site, else Origin).
- A body is JSON and small.
- Forwarded headers, and the one that names a person, count only if a configured proxy sends them. A program on this
  machine can connect from the same addresses as a proxy here, so for these the name needs the secret too.
"""

import functools
import hmac
import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from mediafetcher.api import auth
from mediafetcher.core import errors
from mediafetcher.core.settings import Settings
from mediafetcher.net import forwarding

MOST_BODY = 1 << 20  # bytes
SHORTEST_SECRET = 16  # characters
SECRET_HEADER = "x-mediafetcher-proxy-secret"  # noqa: S105 (its name)
_EXTENSIONS = ("chrome-extension://", "moz-extension://")
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_HOST = re.compile(r"^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$")

_NO_PROOF = "A change with a session's cookie needs Sec-Fetch-Site or Origin; programs use a token instead."

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
API_HEADERS = HEADERS | {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
# Kept bytes come from anywhere: opened as a page they may do nothing at all.
MEDIA_HEADERS = HEADERS | {
    "content-security-policy": "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
}


@dataclass(frozen=True)
class Call:
    """One request, as far as guarding it needs: from whom it really comes, and how."""

    method: str
    get: auth.Get
    host: str
    address: str
    https: bool
    named: str | None = None  # whom a trusted proxy names


def require_valid(settings: Settings) -> None:
    """Raises `BadSetting`, at the start rather than at a request."""
    _networks(settings.trusted_proxies)
    header = settings.proxy_user_header
    if header is not None and not re.fullmatch(r"[A-Za-z0-9-]{1,100}", header):
        raise errors.BadSetting(f"proxy_user_header: {header!r} is no name of a header.")
    if header is not None and not settings.trusted_proxies:
        raise errors.BadSetting("proxy_user_header: name the proxy's address in trusted_proxies too.")
    if settings.proxy_secret is not None and len(settings.proxy_secret) < SHORTEST_SECRET:
        raise errors.BadSetting(f"proxy_secret: it has at least {SHORTEST_SECRET} characters.")


def call(
    settings: Settings,
    method: str,
    get: auth.Get,
    get_all: Callable[[str], Sequence[str]],
    authority: str | None,
    peer: str,
    scheme: str,
) -> Call:
    """`peer` is the address of the other end; a proxy that is configured says who is behind it. Raises `Invalid`.

    Two headers that may name a person mean that somebody else than the proxy wrote one: they name nobody.
    """
    hosts = get_all("host")
    if len(hosts) > 1:
        raise errors.Invalid("The request has more than one Host header.")
    peer = _plain(peer)
    address, https, host = peer, scheme == "https", authority or (hosts[0] if hosts else "")
    person = None
    if _is_proxy(settings, peer) and _knows_secret(settings, get_all(SECRET_HEADER)):
        if settings.proxy_user_header and forwarding.names_are_believed(settings, peer):
            named = get_all(settings.proxy_user_header.lower())
            person = (named[0] if len(named) == 1 else "") if any(named) else None
        address = _behind(settings, get_all("x-forwarded-for"), peer)
        https = (get("x-forwarded-proto") or scheme).split(",")[0].strip() == "https"
    if settings.public_url and urlsplit(settings.public_url).scheme == "https":
        https = https or _names(settings.public_url) == host.lower()
    return Call(method, get, host, address, https, person)


def _knows_secret(settings: Settings, given: Sequence[str]) -> bool:
    """Whether the request has the proxy's secret, once, if there is one."""
    wanted = settings.proxy_secret
    return wanted is None or (len(given) == 1 and hmac.compare_digest(given[0].encode(), wanted.encode()))


def _behind(settings: Settings, forwarded: Sequence[str], peer: str) -> str:
    """The last address of all lines that is not a proxy of ours; what stands before it anybody may have written."""
    for part in reversed([part.strip() for part in ",".join(forwarded).split(",")]):
        try:
            address = _plain(str(ipaddress.ip_address(part)))
        except ValueError:
            return peer
        if not _is_proxy(settings, address):
            return address
    return peer


def _plain(address: str) -> str:
    """An address as its owner writes it: a socket for both families shows 10.0.0.1 as ::ffff:10.0.0.1."""
    found = ipaddress.ip_address(address)
    return str(getattr(found, "ipv4_mapped", None) or found)


def _is_proxy(settings: Settings, address: str) -> bool:
    """Whether it is one of the configured addresses, or lies in one of the configured networks."""
    return any(ipaddress.ip_address(address) in network for network in _networks(settings.trusted_proxies))


@functools.lru_cache(8)
def _networks(names: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    networks = []
    for name in names:
        try:
            networks.append(ipaddress.ip_network(name, strict=False))
        except ValueError:
            raise errors.BadSetting(f"trusted_proxies: {name!r} is no address or network.") from None
    return tuple(networks)


def _names(url: str) -> str:
    """host[:port] of an address, lower case, as a browser writes it."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def check(settings: Settings, call: Call) -> None:
    """Raises `WrongHost`, `CrossSite`, `NotJson`, `TooLargeBody`, `Invalid`."""
    if not host_is_ours(settings, call.host):
        raise errors.WrongHost()
    if call.method in _SAFE:
        return
    if not _from_our_page(settings, call):
        raise errors.CrossSite(None if call.get("sec-fetch-site") or call.get("origin") else _NO_PROOF)
    _check_body(call.get)


def host_is_ours(settings: Settings, host: str) -> bool:
    """An IP address, localhost, this machine's name, or a name of the settings: no stranger can own these."""
    match = _HOST.match(host)
    if not match or int(match[2] or 0) > 65535:
        return False
    name = match[1].strip("[]").lower().rstrip(".")
    try:
        ipaddress.ip_address(name)
    except ValueError:
        pass
    else:
        return True
    ours = {"localhost", settings.host.lower(), socket.gethostname().lower()}
    if settings.public_url:
        ours.add((urlsplit(settings.public_url).hostname or "").lower())
    return name in ours


def _from_our_page(settings: Settings, call: Call) -> bool:
    if auth.bearer(call.get) is not None:
        return True  # no browser adds this header by itself
    origin = call.get("origin")
    for_nobody = auth.cookie(call.get) is None and call.named is None
    if origin is not None and origin.startswith(_EXTENSIONS) and for_nobody:
        return True  # no page can have such an origin, and without a cookie it acts for nobody
    site = call.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    if origin is not None:
        ours = {f"http://{call.host.lower()}", f"https://{call.host.lower()}"}
        if settings.public_url:
            ours.add(f"{urlsplit(settings.public_url).scheme}://{_names(settings.public_url)}")
        return origin.lower() in ours
    # Neither header: no browser of today. Signing in is allowed so; what a browser adds by itself needs its proof.
    return for_nobody


def _check_body(get: auth.Get) -> None:
    length = get("content-length")
    if length is not None and not (length.isascii() and length.isdigit() and len(length) < 20):
        raise errors.Invalid("The Content-Length is not a number.")
    size = int(length or 0)
    if size > MOST_BODY:
        raise errors.TooLargeBody()
    if size or get("transfer-encoding"):
        kind = (get("content-type") or "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise errors.NotJson()
