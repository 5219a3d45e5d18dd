"""The address of a target: its kind, and the part that may be shown.

ntfy://..., mailtos://..., discord://...            Apprise (apprise_schemes.py)
webhook+https://host/path                           Standard Webhooks
jellyfin+http://TOKEN@host:8096                     scans its library again; so do plex+ and kodi+
"""

import ipaddress
from typing import Literal, NamedTuple, cast
from urllib.parse import SplitResult, urlsplit

from mediafetcher.core import errors
from mediafetcher.net import egress
from mediafetcher.notifications.apprise_schemes import SCHEMES

Kind = Literal["apprise", "webhook", "jellyfin", "plex", "kodi"]
MEDIA_SERVERS = ("jellyfin", "plex", "kodi")
_MAX_LENGTH = 2000
_PORTS = {"http": 80, "https": 443}


class Address(NamedTuple):
    """`url` is the address that the child connects to; `label` contains no secret."""

    kind: Kind
    url: str
    label: str


def parse(text: str, allow_hosts: tuple[str, ...]) -> Address:
    """Parse the address of a target. Raises: `UnsupportedTarget`, `TargetNotAllowed`.

    A private address that is written as a number is refused here unless `allow_hosts` names it; the addresses of
    a name are checked when it is connected to.
    """
    text = text.strip()
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not separator or not rest or len(text) > _MAX_LENGTH or not text.isprintable():
        raise errors.UnsupportedTarget()
    kind, plus, inner = scheme.partition("+")
    if not plus:
        if scheme not in SCHEMES:
            raise errors.UnsupportedTarget(f"{scheme}:// cannot be used here: docs/notifications.md lists what can.")
        _require_allowed(_split(text), allow_hosts)
        return Address("apprise", f"{scheme}://{rest}", f"{scheme}://…")
    if kind not in ("webhook", *MEDIA_SERVERS) or inner not in _PORTS:
        raise errors.UnsupportedTarget()
    url = f"{inner}://{rest}"
    parts = _split(url)
    if not parts.hostname:
        raise errors.UnsupportedTarget()
    _require_allowed(parts, allow_hosts)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return Address(cast(Kind, kind), url, f"{scheme}://{host}{port}/…")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise errors.UnsupportedTarget() from None
    return parts


def _require_allowed(parts: SplitResult, allow_hosts: tuple[str, ...]) -> None:
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or _PORTS.get(parts.scheme, 443 if parts.scheme.endswith("s") else 80)
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        private = host == "localhost" or host.endswith(".localhost")
    else:
        private = not egress.public(host)
    if private and not egress.excepted(host, port, allow_hosts):
        raise errors.TargetNotAllowed()
