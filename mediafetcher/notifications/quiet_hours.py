"""Hours in which a target gets no messages. Events of that time wait until they end."""

from mediafetcher.core import daily_hours


class QuietHours(daily_hours.DailyHours, forbid_unknown_fields=True, frozen=True):
    """From `start` to `end` as HH:MM, over midnight if `end` is earlier. `timezone`: a name; None: this machine's."""
