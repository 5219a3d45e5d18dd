"""The clocks of this machine.

Stored times (leases, retries, trash) use the database's `now()`. This module is for measurements and for files.
"""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present time in UTC, with its time zone."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return monotonic seconds."""
    return time.monotonic()


def since_boot() -> float:
    """Return the seconds since this machine booted, including suspend. Changes of the wall clock have no effect."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
