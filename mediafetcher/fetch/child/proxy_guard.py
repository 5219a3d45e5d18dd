"""A proxy on the side of the fetch child, and why it opens no back door.

Through a proxy the gate (net/egress.py) sees only the proxy. So, with one, nothing else may be connected to at all,
and each address that is asked for, redirects included, is resolved here first and refused where it is private. A
name that cannot be resolved here is refused too: it may be one of the network that the proxy stands in.
"""

import socket
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
    """Raises `Blocked` unless every address of the link's host may be reached."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    for *_, where in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if not egress.allowed(str(where[0]), port, host, tuple(allow_hosts)):
            raise egress.Blocked("address not allowed: private")


def only_requests(client: Any) -> None:
    """yt-dlp's other ways into the network do not pass `check`."""
    director = client._request_director
    for name in list(director.handlers):
        if name != "Requests":
            director.handlers.pop(name).close()
