"""The certificate authorities that a fetch trusts: those of yt-dlp, the system's, and the user's own."""

import contextlib
import os
import ssl
from typing import Any

ENVIRONMENT = "MF_CA_FILE"  # the setting CA_FILE, for the children
_SYSTEM = "/etc/ssl/certs/ca-certificates.crt"  # for an OpenSSL that was built for another path


def install() -> None:
    """Let yt-dlp trust them all. SSL_CERT_FILE and SSL_CERT_DIR replace those of the system, as everywhere."""
    from yt_dlp.networking import _helper as helper

    given = helper.ssl_load_certs
    if getattr(given, "__module__", "") == __name__:
        return

    def load(context: ssl.SSLContext, *arguments: Any, **options: Any) -> None:
        given(context, *arguments, **options)
        with contextlib.suppress(OSError):  # ssl.SSLError is among them
            context.load_default_certs()
        if "SSL_CERT_FILE" not in os.environ:
            _add(context, _SYSTEM)
        _add(context, os.environ.get(ENVIRONMENT, ""))

    helper.ssl_load_certs = load


def _add(context: ssl.SSLContext, path: str) -> None:
    with contextlib.suppress(OSError):
        if path:
            context.load_verify_locations(path)
