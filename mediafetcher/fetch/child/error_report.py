"""Report an error of the fetch child in the form that error_mapping.py reads."""

import contextlib
import errno
import re
import socket
import ssl
import time
import traceback
from typing import Any

from mediafetcher.fetch.child import metadata
from mediafetcher.net import egress

_LOGIN_WINDOW = "PasswordAsked"
_WITH_PASSWORD = re.compile(r"(?:^|,)\s*(basic|digest|negotiate|ntlm)\b(?!\s*=)", re.IGNORECASE)
_PAGE = 1 << 20  # bytes of the page of an HTTP error


def describe(error: BaseException) -> dict[str, Any]:
    """Describe an exception and its causes as `error_mapping.Failure` needs them."""
    facts: dict[str, Any] = {"kinds": [], "message": str(error)[:1000], "status": None, "errno": None}
    facts |= {"retry_after": None, "redirect_loop": False, "page": "", "in_extractor": False}
    for link in _chain(error):
        facts["kinds"].append(type(link).__name__)
        facts["in_extractor"] = facts["in_extractor"] or _is_of_extractor(link)
        response = getattr(link, "response", None)
        if facts["status"] is None and isinstance(getattr(link, "status", None), int):
            facts["status"] = link.status  # type: ignore[attr-defined]
            facts["redirect_loop"] = bool(getattr(link, "redirect_loop", False))
            facts["retry_after"] = _seconds(response.headers.get("Retry-After")) if response is not None else None
            facts["page"] = getattr(link, "page", "")
            if facts["status"] == 401 and response is not None and _asks_for_password(response):
                facts["kinds"].append(_LOGIN_WINDOW)
        if facts["errno"] is None and _has_errno(link):
            facts["errno"] = link.errno  # type: ignore[attr-defined]
        if isinstance(link, egress.Blocked):
            facts["message"] = str(link)
    return facts


def _has_errno(error: BaseException) -> bool:
    """Tell whether `errno` is one of the system: TLS and the names of hosts have numbers of their own."""
    if not isinstance(error, OSError) or isinstance(error, ssl.SSLError | socket.gaierror | socket.herror):
        return False
    return isinstance(error.errno, int) and error.errno in errno.errorcode


def _is_of_extractor(error: BaseException) -> bool:
    """Tell whether an extractor says that it failed, or its code did: not ours, called by it, nor the system."""
    if any(kind.__name__ == "ExtractorError" for kind in type(error).__mro__):
        return True
    if isinstance(error, OSError):
        return False
    frames = [frame.f_globals.get("__name__") or "" for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = (place for place, name in enumerate(frames) if name.startswith("mediafetcher."))
    return any(name.startswith("yt_dlp.extractor") for name in frames[max(ours, default=-1) + 1 :])


def _asks_for_password(response: Any) -> bool:
    """Tell whether a browser would show a dialog for a name and password, which no cookie replaces."""
    asked = ", ".join(response.headers.get_all("WWW-Authenticate") or ())
    return bool(_WITH_PASSWORD.search(asked))


def with_page(error: Any) -> Any:
    """Return an HTTP error that keeps the text of its page: the page is closed by the time the error is handled."""
    if not str(error.response.headers.get("Content-Type") or "").startswith("text/"):
        return error
    import io

    from yt_dlp.networking import Response
    from yt_dlp.networking.exceptions import HTTPError

    given = error.response
    data = b""
    with contextlib.suppress(Exception):
        data = given.read(_PAGE)
    copied = Response(io.BytesIO(data), given.url, given.headers, given.status, given.reason)
    copied.extensions = given.extensions
    again = HTTPError(copied, redirect_loop=error.redirect_loop)
    words = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", data.decode("utf-8", "replace"), flags=re.DOTALL)
    again.page = metadata.text(words, 2000) or ""
    return again


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting and len(found) < 20:
        link = waiting.pop(0)
        if not isinstance(link, BaseException) or link in found:
            continue
        found.append(link)
        carried = getattr(link, "exc_info", None)
        waiting += [getattr(link, "cause", None), carried[1] if isinstance(carried, tuple) else None]
        waiting += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
    return found


def _seconds(value: str | None) -> float | None:
    """Return `Retry-After` in seconds; its other form is a date."""
    if not value:
        return None
    if value.strip().isdigit():
        return min(float(value), 86400.0)
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, min(parsedate_to_datetime(value).timestamp() - time.time(), 86400.0))
    except (ValueError, TypeError):
        return None
