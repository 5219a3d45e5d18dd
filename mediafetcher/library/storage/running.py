"""How long servers of this database have run, as no jump of a wall clock can change it.

One row holds the seconds. One process of all that share the database adds to it, by the clock since the boot of its
machine; another takes over when that one has added nothing for a while. So the sum is never more than the time that
really passed while a server ran.

What goes by its age keeps this value beside its time (triggers of the database write it). It goes when it is old by
the wall clock **and** at least `DAY` of running, or its whole period where that is shorter, has passed since.
"""

import uuid

from mediafetcher.core import clock, settings
from mediafetcher.db import engine

DAY = 86_400.0  # seconds of running after which the wall clock alone decides
_SILENT = 60.0  # seconds without an addition after which another process takes over
_PROCESS = uuid.uuid4().hex[:12]

_ADD = """
update running_time set seconds = seconds + case when holder = $1 then greatest(0, $2 - boot) else 0 end,
  holder = $1, boot = $2
where holder is null or holder = $1 or starts_with(holder, $3) returning seconds
"""

_seen: tuple[str, float, float] | None = None  # the other process, its last addition, and when we first saw that


async def advance() -> float:
    """Add the time since the last call, if this process is the one that adds -> the seconds until now."""
    global _seen
    boot, us = clock.since_boot(), _us()
    # Only one process has the lock of a state folder: an earlier one of the same installation has ended.
    seconds = await engine.fetchval(_ADD, f"{us}:{_PROCESS}", boot, f"{us}:")
    if seconds is not None:
        return float(seconds)
    row = await engine.fetchrow("select seconds, holder, boot from running_time where id = 1")
    assert row is not None
    if _seen is None or _seen[:2] != (row["holder"], row["boot"]):
        _seen = (row["holder"], row["boot"], boot)
    elif boot - _seen[2] > _SILENT:
        await engine.execute(
            "update running_time set holder = $1, boot = $2 where holder = $3 and boot = $4",
            f"{us}:{_PROCESS}",
            boot,
            row["holder"],
            row["boot"],
        )
    return float(row["seconds"])


def least(period: float) -> float:
    """The running time, in seconds, that must have passed since a stamp before a period (s) can be over."""
    return min(period, DAY)


def _us() -> str:
    """The name of this installation; without one, of this process."""
    try:
        return (settings.get().state / "instance").read_text().strip() or _PROCESS
    except OSError:
        return _PROCESS
