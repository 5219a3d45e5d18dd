"""Hours of each day in a time zone."""

import re
import zoneinfo
from datetime import datetime, time, timedelta

import msgspec

from mediafetcher.core import errors

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class DailyHours(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """From `start` to `end` as HH:MM, over midnight if `end` is earlier. `timezone`: a name; None: this machine's."""

    start: str
    end: str
    timezone: str | None = None


def require_valid(hours: DailyHours) -> None:
    """Raises: `Invalid` for times or a time zone that cannot be used."""
    if not _TIME.fullmatch(hours.start) or not _TIME.fullmatch(hours.end) or hours.start == hours.end:
        raise errors.Invalid("Hours are two different times as HH:MM.")
    _zone(hours)


def _zone(hours: DailyHours) -> zoneinfo.ZoneInfo | None:
    if hours.timezone is None:
        return None
    try:
        return zoneinfo.ZoneInfo(hours.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise errors.Invalid("This time zone is not known here: use a name like Europe/Paris, or none.") from None


def _local(hours: DailyHours, moment: datetime) -> datetime:
    try:
        return moment.astimezone(_zone(hours))
    except errors.Invalid:  # the zone was removed from this machine
        return moment.astimezone()


def contain(hours: DailyHours, moment: datetime) -> bool:
    """Tell whether an aware time lies in the hours."""
    start, end = time.fromisoformat(hours.start), time.fromisoformat(hours.end)
    clock = _local(hours, moment).time()
    return start <= clock < end if start < end else clock >= start or clock < end


def next_start(hours: DailyHours, moment: datetime) -> datetime:
    """Return when the hours begin next, after an aware time."""
    local = _local(hours, moment)
    start = datetime.combine(local.date(), time.fromisoformat(hours.start), local.tzinfo)
    return start if start > local else start + timedelta(days=1)
