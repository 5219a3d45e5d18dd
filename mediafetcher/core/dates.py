"""Times that a user types: a day, a moment, or an age."""

import re
from datetime import UTC, date, datetime, timedelta

_AGE = re.compile(r"^(\d{1,5})d$", re.ASCII)
_DAY = timedelta(days=1)


def bound(text: str, now: datetime, *, end: bool = False) -> datetime:
    """Return the moment of a day such as 2026-01-31, of a time in ISO 8601, or of an age such as 30d.

    `end`: the moment after a whole day, so that `< bound` includes that day. A time without a zone is in UTC.

    Raises: ValueError, which says what is allowed.
    """
    try:
        if age := _AGE.match(text):
            return now - int(age[1]) * _DAY
        if len(text) <= 10:
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC) + (_DAY if end else 0 * _DAY)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a time: use 2026-01-31, 2026-01-31T18:00:00+00:00, or an age: 30d") from None
