"""Count how long servers of this database have run, independent of jumps of the wall clock.

One row holds the seconds. One of the processes that share the database adds to it, by the clock since the boot of its
machine; another takes over if that one has added nothing for a while. The sum is never more than the time that
really passed while a server ran.

Whatever is removed by its age has this value next to its time (triggers of the database write it). It is removed when
it is old by the wall clock **and** at least `DAY` of running, or its whole period if that is shorter, has passed.
"""

import uuid

from piccolo.columns.combination import WhereRaw
from piccolo.querystring import QueryString

from mediafetcher.core import clock, settings
from mediafetcher.db.tables import RunningTime

DAY = 86_400.0  # seconds of running after which the wall clock alone decides
_SILENT = 60.0  # seconds without an addition after which another process takes over
_PROCESS = uuid.uuid4().hex[:12]

_seen: tuple[str, float, float] | None = None  # the other process, its last addition, and when we first read that


async def advance() -> float:
    """Add the time since the last call, if this process is the one that adds. Returns: the seconds until now."""
    global _seen
    boot, us = clock.since_boot(), _us()
    table, ours = RunningTime, f"{us}:{_PROCESS}"
    # One process of several adds: who may, and the sum, are decided by the row.
    passed = QueryString("seconds + case when holder = {} then greatest(0, {}::float8 - boot) else 0 end", ours, boot)
    # A state folder has one locked process: an earlier one of the same installation has ended.
    free = table.holder.is_null() | (table.holder == ours) | WhereRaw("starts_with(holder, {})", f"{us}:")
    added = table.update({table.seconds: passed, table.holder: ours, table.boot: boot}).where(free)
    rows = await added.returning(table.seconds)
    if rows:
        return float(rows[0]["seconds"])
    row = await table.select(table.seconds, table.holder, table.boot).where(table.id == 1).first()
    assert row is not None
    if _seen is None or _seen[:2] != (row["holder"], row["boot"]):
        _seen = (row["holder"], row["boot"], boot)
    elif boot - _seen[2] > _SILENT:
        taken = table.update({table.holder: f"{us}:{_PROCESS}", table.boot: boot})
        await taken.where(table.holder == row["holder"], table.boot == row["boot"])
    return float(row["seconds"])


def least(period: float) -> float:
    """Return the running time, in seconds, that must have passed since a stamp before a period (s) can be over."""
    return min(period, DAY)


def _us() -> str:
    """Return the name of this installation; without one, of this process."""
    try:
        return (settings.get().state / "instance").read_text().strip() or _PROCESS
    except OSError:
        return _PROCESS
