"""HTTP Basic authentication (RFC 7617) of one origin. Part of the fetch child.

The name and password go only to the scheme, host and port that they were given for, also after a redirect.
"""

import base64
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from mediafetcher.core import errors
from mediafetcher.net import egress, urls


class BasicAuth:
    """Adds the name and password to requests. `None`: to no request."""

    def __init__(self, login: list[Any] | None, allow_hosts: Iterable[str] = ()) -> None:
        self._login = urls.Login(*login) if login else None
        if self._login and self._login.for_site and not _private(self._login.origin, tuple(allow_hosts)):
            self._login = None

    def install(self) -> None:
        """Make the library that follows redirects drop the header if the origin changes."""
        if not self._login:
            return
        from yt_dlp.networking._requests import RequestsSession

        def changes_origin(session: Any, old_url: str, new_url: str) -> bool:
            return _origin(old_url) != _origin(new_url)

        RequestsSession.should_strip_auth = changes_origin

    def add(self, request: Any) -> None:
        """Add the header if the request goes to the origin of the login."""
        if self._login and _origin(request.url) == self._login.origin:
            given = f"{self._login.user}:{self._login.password}".encode()
            request.headers["Authorization"] = "Basic " + base64.b64encode(given).decode("ascii")


def _private(origin: str, allow_hosts: tuple[str, ...]) -> bool:
    """Tell whether a password of a site may travel there: encrypted, or to a host that an administrator named."""
    parts = urlsplit(origin)
    return parts.scheme == "https" or egress.excepted(parts.hostname or "", parts.port or 80, allow_hosts)


def _origin(url: str) -> str:
    """Return the origin of an address; "" if it is not valid."""
    try:
        return urls.origin(urls.parse(url))
    except errors.InvalidUrl:
        return ""
