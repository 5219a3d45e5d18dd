"""Lists that a dry run has read, kept for a few minutes: each change of a filter asks for the same list again."""

import asyncio
from dataclasses import dataclass, field

from mediafetcher.fetch.models import Listing
from mediafetcher.fetch.options import Options
from mediafetcher.net import urls
from mediafetcher.subscriptions import listing

_SECONDS = 180.0
_MOST = 4  # lists of all users; one has up to 5,000 entries, about 2 MB


@dataclass
class _Kept:
    lists: dict[tuple[int, str, str, urls.Login | None], Listing] = field(default_factory=dict)


_kept = _Kept()


async def read(owner: int, url: str, options: Options, login: urls.Login | None = None) -> Listing:
    """Read a list, or answer with the one that this user's last dry run of it has read.

    Raises as `listing.read`. A failure is not kept.
    """
    key = (owner, url, f"{options.proxy} {options.impersonate}", login)
    found = _kept.lists.get(key)
    if found is None:
        found = await listing.read(owner, url, options, login=login)
        while len(_kept.lists) >= _MOST:
            _kept.lists.pop(next(iter(_kept.lists)))
        _kept.lists[key] = found
        asyncio.get_running_loop().call_later(_SECONDS, _kept.lists.pop, key, None)
    return found


def forget() -> None:
    """Drop what is kept."""
    _kept.lists.clear()
