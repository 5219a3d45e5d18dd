"""Read as little of a source as its order allows.

A source that shows its newest entries first is read by one page. A longer list in another order is read again only if
its fingerprint changed: the count that its site names, and a hash of its first page. If it only grew at its end, its
end alone is read. Once a week, and if anything else is unclear, the list is read as a whole.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from mediafetcher.downloads import dedup
from mediafetcher.fetch.models import Entry, Listing
from mediafetcher.fetch.options import MAX_ENTRIES, Options
from mediafetcher.subscriptions import entries, listing, plan

MAX_LIST = 100_000  # entries of one source
_OVERLAP = listing.PAGE  # known entries that are read again before the end of a list that grew


class Known(NamedTuple):
    """Knowledge of a subscription about its source."""

    id: int
    order: str
    backfill: int | None
    full_list_due: bool
    list_count: int | None
    list_mark: str | None


class Reading(NamedTuple):
    """Entries of a source. `full`: the whole list. `entries`, `mark`: its fingerprint, if the site names a count.

    `learns`: the order of the entries can be learned from it. `costly`: nothing short of the whole list tells of news.
    """

    found: Listing
    full: bool
    entries: int | None = None
    mark: str | None = None
    learns: bool = True
    costly: bool = False


def may_be_shared(url: str, options: Options) -> bool:
    """Tell whether what is read without cookies is the same for every user: not by a user's proxy or plain http."""
    return not dedup.is_private(url, url, options, cookies=False)


async def read(owner: int, url: str, options: Options, known: Sequence[Known]) -> Reading:
    """Read a source for subscriptions that follow it. Raises as `Fetch`, and `NotAList`."""
    if not any(one.full_list_due for one in known):
        orders = {one.order for one in known}
        if orders == {"newest_first"}:
            part = await _first_page(owner, url, options, known)
        elif orders <= {"appended", "unordered"} and all(one.list_count and one.list_mark for one in known):
            part = await _by_fingerprint(owner, url, options, known)
        else:
            part = None
        if part is not None:
            return part
    return await _whole(owner, url, options, known)


async def _first_page(owner: int, url: str, options: Options, known: Sequence[Known]) -> Reading | None:
    """Read one page. Returns: None if its last entry is new to a subscription, so that more must be read."""
    found = await listing.read(owner, url, options, limit=listing.PAGE)
    if len(found.entries) < listing.PAGE:
        return Reading(found, full=True)
    return Reading(found, full=False) if await _all_know(known, found.entries[-1]) else None


async def _by_fingerprint(owner: int, url: str, options: Options, known: Sequence[Known]) -> Reading | None:
    page = await listing.read(owner, url, options, limit=listing.PAGE)
    if len(page.entries) < listing.PAGE:
        return Reading(page, full=True)
    mark = _mark(page.entries)
    if page.count is None or any(one.list_mark != mark for one in known):
        return None
    counts = [one.list_count or 0 for one in known]
    if set(counts) == {page.count}:
        return Reading(page, full=False, entries=page.count, mark=mark, learns=False)
    if page.count < max(counts) or any(one.order != "appended" for one in known):
        return None
    start = max(1, min(counts) - _OVERLAP + 1)
    if page.count - start >= MAX_ENTRIES:
        return None
    tail = await listing.read(owner, url, options, first=start, limit=page.count - start + 1)
    if not tail.entries or not await _all_know(known, tail.entries[0]):
        return None
    return Reading(tail, full=False, entries=page.count, mark=mark, learns=False)


async def _all_know(known: Sequence[Known], entry: Entry) -> bool:
    for one in known:
        if not isinstance((await entries.compare(one.id, [entry]))[0], entries.Known):
            return False
    return True


async def _whole(owner: int, url: str, options: Options, known: Sequence[Known]) -> Reading:
    """Read the list in parts; of a source that shows its newest first only the first part, if nothing older counts."""
    found = await listing.read(owner, url, options)
    rows, part = list(found.entries), found
    while len(part.entries) == MAX_ENTRIES and len(rows) < MAX_LIST and not _newest_suffice(rows, known):
        part = await listing.read(owner, url, options, first=len(rows) + 1, limit=MAX_ENTRIES)
        rows += part.entries
    whole = replace(found, entries=tuple(rows))
    long = len(rows) > listing.PAGE
    if found.count is None or not long:
        return Reading(whole, full=True, costly=long)
    return Reading(whole, full=True, entries=found.count, mark=_mark(rows[: listing.PAGE]))


def _newest_suffice(rows: Sequence[Entry], known: Sequence[Known]) -> bool:
    if any(one.backfill is None for one in known):
        return False
    dates = plan.order_of_dates([entry.published for entry in rows])
    return dates == "newest_first" or (dates is None and all(one.order == "newest_first" for one in known))


def _mark(rows: Sequence[Entry]) -> str:
    """Return a hash of the first entries of a list, without what a site counts or renames."""
    return hashlib.sha256("\n".join(entries.key_of(entry.url) for entry in rows).encode()).hexdigest()[:32]
