"""Hours in which a target gets no messages. Events of that time wait until they end."""

import re
import zoneinfo
from datetime import datetime, time

import msgspec

from mediafetcher.core import errors

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class QuietHours(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """From `start` to `end` as HH:MM, over midnight if `end` is earlier. `timezone`: a name; None: this machine's."""

    start: str
    end: str
    timezone: str | None = None


def require_valid(quiet: QuietHours) -> None:
    """Raises: `Invalid` for times or a time zone that cannot be used."""
    if not _TIME.fullmatch(quiet.start) or not _TIME.fullmatch(quiet.end) or quiet.start == quiet.end:
        raise errors.Invalid("Quiet hours are two different times as HH:MM.")
    _zone(quiet)


def _zone(quiet: QuietHours) -> zoneinfo.ZoneInfo | None:
    if quiet.timezone is None:
        return None
    try:
        return zoneinfo.ZoneInfo(quiet.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise errors.Invalid("This time zone is not known here: use a name like Europe/Paris, or none.") from None


def are_now(quiet: QuietHours, now: datetime) -> bool:
    """Tell whether the aware time `now` lies in the quiet hours."""
    try:
        local = now.astimezone(_zone(quiet))
    except errors.Invalid:  # the zone was removed from this machine
        local = now.astimezone()
    start, end = time.fromisoformat(quiet.start), time.fromisoformat(quiet.end)
    clock = local.time()
    return start <= clock < end if start < end else clock >= start or clock < end
