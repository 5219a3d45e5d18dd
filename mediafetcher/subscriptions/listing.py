"""Read the list of a source as its site shows it, flat: one page of it, or all of it up to a limit."""

import msgspec

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import errors
from mediafetcher.downloads import preview, site_rules
from mediafetcher.fetch.client import Fetch
from mediafetcher.fetch.models import Info, Listing
from mediafetcher.fetch.options import MAX_ENTRIES, Options, Playlist
from mediafetcher.net import urls

PAGE = 50  # entries of a check of a source that shows its newest first


async def read(
    owner: int,
    url: str,
    options: Options,
    *,
    first: int = 1,
    limit: int = MAX_ENTRIES,
    login: urls.Login | None = None,
) -> Listing:
    """Read up to `limit` entries of a list from number `first` on. An empty one is a list.

    It is read with the user's cookies, and the given or the stored login. Raises as `Fetch`, and `NotAList`.
    """
    login = login or await cookie_jars.login_for(owner, url)
    wanted = msgspec.structs.replace(_transport(options), playlist=Playlist(limit=limit))
    async with (
        preview.scratch() as folder,
        cookie_jars.borrow(owner, url) as jar,
        Fetch(
            url,
            await site_rules.for_request(owner, url, wanted, signed_in=bool(jar or login)),
            folder,
            jar.text if jar else None,
            login=login,
            mode="list",
            first=first,
        ) as source,
    ):
        found = await source.look(empty=True)
    if not isinstance(found, Listing):
        raise errors.NotAList()
    return found


async def look(owner: int, url: str, options: Options) -> Info:
    """Look at one entry, for facts that its list does not have. Raises as `Fetch`."""
    login = await cookie_jars.login_for(owner, url)
    async with (
        preview.scratch() as folder,
        cookie_jars.borrow(owner, url) as jar,
        Fetch(
            url,
            await site_rules.for_request(owner, url, _transport(options), signed_in=bool(jar or login)),
            folder,
            jar.text if jar else None,
            login=login,
        ) as source,
    ):
        found = await source.look()
    if isinstance(found, Listing):
        raise errors.IsPlaylist()
    return found


def _transport(options: Options) -> Options:
    """Keep of the wishes for downloads only how they travel."""
    return Options(proxy=options.proxy, impersonate=options.impersonate)
