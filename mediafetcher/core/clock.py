"""The time of this machine, in one place.

Times that are kept (leases, retries, trash) are the database's `now()`; this is for measuring and for files.
"""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that only go forward."""
    return time.monotonic()


def since_boot() -> float:
    """Seconds since this machine started, its sleep included; no jump of the wall clock changes it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
