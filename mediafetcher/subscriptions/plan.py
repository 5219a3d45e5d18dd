"""Plan of a check: which entries are new, and the decision on each. Nothing is written here.

The dry run and the check use the same plan, so the first shows what the second does.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from mediafetcher.fetch.models import Listing
from mediafetcher.fetch.options import MAX_ENTRIES, Options
from mediafetcher.subscriptions import entries, filters

_FIRST_TIME = "before_following"
_OLDER = "older"


class Wishes(NamedTuple):
    """Wishes of a subscription."""

    owner: int
    options: Options
    filter: filters.Filter
    backfill: int | None  # how many existing entries are wanted; None: all


class Plan(NamedTuple):
    """The effect of a list on the memory."""

    order: str
    new: list[entries.Decided]  # oldest first
    changed: list[entries.Known]
    again: list[tuple[int, str | None]]  # entries that are decided again: reason to skip, or None


async def make(
    wishes: Wishes, subscription: int | None, found: Listing, *, first: bool, order: str = "unknown"
) -> Plan:
    """Plan a check. `first`: the source is seen for the first time, so that `backfill` counts.

    Raises `InvalidPattern`.
    """
    compared = await entries.compare(subscription, found.entries)
    order = learned_order(order, compared)
    new = [one for one in compared if isinstance(one, entries.New)]
    if order != "appended":
        new.reverse()
    ignored = _ignored(new, wishes.backfill) if first else _older(compared, found, order, wishes.backfill)
    reasons = await filters.decide(wishes.filter, [one.facts for one in new])
    owned = await entries.in_library(wishes.owner, new)
    decided = [
        _decided(one, ignored.get(one.key), reasons[number], owned.get(number), first=first)
        for number, one in enumerate(new)
    ]
    changed = [one for one in compared if isinstance(one, entries.Known) and one.changed]
    return Plan(order, decided, changed, await _decide_changed(wishes.filter, changed))


def learned_order(order: str, compared: Sequence[entries.Known | entries.New]) -> str:
    """Learn in which order a source lists its entries: by their dates, else by where new ones appear."""
    dated = order_of_dates([one.facts.published for one in compared])
    if dated is not None:
        return dated
    new = [number for number, one in enumerate(compared) if isinstance(one, entries.New)]
    known = [number for number, one in enumerate(compared) if isinstance(one, entries.Known)]
    if not new or not known:
        return order
    if new[-1] < known[0]:
        return "newest_first" if order in ("unknown", "newest_first") else "unordered"
    if new[0] > known[-1]:
        return "appended" if order in ("unknown", "appended") else "unordered"
    return order if order == "newest_first" and new[0] <= 3 else "unordered"  # pinned entries stand above new ones


def order_of_dates(published: Sequence[float | None]) -> str | None:
    """Return the order of a list by its dates. None if they do not tell."""
    dates = [date for date in published if date is not None]
    if len(dates) < 3 or len(set(dates)) == 1:
        return None
    pairs = list(itertools.pairwise(dates))
    if sum(a >= b for a, b in pairs) >= 0.9 * len(pairs):
        return "newest_first"
    return "appended" if all(a <= b for a, b in pairs) else "unordered"


def _ignored(new: list[entries.New], backfill: int | None) -> dict[str, str]:
    """Return the existing entries that are not wanted, by key: all but the last `backfill` of them."""
    unwanted = new if backfill == 0 else [] if backfill is None else new[:-backfill]
    return {one.key: _FIRST_TIME for one in unwanted}


def _older(
    compared: Sequence[entries.Known | entries.New], found: Listing, order: str, backfill: int | None
) -> dict[str, str]:
    """Return entries that came into sight because others went: they are older than what was ever read."""
    if order == "appended" or backfill is None or len(found.entries) < MAX_ENTRIES:
        return {}
    known = [number for number, one in enumerate(compared) if isinstance(one, entries.Known)]
    if not known or known[-1] < len(compared) // 2:
        return {}
    return {one.key: _OLDER for one in compared[known[-1] + 1 :] if isinstance(one, entries.New)}


def _decided(
    entry: entries.New, ignored: str | None, skipped: str | None, item: int | None, *, first: bool
) -> entries.Decided:
    if ignored:
        return entries.Decided(entry, "ignored", ignored)
    if skipped:
        return entries.Decided(entry, "skipped", skipped)
    if item is not None:
        return entries.Decided(entry, "done", "in_library", item)
    return entries.Decided(entry, "queued", "backfill" if first else "new")


async def _decide_changed(filter: filters.Filter, changed: Sequence[entries.Known]) -> list[tuple[int, str | None]]:
    """Decide again on skipped entries of which the list says something else now: a stream ended, a date is known."""
    settled = {"live"} if filter.live == "skip" else set()  # a stream that ended is skipped too
    reasons_to_change = set(filters.CHANGING) - settled
    skipped = [one for one in changed if one.decision == "skipped" and one.reason in reasons_to_change]
    reasons = await filters.decide(filter, [one.facts for one in skipped])
    return [(one.id, reason) for one, reason in zip(skipped, reasons, strict=True)]
