"""Load in advance what every fetch needs of yt-dlp. For the program that forks (zygote.py).

A fork inherits everything that its parent has computed: modules, the patterns of two thousand extractors, the
certificates, and many small objects that yt-dlp makes at their first use. Measured for one film of 1 MiB from a
plain site: 100 ms of CPU time without, 35 ms with all of it.
"""

import contextlib
import functools
from typing import Any

from mediafetcher.core import settings
from mediafetcher.fetch.child.network import certificates, impersonation
from mediafetcher.fetch.options import Options, ydl_options

_LINK = "http://127.0.0.1/film.mp4"


def preload() -> None:
    """Load everything. Makes no network access."""
    impersonation.absent()
    import m3u8  # noqa: F401
    import requests  # noqa: F401

    certificates.install()

    for extractor in extractors().values():
        extractor.suitable(_LINK)  # compiles its pattern
    with contextlib.suppress(Exception):  # a yt-dlp that works differently does these things in the fork
        rehearse()


@functools.cache
def extractors() -> dict[str, Any]:
    """Return the extractors that yt-dlp uses by default, in its order (its own way to them takes 40 ms)."""
    from yt_dlp.extractor import gen_extractor_classes

    return {found.ie_key(): found for found in gen_extractor_classes() if getattr(found, "_ENABLED", True)}


def equip(client: Any) -> None:
    """Give all extractors to a client that has none. Adding them one by one costs a fork 7 ms: each is written to."""
    if hasattr(client, "_ies"):
        client._ies = extractors()
    else:
        for extractor in extractors().values():
            client.add_info_extractor(extractor)


def rehearse() -> None:
    """Run the steps of a fetch with a film that does not exist, up to its bytes."""
    import yt_dlp
    import yt_dlp.networking.common as networking
    from yt_dlp.utils import unified_timestamp

    # Reading the certificates takes longest; a fork makes one kind of context, so it can use this one.
    networking.make_ssl_context = functools.cache(networking.make_ssl_context)
    client = yt_dlp.YoutubeDL(ydl_options(Options(), settings.Settings()), auto_init=False)
    client.get_info_extractor("Generic")._generic_title(_LINK)
    for handler in client._request_director.handlers.values():
        handler._make_sslcontext()
    known = {"extractor": "generic", "extractor_key": "Generic", "webpage_url": _LINK, "id": "film", "title": "film"}
    client.process_ie_result(known | {"url": _LINK, "ext": "mp4", "timestamp": 0}, download=False)
    client.close()
    unified_timestamp("Thu, 01 Jan 1970 00:00:00 GMT")  # tries fifty formats, and makes a pattern of each
