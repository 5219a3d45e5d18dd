"""Schedule of a subscription's downloads: hours of the day, daily limits, and pauses between two of them.

Entries beyond it keep waiting. The subscription is checked again when the next of them may begin.
"""

import json
import random
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from piccolo.query.functions.aggregate import Max

from mediafetcher.core import clock, daily_hours, errors
from mediafetcher.core.daily_hours import DailyHours
from mediafetcher.db import engine
from mediafetcher.db.expressions import NOW
from mediafetcher.db.tables import SubscriptionEntry

_AHEAD = timedelta(hours=1)  # downloads that begin later than that are submitted by a later check
_SOON = timedelta(minutes=15)

# Downloads of the last 24 hours with their known sizes, and the average of all: one round trip over five tables.
_TODAY = """
select count(*) as number, coalesce(sum(coalesce(m.size, d.size)), 0)::bigint as bytes,
  count(*) filter (where m.id is null and d.size is null and d.state not in ('failed', 'cancelled')) as unknown,
  min(e.submitted_at) as oldest,
  (select avg(f.size)::float8 from subscription_entry o join library_item j on j.id = o.item
    join media_file f on f.id = j.media_file where o.subscription = $1) as average
from subscription_entry e left join download d on d.id = e.download left join library_item i on i.id = e.item
  left join media_file m on m.id = i.media_file
where e.subscription = $1 and e.submitted_at > now() - interval '1 day' and e.reason <> 'in_library'
"""


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When the downloads of a subscription begin. `daily_downloads`, `daily_bytes`: at most, in 24 hours.

    `pause_seconds`: between the beginnings of two downloads, on average; each pause is random.
    """

    hours: DailyHours | None = None
    daily_downloads: int | None = None
    daily_bytes: int | None = None
    pause_seconds: int | None = None

    def __post_init__(self) -> None:
        if self.hours is not None:
            try:
                daily_hours.require_valid(self.hours)
            except errors.Invalid as problem:
                raise ValueError(f"hours: {problem.detail}") from None
        if self.daily_downloads is not None and not 1 <= self.daily_downloads <= 5000:
            raise ValueError("daily_downloads is from 1 to 5000")
        if self.daily_bytes is not None and not 1 <= self.daily_bytes < 2**63:
            raise ValueError("daily_bytes is a positive number of bytes")
        if self.pause_seconds is not None and not 1 <= self.pause_seconds <= 3600:
            raise ValueError("pause_seconds is from 1 to 3600")


class Allowance(NamedTuple):
    """How many downloads may be submitted now. `again`: when the next ones may be, if there are more."""

    number: int
    again: datetime | None
    begin: datetime  # of the first of them


def encode(schedule: Schedule) -> str:
    """Return a schedule as its column has it: only what is set."""
    return json.dumps(msgspec.to_builtins(schedule))


async def allowance(id: int, schedule: Schedule) -> Allowance:
    """Return what a subscription may submit now, by its schedule."""
    now = clock.now()
    if schedule.hours is not None and not daily_hours.contain(schedule.hours, now):
        return Allowance(0, daily_hours.next_start(schedule.hours, now), now)
    number, again = 1_000_000, None
    if schedule.daily_downloads is not None or schedule.daily_bytes is not None:
        number, again = await _today(id, schedule, now)
    begin = now
    if schedule.pause_seconds is not None:
        entry, download = SubscriptionEntry, SubscriptionEntry.download._
        waiting = (entry.subscription == id) & (download.state == "queued") & (download.run_after > NOW)
        last = await entry.select(Max(download.run_after, alias="last")).where(waiting).first()
        begin = max(now, last["last"] or now) if last is not None else now
        paced = max(0, int((now + _AHEAD - begin).total_seconds() // schedule.pause_seconds) + 1)
        if paced < number:
            number, again = paced, now + _AHEAD
    return Allowance(number, again, begin)


async def _today(id: int, schedule: Schedule, now: datetime) -> tuple[int, datetime]:
    row = await engine.fetchrow(_TODAY, id)
    assert row is not None
    freed = row["oldest"] + timedelta(days=1) if row["oldest"] is not None else now + _SOON
    number = 1_000_000
    if schedule.daily_downloads is not None:
        number = max(0, schedule.daily_downloads - row["number"])
    if schedule.daily_bytes is not None:
        free = schedule.daily_bytes - row["bytes"] - row["unknown"] * (row["average"] or 0)
        if row["average"]:
            number = min(number, max(0, -int(-free // row["average"])))
        else:  # one at a time, until a size is known
            number = min(number, 1 if free > 0 and not row["unknown"] else 0)
            freed = now + _SOON if free > 0 else freed
    return number, freed


def pause(schedule: Schedule) -> timedelta:
    """Return a random pause before the next download."""
    return timedelta(seconds=(schedule.pause_seconds or 0) * random.uniform(0.5, 1.5))  # noqa: S311
