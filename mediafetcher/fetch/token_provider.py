"""The PO token provider of the settings: whether it answers. Only the fetch child asks it for tokens (po_tokens.py)."""

import asyncio
import http.client
import urllib.error
import urllib.request
from typing import Literal

import msgspec

from mediafetcher.core import settings, text

_SECONDS = 5.0
_MAX_ANSWER = 64 << 10  # bytes


class TokenProvider(msgspec.Struct):
    """The PO token provider for YouTube. `off`: none is set. `version` is what the provider says of itself."""

    state: Literal["off", "available", "unavailable"]
    url: str | None = None
    version: str | None = None
    reason: str | None = None


class _Ping(msgspec.Struct):
    version: str = ""


async def status() -> TokenProvider:
    """Ask the provider of the settings whether it works."""
    return await asyncio.to_thread(look, settings.get().po_token_provider)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like another: it could lead to any host of this network."""

    def redirect_request(self, *_: object) -> None:
        return None


def look(url: str | None) -> TokenProvider:
    """Ask the provider at this address whether it works. It blocks for at most some seconds."""
    if url is None:
        return TokenProvider("off")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(f"{url.rstrip('/')}/ping", timeout=_SECONDS) as answer:
            version = msgspec.json.decode(answer.read(_MAX_ANSWER), type=_Ping).version
    except urllib.error.HTTPError as error:
        error.close()
        return TokenProvider("unavailable", url, reason=f"it answers with status {error.code}")
    except (OSError, http.client.HTTPException):
        return TokenProvider("unavailable", url, reason="it does not answer")
    except (msgspec.MsgspecError, ValueError):
        return TokenProvider("unavailable", url, reason="it does not answer like a PO token provider")
    return TokenProvider("available", url, text.one_line(version, 40) or None)
