"""Checks for a proxy that resolves names itself. Part of the fetch child.

An administrator has declared this about the proxy of the settings (`proxy_resolves_names`): its owner is responsible
for what a name resolves to. A link with a private address instead of a name is refused all the same. Nothing but
the proxy can be connected to. The gateway uses every other proxy (upstream_proxy.py), not this module.
"""

import ipaddress
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from mediafetcher.net import egress

_PORTS = {"http": 80, "https": 443}


def install(allow_hosts: Iterable[str]) -> None:
    """Check each link before its request from now on. The gateway (gateway.py) leads to the proxy alone."""
    allowed = frozenset(allow_hosts)
    import requests.adapters
    import requests.exceptions

    plain = requests.adapters.HTTPAdapter.send

    def send(self: Any, request: Any, *more: Any, **named: Any) -> Any:
        try:
            check(request.url, allowed)
        except OSError as error:  # the kind that yt-dlp passes on
            raise requests.exceptions.ConnectionError(error) from error
        return plain(self, request, *more, **named)

    requests.adapters.HTTPAdapter.send = send  # type: ignore[method-assign]


def check(url: str, allow_hosts: Iterable[str]) -> None:
    """Check one link. Raises: `Blocked` for a private address that is no exception."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    try:
        address = str(ipaddress.ip_address(host))
    except ValueError:
        return
    if not egress.public(address) and not egress.excepted(host, port, tuple(allow_hosts)):
        raise egress.Blocked("address not allowed: private")


def only_requests(client: Any) -> None:
    """Remove yt-dlp's other request handlers, which would bypass `check`."""
    director = client._request_director
    for name in list(director.handlers):
        if name != "Requests":
            director.handlers.pop(name).close()
