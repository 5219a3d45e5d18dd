"""Filters of a subscription: the wishes of a user, and the decision on an entry.

A decision needs only what the list says of an entry. If a filter asks for a fact that the list does not have, the
reason says so (`MISSING`), and the source itself is looked at later.
"""

import datetime
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from mediafetcher.core import clock, errors
from mediafetcher.sandbox import parsing
from mediafetcher.subscriptions import patterns

_MAX_PATTERN = 500  # characters
_MATCH_SECONDS = 10.0  # for all titles of a check
_MAX_TITLES = 1000  # of one call, so that the limit is a limit for each of them too
_RELATIVE = re.compile(r"^(\d{1,5})d$")
_DAY = 86_400.0

# The list does not have a fact that the filter needs, and what that becomes if the source does not have it either.
MISSING = {"duration_unknown": "no_duration", "published_unknown": "no_date"}
CHANGING = (*MISSING, *MISSING.values(), "live", "upcoming")  # decided again when the list says something else
# Reasons of entries that are decided again when the filter changes.
OF_FILTER = (*CHANGING, "title", "excluded", "too_short", "too_long", "too_old", "too_new", "short")


class Filter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which entries are wanted. Patterns are regular expressions that are found in the title, case ignored.

    `since`, `until`: a day such as 2026-01-31, or an age such as 30d. `live`: wait until a stream has ended, record
    it, or skip it.
    """

    title_include: str | None = None
    title_exclude: str | None = None
    min_duration: float | None = None  # seconds
    max_duration: float | None = None  # seconds
    since: str | None = None
    until: str | None = None
    shorts: bool = True
    live: Literal["wait", "record", "skip"] = "wait"
    max_per_check: int | None = None  # downloads that one check begins; the others wait for the next one

    def __post_init__(self) -> None:
        for name in ("title_include", "title_exclude"):
            if len(getattr(self, name) or "") > _MAX_PATTERN:
                raise ValueError(f"{name} has at most {_MAX_PATTERN} characters")
        for name in ("min_duration", "max_duration"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 30 * _DAY:
                raise ValueError(f"{name} is a number of seconds")
        for name in ("since", "until"):
            _parse_time(name, getattr(self, name))
        if self.max_per_check is not None and not 1 <= self.max_per_check <= 5000:
            raise ValueError("max_per_check is from 1 to 5000")


class Facts(NamedTuple):
    """Facts that a list has of an entry. `duration` in seconds, `published` in seconds since 1970."""

    url: str
    title: str | None
    duration: float | None
    published: float | None
    live_status: str | None


async def check_patterns(filter: Filter) -> None:
    """Raise `InvalidPattern` if a pattern is not a regular expression, or takes too long."""
    await decide(filter, [Facts("", "a" * 200, None, None, None)])


async def decide(filter: Filter, entries: Sequence[Facts]) -> list[str | None]:
    """Decide on entries. Returns: for each the reason to skip it, None if it is wanted. Raises `InvalidPattern`."""
    matched = await _match(filter, [entry.title or "" for entry in entries])
    now = clock.now().timestamp()
    return [
        _reason(filter, entry, now, included=included, excluded=excluded)
        for entry, (included, excluded) in zip(entries, matched, strict=True)
    ]


async def _match(filter: Filter, titles: list[str]) -> list[tuple[bool, bool]]:
    include, exclude = filter.title_include or "", filter.title_exclude or ""
    if not include and not exclude:
        return [(False, False)] * len(titles)
    found: list[tuple[bool, bool]] = []
    for start in range(0, len(titles), _MAX_TITLES):
        some = titles[start : start + _MAX_TITLES]
        try:
            found += await parsing.call(patterns.match, include, exclude, some, deadline=_MATCH_SECONDS)
        except errors.ParserFailed:
            named = " or ".join(repr(text[:100]) for text in (include, exclude) if text)
            raise errors.InvalidPattern(f"The pattern {named} takes too long to match. Make it simpler.") from None
    return found


def _reason(filter: Filter, entry: Facts, now: float, *, included: bool, excluded: bool) -> str | None:
    """Return why an entry is skipped, None if it is wanted."""
    if filter.title_include and not included:
        return "title"
    if excluded:
        return "excluded"
    if not filter.shorts and "/shorts/" in entry.url:
        return "short"
    return _of_live(filter, entry) or _of_time(filter, entry, now) or _of_duration(filter, entry)


def _of_live(filter: Filter, entry: Facts) -> str | None:
    unwanted = ("is_live", "is_upcoming", "post_live", *(("was_live",) if filter.live == "skip" else ()))
    if filter.live == "record" or entry.live_status not in unwanted:
        return None
    return "upcoming" if entry.live_status == "is_upcoming" else "live"


def _of_duration(filter: Filter, entry: Facts) -> str | None:
    if filter.min_duration is None and filter.max_duration is None:
        return None
    if entry.duration is None:
        return "duration_unknown"
    if filter.min_duration is not None and entry.duration < filter.min_duration:
        return "too_short"
    if filter.max_duration is not None and entry.duration > filter.max_duration:
        return "too_long"
    return None


def _of_time(filter: Filter, entry: Facts, now: float) -> str | None:
    since, until = _time_of(filter.since, now), _time_of(filter.until, now)
    if since is None and until is None:
        return None
    if entry.published is None:
        return "published_unknown"
    if since is not None and entry.published < since:
        return "too_old"
    if until is not None and entry.published >= until:
        return "too_new"
    return None


def _time_of(text: str | None, now: float) -> float | None:
    parsed = _parse_time("time", text)
    if parsed is None or isinstance(parsed, datetime.date):
        return None if parsed is None else _midnight(parsed)
    return now - parsed


def _midnight(day: datetime.date) -> float:
    return datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC).timestamp()


def _parse_time(name: str, text: str | None) -> datetime.date | float | None:
    """Convert a day, or an age to seconds. Raises ValueError."""
    if text is None:
        return None
    if age := _RELATIVE.match(text):
        return int(age[1]) * _DAY
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} is a day such as 2026-01-31, or an age such as 30d") from None
