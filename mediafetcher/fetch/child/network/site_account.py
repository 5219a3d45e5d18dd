"""A name and password of a site, for its extractors alone. Part of the fetch child.

yt-dlp gives a name and password to every extractor that can sign in: also to that of another site, whose film is on the
page. Here only extractors of the same `_NETRC_MACHINE` as that of the link get them, as with a `.netrc`.
"""

from typing import Any
from urllib.parse import urlsplit

from mediafetcher.fetch.child import preload
from mediafetcher.net import urls


def install(login: list[Any] | None, url: str, extractor: Any) -> list[Any] | None:
    """Give the account of a site to the extractors that sign in there. Returns: the login that is left for HTTP Basic.

    `extractor`: yt-dlp's base class of them. A login for HTTP Basic is returned as it is.
    """
    given = urls.Login(*login) if login else None
    if given is None or not given.for_site:
        return login
    machine, host = machine_of(url), urlsplit(url).hostname or ""
    if machine is None:
        return login

    def login_info(self: Any, *_: Any, **named: Any) -> tuple[str | None, str | None]:
        asked = named.get("netrc_machine") or machine  # some extractors serve several sites
        ours = machine == self._NETRC_MACHINE and (asked == machine or _belongs(host, str(asked)))
        return (given.user, given.password) if ours else (None, None)

    extractor._get_login_info = login_info
    return None


def machine_of(url: str) -> str | None:
    """Return the name by which the extractor of a link looks up its account; None if it cannot sign in."""
    found = next((one for key, one in preload.extractors().items() if key != "Generic" and one.suitable(url)), None)
    machine = getattr(found, "_NETRC_MACHINE", None)
    return machine if isinstance(machine, str) else None


def _belongs(host: str, site: str) -> bool:
    return host == site or host.endswith(f".{site}") or site in host.split(".")
