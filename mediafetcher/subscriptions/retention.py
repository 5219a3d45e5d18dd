"""Retention: which items of a subscription are no longer wanted. They go to the trash, never past it.

The preview and the removal ask the same query, so the first shows what the second does. An item goes only if every
subscription of its user that has it agrees, if a subscription fetched it, and if the user did not mark it with `keep`.
Retention removes an item once: a restored one stays.
"""

import json
from typing import Any

import msgspec
from piccolo.columns.combination import WhereRaw

from mediafetcher.core import errors, logging
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW, among
from mediafetcher.db.tables import Subscription, SubscriptionEntry
from mediafetcher.library.catalog import trash, watching
from mediafetcher.library.storage import clock_guard, ownership

_DAYS = 36_500
_DAY = 86_400.0
_SHOWN = 1000  # items that a preview lists
_log = logging.get("following")

# An item that was in the library before counts for `keep_last`, and is never removed.
_DUE = f"""
with entry as (
  select e.id, e.subscription, e.item, i.title, i.created_at, i.keep, m.size,
    coalesce(i.published_at, e.published_at, e.first_seen_at) as published,
    e.reason <> 'in_library' and i.created_at >= e.first_seen_at as fetched,
    case when s.id = $2 then $3::text::jsonb else s.retention end as retention,
    case when {watching.IS_SEEN} then w.updated_at end as watched_at
  from subscription s join subscription_entry e on e.subscription = s.id
    join library_item i on i.id = e.item and i.owner = s.owner and i.trashed_at is null
    join media_file m on m.id = i.media_file left join watch w on w.media_file = m.id and w.owner = s.owner
  where s.owner = $1 and e.removed_at is null),
placed as (
  select *, row_number() over (partition by subscription, keep order by published desc, id desc) as place from entry),
judged as (
  select *, case
    when place > (retention ->> 'keep_last')::bigint then 'keep_last'
    when created_at <= to_timestamp($4::float8 - (retention ->> 'keep_days')::float8 * 86400) then 'keep_days'
    when watched_at <= to_timestamp($4::float8 - (retention ->> 'watched_days')::float8 * 86400) then 'watched_days'
    end as rule from placed),
due as (
  select item from judged group by item
  having bool_and(rule is not null) and bool_or(fetched) and not bool_or(keep))
select j.item as id, j.title, j.created_at, j.published as published_at, j.size, j.rule
from due join judged j on j.item = due.item and ($2::bigint is null or j.subscription = $2)
order by j.published, j.item, j.id
"""


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How long items of a subscription are kept. If several rules are set, each of them removes items.

    `keep_last`: only the newest N. `keep_days`: for D days after they came. `watched_days`: until D days after they
    were watched to the end. Items that a user marked with `keep` stay, and do not count.
    """

    keep_last: int | None = None
    keep_days: int | None = None
    watched_days: int | None = None

    def __post_init__(self) -> None:
        if self.keep_last is not None and not 1 <= self.keep_last <= 100_000:
            raise ValueError("keep_last is from 1 to 100000")
        if self.keep_days is not None and not 1 <= self.keep_days <= _DAYS:
            raise ValueError(f"keep_days is from 1 to {_DAYS}")
        if self.watched_days is not None and not 0 <= self.watched_days <= _DAYS:
            raise ValueError(f"watched_days is from 0 to {_DAYS}")


def encode(retention: Retention) -> str:
    """Return retention as its column has it: only what is set."""
    return json.dumps(msgspec.to_builtins(retention))


async def preview(id: int, owner: int, retention: Retention | None = None) -> dict[str, Any]:
    """Show which items of a subscription would go to the trash now. Nothing is changed.

    `retention`: rules to try instead of the subscription's own. Returns: `count`, `bytes` of these items, `frees`:
    bytes that are freed when they are purged, and `items` (the first 1,000). Raises: `NotFound`.
    """
    table = Subscription
    row = await table.select(table.retention).where(table.id == id, table.owner == owner).first()
    if row is None:
        raise errors.NotFound("There is no such subscription.")
    own = json.dumps(row["retention"])
    reading = await clock_guard.now()
    rows = await _due(owner, reading.theirs, id, encode(retention) if retention is not None else own) if reading else []
    ids = sorted({row["id"] for row in rows})
    frees = (await trash.deletion(owner, ids))["frees"] if ids else 0
    sizes = {row["id"]: row["size"] for row in rows}
    return {"count": len(ids), "bytes": sum(sizes.values()), "frees": frees, "items": rows[:_SHOWN]}


async def _due(owner: int, now: float, id: int | None = None, rules: str | None = None) -> list[dict[str, Any]]:
    return await engine.fetch(_DUE, owner, id, rules, now)


@engine.patiently
async def apply() -> int:
    """Put the items of all users that retention no longer keeps into the trash. Returns: the number of items.

    Removes nothing while the clock is not trusted or the store is frozen.
    """
    table, ruled = Subscription, WhereRaw("retention <> {}::jsonb", "{}")
    owners = await table.select(table.owner).distinct().where(ruled).order_by(table.owner)
    reading = await clock_guard.now() if owners else None
    if reading is None or await ownership.refresh() is not None:
        return 0
    return sum([await _apply(row["owner"], reading.theirs) for row in owners])


async def _apply(owner: int, now: float) -> int:
    async with engine.transaction():
        ids = sorted({row["id"] for row in await _due(owner, now)})
        if not ids:
            return 0
        gone = await trash.put(owner, ids)
        entry, theirs = SubscriptionEntry, Subscription.select(Subscription.id).where(Subscription.owner == owner)
        removed = entry.update({entry.removed_at: NOW}).where(entry.subscription.is_in(theirs), among(entry.item, gone))
        await removed.where(entry.removed_at.is_null())
        await notifications.notify("library", {"owner": owner})
    _log.info("retention put items into the trash", items=len(gone))
    return len(gone)
