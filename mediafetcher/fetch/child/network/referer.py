"""The page that a request names as its origin (RFC 9110, 10.1.3). Part of the fetch child.

Some servers give a file only to visitors of their own pages. A wished referer goes to the origin of the link, and to
where that redirects. A file that is refused without one is requested once more, from the site's own front page.
"""

import contextlib
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

# Words of a page that names the missing referer as the cause.
_NAMED = re.compile(r"\breferr?er\b|hot-?link", re.IGNORECASE)


class Referer:
    """Adds the referer to requests. `wished`: the address of a page, or None."""

    def __init__(self, link: str, wished: str | None) -> None:
        self._wished = wished
        self._origins = {_origin(link)}
        self._own: set[str] = set()  # origins that want a referer of their own

    def open(self, request: Any, send: Callable[[Any], Any]) -> Any:
        """Send a request with its referer. Raises: as `send`."""
        origin = _origin(request.url)
        if _named(request):
            return send(request)
        if self._wished and origin in self._origins:
            request.headers["Referer"] = self._wished
        elif origin in self._own:
            request.headers["Referer"] = f"{origin}/"
        try:
            response = send(request)
        except Exception as error:
            if _named(request) or getattr(error, "status", None) != 403 or not _may_want_one(request, error):
                raise
            return self._once_more(request, send, origin, error)
        if origin in self._origins:
            self._origins.add(_origin(response.url))
        return response

    def _once_more(self, request: Any, send: Callable[[Any], Any], origin: str, refused: Exception) -> Any:
        request.headers["Referer"] = f"{origin}/"
        response = None
        with contextlib.suppress(Exception):  # the first refusal counts
            response = send(request)
        if response is None:
            del request.headers["Referer"]
            raise refused
        self._own.add(origin)
        return response


def _may_want_one(request: Any, error: Any) -> bool:
    from yt_dlp.utils import MEDIA_EXTENSIONS

    if error.response.headers.get("cf-mitigated"):  # it wants a browser
        return False
    ending = urlsplit(request.url).path.rpartition(".")[2].lower()
    media = (*MEDIA_EXTENSIONS.video, *MEDIA_EXTENSIONS.audio, *MEDIA_EXTENSIONS.manifests, "ts")
    return request.method == "GET" and (ending in media or bool(_NAMED.search(getattr(error, "page", ""))))


def _named(request: Any) -> bool:
    return any(name.lower() == "referer" for name in request.headers)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
