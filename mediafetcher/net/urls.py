"""Validate links, and convert them to one canonical form.

A link goes to a Python function, never to a command line, and only `http` and `https` are supported. Nothing is
resolved here: egress.py decides about an address when it is connected to.
"""

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from mediafetcher.core import errors

MAX_LENGTH = 2048
_MAX_LOGIN = 1000
_SCHEME = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*):")
_HOST_AND_PORT = re.compile(r"^[a-zA-Z0-9.-]+:\d+(/|$)")  # `nas.local:8080/x` has no scheme
_LABEL = re.compile(r"^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$")
_PORTS = {"http": 80, "https": 443}
_KEPT = "!#$%&'()*+,/:;=?@[]~"  # not encoded again; other characters outside plain ASCII are
_COMMON = ("www.", "m.", "mobile.")
# Parameters that record where a click came from. These names have no other meaning.
_TRACKING = frozenset(
    ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id", "fbclid", "gclid", "dclid",
     "msclkid", "yclid", "mc_cid", "mc_eid")
)  # fmt: skip
# These do so only on the sites that append them. Elsewhere they may distinguish films.
_TRACKING_OF = {
    **dict.fromkeys(
        ("youtube.com", "youtu.be", "youtube-nocookie.com"), frozenset(("si", "feature", "pp", "ab_channel"))
    ),
    **dict.fromkeys(("spotify.com", "soundcloud.com"), frozenset(("si",))),
    **dict.fromkeys(("twitter.com", "x.com"), frozenset(("ref_src", "ref_url", "s", "t"))),
    "instagram.com": frozenset(("igshid", "igsh")),
    "facebook.com": frozenset(("mibextid",)),
    "tiktok.com": frozenset(("is_from_webapp", "sender_device", "_r", "_t")),
    "reddit.com": frozenset(("share_id", "rdt")),
    "bilibili.com": frozenset(("spm_id_from", "vd_source", "share_source")),
}


def parse(text: str) -> str:
    """Return the canonical form of a link. Raises: `InvalidUrl` or `UnsupportedScheme`.

    Lower-case scheme and host (IDN as punycode), no default port, a path, encoded if necessary; a fragment only
    if sites use it as a path (`#!...`, `#/...`).
    """
    text = _spaces_encoded(text.strip())
    if not text or len(text) > MAX_LENGTH or any(ord(letter) < 33 or ord(letter) == 127 for letter in text):
        raise errors.InvalidUrl(
            None if len(text) <= MAX_LENGTH else f"A link can have at most {MAX_LENGTH} characters."
        )
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
        raise errors.InvalidUrl("A link must not contain a name and password: links are stored and shown as they are.")
    host = _host(parts.hostname or "")
    where = host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}"
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    url = urlunsplit((parts.scheme, where, _encoded(parts.path) or "/", _encoded(parts.query), _encoded(fragment)))
    if len(url) > MAX_LENGTH:
        raise errors.InvalidUrl(f"A link can have at most {MAX_LENGTH} characters.")
    return url


class Login(NamedTuple):
    """A name and password: of HTTP Basic authentication (RFC 7617), for one scheme, host and port only.

    `for_site`: of an account of the site; they are used for Basic authentication only if its extractor cannot sign in.
    """

    origin: str
    user: str
    password: str
    for_site: bool = False

    def __repr__(self) -> str:
        return f"<login of {self.origin}>"


def split_login(text: str) -> tuple[str, Login | None]:
    """Return a link in its canonical form, and the name and password that it contained. Raises: as `parse`."""
    before, slashes, rest = text.strip().partition("://")
    end = min((at for mark in "/?#" if (at := rest.find(mark)) >= 0), default=len(rest))
    given, at_sign, host = rest[:end].rpartition("@")
    if not at_sign or "\\" in rest[:end]:
        return parse(text), None
    url = parse(f"{before}{slashes}{host}{rest[end:]}")
    user, _, password = given.partition(":")
    if not user or len(given) > _MAX_LOGIN or any(ord(letter) < 32 or ord(letter) == 127 for letter in unquote(given)):
        raise errors.InvalidUrl("The name and password in the link are not valid.")
    return url, Login(origin(url), unquote(user), unquote(password))


def origin(url: str) -> str:
    """Return scheme, host and port of a link as `http://nas.local:8080`, without the port of the scheme."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def site(url: str) -> str:
    """Return the host for limits and for display, without `www.`, `m.` and the port."""
    host = urlsplit(url).hostname or ""
    for prefix in _COMMON:
        if host.startswith(prefix) and host.count(".") > 1:
            return host.removeprefix(prefix)
    return host


def moved(url: str, target: str) -> str | None:
    """Return the link that a permanent redirect leads to, without a name and password.

    Returns: None if it is no link, or differs only in the scheme, a `www.` or a slash at the end.
    """
    try:
        found, _ = split_login(target)
    except (errors.InvalidUrl, errors.UnsupportedScheme):
        return None
    return found if _place(found) != _place(url) else None


def _place(url: str) -> tuple[str, str, str, str]:
    parts = urlsplit(url)
    return parts.netloc.removeprefix("www."), parts.path.rstrip("/"), parts.query, parts.fragment


def source_key(url: str, recipe: str) -> str:
    """Return the key of a link: its canonical form without tracking, and the options that determine the file."""
    parts = urlsplit(url)
    names = _TRACKING | _tracking_of(parts.hostname or "")
    pairs = parts.query.split("&")
    query = "&".join(pair for pair in pairs if unquote(pair.partition("=")[0]) not in names)
    return f"url {recipe} {urlunsplit(parts._replace(query=query))}"


def _tracking_of(host: str) -> frozenset[str]:
    """Return the tracking parameters of the host's site, or of a parent domain."""
    labels = host.split(".")
    above = (".".join(labels[start:]) for start in range(len(labels)))
    return next((_TRACKING_OF[name] for name in above if name in _TRACKING_OF), frozenset())


def _spaces_encoded(text: str) -> str:
    """Encode spaces in the path of a link, as copied from file lists. One in the host stays, and is refused."""
    scheme, slashes, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host}{slash}{path.replace(' ', '%20')}" if slash else text


def to_ascii(host: str) -> str:
    """Return the ASCII form of a host as browsers do (UTS 46, IDNA 2008: `ß` is not `ss`). Raises: UnicodeError."""
    if host.isascii():
        return host.lower()
    import idna  # its tables take memory that most links do not need

    mapped = idna.uts46_remap(host, std3_rules=False, transitional=False)
    labels = [label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in mapped.split(".")]
    return ".".join(labels).lower()


def _host(host: str) -> str:
    if ":" in host:
        try:
            return f"[{ipaddress.IPv6Address(host)}]"
        except ValueError:
            raise errors.InvalidUrl() from None
    try:
        host = to_ascii(host).removesuffix(".")
    except UnicodeError:
        raise errors.InvalidUrl() from None
    if len(host) > 253 or not all(_LABEL.match(label) for label in host.split(".")):
        raise errors.InvalidUrl()
    return host


def _encoded(part: str) -> str:
    return quote(part, safe=_KEPT)
