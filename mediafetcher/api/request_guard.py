"""Checks of every request before it is handled, and headers of every answer, for media, page and API alike.

- The Host must be ours, or another site could reach us under its own name (DNS rebinding).
- A change with a cookie must come from our own page (Sec-Fetch-Site, else Origin).
- A body is JSON and small.
- Forwarded headers, and the header that names a user, count only if a configured proxy sends them. A program on this
  machine can connect from the same addresses as a proxy here, so these addresses also need the secret.
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
_FORWARDING = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
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
# Stored media comes from anywhere. Opened as a page it gets no permission at all.
MEDIA_HEADERS = HEADERS | {
    "content-security-policy": "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
}


@dataclass(frozen=True)
class Call:
    """The facts of one request that the checks need, with the real sender."""

    method: str
    get: auth.Get
    host: str
    address: str
    https: bool
    named: str | None = None  # user that a trusted proxy names
    local: bool = False  # sent by a program on this machine, without a proxy between


def require_valid(settings: Settings) -> None:
    """Check the settings at the start. Raises: `BadSetting`."""
    _networks(settings.trusted_proxies)
    header = settings.proxy_user_header
    if header is not None and not re.fullmatch(r"[A-Za-z0-9-]{1,100}", header):
        raise errors.BadSetting(f"proxy_user_header: {header!r} is not a valid header name.")
    if header is not None and not settings.trusted_proxies:
        raise errors.BadSetting("proxy_user_header: add the proxy's address to trusted_proxies too.")
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
    """Resolve the sender. `peer` is the other end; a configured proxy names the client behind it. Raises: `Invalid`.

    If two headers name a user, one was not written by the proxy, so no user is taken from them.
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
    return Call(method, get, host, address, https, person, _is_local(settings, get, peer))


def _is_local(settings: Settings, get: auth.Get, peer: str) -> bool:
    """Return whether a program on this machine sent the request directly.

    A proxy on this machine connects from loopback too. Its headers, or its entry in the trusted proxies, reveal it.
    """
    loopback = ipaddress.ip_address(peer).is_loopback and not any(
        network.is_loopback or ipaddress.ip_address(peer) in network for network in _networks(settings.trusted_proxies)
    )
    return loopback and not any(get(name) for name in _FORWARDING)


def _knows_secret(settings: Settings, given: Sequence[str]) -> bool:
    """Return whether the request has the proxy's secret exactly once, or no secret is configured."""
    wanted = settings.proxy_secret
    return wanted is None or (len(given) == 1 and hmac.compare_digest(given[0].encode(), wanted.encode()))


def _behind(settings: Settings, forwarded: Sequence[str], peer: str) -> str:
    """Return the last forwarded address that is not one of our proxies. Any client can forge the entries before it."""
    for part in reversed([part.strip() for part in ",".join(forwarded).split(",")]):
        try:
            address = _plain(str(ipaddress.ip_address(part)))
        except ValueError:
            return peer
        if not _is_proxy(settings, address):
            return address
    return peer


def _plain(address: str) -> str:
    """Normalise an address: a dual-stack socket shows 10.0.0.1 as ::ffff:10.0.0.1."""
    found = ipaddress.ip_address(address)
    return str(getattr(found, "ipv4_mapped", None) or found)


def _is_proxy(settings: Settings, address: str) -> bool:
    """Return whether the address is in one of the configured networks."""
    return any(ipaddress.ip_address(address) in network for network in _networks(settings.trusted_proxies))


@functools.lru_cache(8)
def _networks(names: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    networks = []
    for name in names:
        try:
            networks.append(ipaddress.ip_network(name, strict=False))
        except ValueError:
            raise errors.BadSetting(f"trusted_proxies: {name!r} is not an address or network.") from None
    return tuple(networks)


def _names(url: str) -> str:
    """Return host[:port] of an address in lower case, as a browser writes it."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def check(settings: Settings, call: Call) -> None:
    """Check a request. Raises: `WrongHost`, `CrossSite`, `NotJson`, `TooLargeBody`, `Invalid`."""
    if not host_is_ours(settings, call.host):
        raise errors.WrongHost()
    if call.method in _SAFE:
        return
    if not _from_our_page(settings, call):
        raise errors.CrossSite(None if call.get("sec-fetch-site") or call.get("origin") else _NO_PROOF)
    _check_body(call.get)


def host_is_ours(settings: Settings, host: str) -> bool:
    """Return whether the host is an IP address, localhost, this machine's name, or a name of the settings.

    An attacker can own none of these.
    """
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
    ours.update(one.lower() for one in settings.host_names)
    if settings.public_url:
        ours.add((urlsplit(settings.public_url).hostname or "").lower())
    return name in ours


def _from_our_page(settings: Settings, call: Call) -> bool:
    if auth.bearer(call.get) is not None:
        return True  # no browser adds this header on its own
    origin = call.get("origin")
    for_nobody = auth.cookie(call.get) is None and call.named is None
    if origin is not None and origin.startswith(_EXTENSIONS) and for_nobody:
        return True  # no page can have such an origin, and without a cookie it has no user's rights
    site = call.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    if origin is not None:
        ours = {f"http://{call.host.lower()}", f"https://{call.host.lower()}"}
        if settings.public_url:
            ours.add(f"{urlsplit(settings.public_url).scheme}://{_names(settings.public_url)}")
        return origin.lower() in ours
    # No current browser sends neither header. Signing in is allowed then; credentials added by a browser need the
    # proof.
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
