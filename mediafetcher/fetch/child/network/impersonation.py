"""Imitate a browser in network requests (curl_cffi). Part of the fetch child.

curl_cffi connects outside Python, where no audit hook sees the address. So a separate kind of child uses it, made
only if the kernel leaves it no way but the gateway. Python in it connects to nothing at all, and curl gets that one
proxy for everything, which applies the egress rules (socks_proxy.py).

An ordinary child has no curl_cffi. If a site or its extractor asks for it, that child ends with `Wanted`, and
another one begins.
"""

import re
import sys
from typing import Any

from mediafetcher.net import egress

MODES = ("asked", "everywhere")  # when a child imitates a browser: if the extractor asks, or always
_REFUSED = re.compile(r"SOCKS5 connection to .*\(2\)", re.DOTALL)  # "not allowed by ruleset"


class Wanted(BaseException):
    """A browser is requested. Not an `Exception`: no code of yt-dlp may catch it."""

    def __init__(self, *, everywhere: bool) -> None:
        self.everywhere = everywhere  # for every request, since the site refuses all others


def absent() -> None:
    """Make the import of curl_cffi fail in an ordinary child."""
    sys.modules["curl_cffi"] = None  # type: ignore[assignment]


def telling(client: Any) -> Any:
    """Return yt-dlp's client for an ordinary child. It reports when a browser is requested."""

    class Telling(client):
        def _parse_impersonate_targets(self, impersonate: Any) -> Any:
            if impersonate:
                raise Wanted(everywhere=False)
            return super()._parse_impersonate_targets(impersonate)

        def _impersonate_target_available(self, target: Any) -> bool:
            raise Wanted(everywhere=True)

    return Telling


def parameters(browser: str | None) -> dict[str, Any]:
    """Return yt-dlp's option, which takes no plain value."""
    if browser != "everywhere":
        return {}
    from yt_dlp.networking.impersonate import ImpersonateTarget

    return {"impersonate": ImpersonateTarget()}


def only_curl(client: Any, proxy: str) -> None:
    """Leave this one of yt-dlp's request handlers, and give it one way out."""
    director = client._request_director
    for name in list(director.handlers):
        if name != "CurlCFFI":
            director.handlers.pop(name).close()
    handler = director.handlers["CurlCFFI"]
    handler._get_proxies = lambda request: {"all": proxy}  # for each request, whatever proxy it names itself
    plain = handler._get_instance

    def instance(**named: Any) -> Any:
        from curl_cffi.const import CurlOpt

        session = plain(**named)  # its options are those of the next request
        for option in (CurlOpt.PROTOCOLS_STR, CurlOpt.REDIR_PROTOCOLS_STR):
            session.curl.setopt(option, b"http,https")
        return session

    handler._get_instance = instance


def translated(error: Any) -> Any:
    """Return an error of curl as the egress filter would have raised it if our proxy refused the address."""
    if _REFUSED.search(str(error)):
        from yt_dlp.networking.exceptions import TransportError

        return TransportError(cause=egress.Blocked("address not allowed: private"))
    return error
