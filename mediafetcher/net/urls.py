"""Which links are accepted, and the one form they are kept in.

A link goes to a Python function, never to a command line, and only `http` and `https` are known. Nothing is
resolved here: whether an address may be reached is decided when it is connected to (egress.py).
"""

import ipaddress
import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from mediafetcher.core import errors

MAX_LENGTH = 2048
_SCHEME = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*):")
_HOST_AND_PORT = re.compile(r"^[a-zA-Z0-9.-]+:\d+(/|$)")  # `nas.local:8080/x` has no scheme
_LABEL = re.compile(r"^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$")
_PORTS = {"http": 80, "https": 443}
_KEPT = "!#$%&'()*+,/:;=?@[]~"  # not encoded again; the rest that is not plain ASCII is
_COMMON = ("www.", "m.", "mobile.")
# What sites append to say where a click came from. It changes nothing of what is behind the link.
_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|dclid|msclkid|igshid|mc_[ce]id|si|feature|ref_src|ref_url)$")


def parse(text: str) -> str:
    """The canonical form of a link. Raises `InvalidUrl` or `UnsupportedScheme`.

    Lower-case scheme and host (IDN as punycode), no default port, a path, encoded where it must be; a fragment only
    where sites use it as a path (`#!...`, `#/...`).
    """
    text = text.strip()
    if not text or len(text) > MAX_LENGTH or any(ord(letter) < 33 or ord(letter) == 127 for letter in text):
        raise errors.InvalidUrl(None if len(text) <= MAX_LENGTH else f"A link has at most {MAX_LENGTH} characters.")
    scheme = _SCHEME.match(text)
    if not scheme or _HOST_AND_PORT.match(text):
        raise errors.InvalidUrl()
    if scheme[1].lower() not in _PORTS:
        raise errors.UnsupportedScheme()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise errors.InvalidUrl() from None
    if not text[len(scheme[0]) :].startswith("//") or "\\" in parts.netloc:
        raise errors.InvalidUrl()
    if "@" in parts.netloc:
        raise errors.InvalidUrl("A link must not hold a name and password: sign in with cookies instead.")
    host = _host(parts.hostname or "")
    where = host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}"
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    url = urlunsplit((parts.scheme, where, _encoded(parts.path) or "/", _encoded(parts.query), _encoded(fragment)))
    if len(url) > MAX_LENGTH:
        raise errors.InvalidUrl(f"A link has at most {MAX_LENGTH} characters.")
    return url


def site(url: str) -> str:
    """The host for limits and for showing, without `www.`, `m.` and the port."""
    host = urlsplit(url).hostname or ""
    for prefix in _COMMON:
        if host.startswith(prefix) and host.count(".") > 1:
            return host.removeprefix(prefix)
    return host


def source_key(url: str, recipe: str) -> str:
    """The key under which a link is known: its canonical form without tracking, and how it was wished for."""
    parts = urlsplit(url)
    query = parts.query
    pairs = parse_qsl(query, keep_blank_values=True)
    if any(_TRACKING.match(name) for name, _ in pairs):
        query = urlencode([(name, value) for name, value in pairs if not _TRACKING.match(name)])
    return f"url {recipe} {urlunsplit(parts._replace(query=query))}"


def _host(host: str) -> str:
    if ":" in host:
        try:
            return f"[{ipaddress.IPv6Address(host)}]"
        except ValueError:
            raise errors.InvalidUrl() from None
    host = host.removesuffix(".")
    try:
        host = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise errors.InvalidUrl() from None
    if len(host) > 253 or not all(_LABEL.match(label) for label in host.split(".")):
        raise errors.InvalidUrl()
    return host


def _encoded(part: str) -> str:
    return quote(part, safe=_KEPT)
