"""Proof-of-origin tokens for YouTube, from a provider that speaks bgutil's HTTP interface. Part of the fetch child.

The provider has a way of its own through the gateway, which leads to it alone: nothing else of a fetch can reach it,
whatever a site redirects to. The token is never written: messages from here are fixed sentences.
"""

import http.client
import json
import socket
import ssl
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mediafetcher.fetch import gateway_client
from mediafetcher.fetch.child.protocol import Channel

_SECONDS = 60.0  # the provider runs a challenge of the site, which takes a few seconds
_MAX_ANSWER = 64 << 10  # bytes


class Provider(NamedTuple):
    """The address of the provider, and the way to it."""

    url: str
    way: gateway_client.Way

    @classmethod
    def of(cls, order: dict[str, Any] | None) -> "Provider | None":
        return cls(order["url"], gateway_client.Way(**order["way"])) if order else None


class ProviderFailed(Exception):
    """The provider gave no token. The message is a fixed sentence."""


def install(provider: Provider | None, channel: Channel) -> None:
    """Let yt-dlp's YouTube extractor ask the provider. A yt-dlp without that framework is reported."""
    if provider is None:
        return
    used = provider
    try:
        from yt_dlp.extractor.youtube.pot import provider as framework
        from yt_dlp.extractor.youtube.pot.utils import WEBPO_CLIENTS, get_webpo_content_binding

        class MediaFetcherPTP(framework.PoTokenProvider):
            PROVIDER_NAME = "mediafetcher"
            BUG_REPORT_LOCATION = "the operator of this server"
            _SUPPORTED_CLIENTS = WEBPO_CLIENTS
            _SUPPORTED_CONTEXTS = tuple(framework.PoTokenContext)
            _SUPPORTED_EXTERNAL_REQUEST_FEATURES = None  # it makes no request to a site itself

            def is_available(self) -> bool:
                return True

            def _real_request_pot(self, request: Any) -> Any:
                binding = get_webpo_content_binding(request)[0]
                if not binding:
                    raise framework.PoTokenProviderRejectedRequest("no content to bind a token to")
                try:
                    token = fetch_token(used, binding, bypass_cache=bool(request.bypass_cache))
                except ProviderFailed as error:
                    channel.warn(f"No PO token: {error}")
                    raise framework.PoTokenProviderRejectedRequest(str(error)) from None
                return framework.PoTokenResponse(token)

        framework.register_provider(MediaFetcherPTP)
    except (ImportError, AttributeError, AssertionError, TypeError):
        channel.warn("No PO token: this yt-dlp cannot ask a provider for one.")


def fetch_token(provider: Provider, binding: str, *, bypass_cache: bool) -> str:
    """Ask the provider for a token that is bound to this content. Raises: `ProviderFailed`."""
    parts = urlsplit(provider.url)
    body = json.dumps({"content_binding": binding, "bypass_cache": bypass_cache})
    try:
        connection = _connection(provider)
        try:
            path = parts.path.rstrip("/") + "/get_pot"
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            raw = response.read(_MAX_ANSWER + 1)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError):
        raise ProviderFailed("the provider does not answer.") from None
    if response.status != http.client.OK:
        raise ProviderFailed(f"the provider answers with status {response.status}.")
    return _token(raw)


def _token(raw: bytes) -> str:
    try:
        token = json.loads(raw)["poToken"]
    except (ValueError, TypeError, KeyError):
        token = None
    if len(raw) > _MAX_ANSWER or not isinstance(token, str) or not token:
        raise ProviderFailed("the answer of the provider has no token.")
    return token


def _connection(provider: Provider) -> http.client.HTTPConnection:
    """Return a connection to the provider, made through the gateway."""
    parts = urlsplit(provider.url)
    host, tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    there: socket.socket = gateway_client.connection(provider.way, host, port, _SECONDS)
    if tls:
        from yt_dlp.networking._helper import make_ssl_context

        context: ssl.SSLContext = make_ssl_context(verify=True)
        there = context.wrap_socket(there, server_hostname=host)
    made = http.client.HTTPConnection(host, port)
    made.sock = there
    return made
