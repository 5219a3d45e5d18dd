"""A proxy that resolves names itself, on the side of the fetch child.

An administrator has said so of the proxy of the settings (`proxy_resolves_names`): what a name means there is the
business of the proxy's owner. A link with a private address in place of a name is refused all the same. Nothing else
than the proxy can be connected to. Every other proxy is used by the gateway (upstream_proxy.py), not here.
"""

import ipaddress
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from mediafetcher.net import egress

_PORTS = {"http": 80, "https": 443}


def install(allow_hosts: Iterable[str]) -> None:
    """From now on each link is checked before it is asked for. The way out (gateway.py) leads to the proxy alone."""
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
    """Raises `Blocked` for a link with a private address that is no exception."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    try:
        address = str(ipaddress.ip_address(host))
    except ValueError:
        return
    if not egress.public(address) and not egress.excepted(host, port, tuple(allow_hosts)):
        raise egress.Blocked("address not allowed: private")


def only_requests(client: Any) -> None:
    """yt-dlp's other ways into the network do not pass `check`."""
    director = client._request_director
    for name in list(director.handlers):
        if name != "Requests":
            director.handlers.pop(name).close()
