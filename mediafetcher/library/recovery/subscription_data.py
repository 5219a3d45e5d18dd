"""Merge of presets, subscriptions and the entries that they have seen.

As in user_data.py, the links of the database stay: those of the journal have no credentials. An entry that was accepted
and has no download in the database becomes one at the next check.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from piccolo.querystring import QueryString

from mediafetcher.db import engine
from mediafetcher.db.expressions import NOW, same_text
from mediafetcher.db.tables import Download, Preset, Subscription, SubscriptionEntry
from mediafetcher.library.recovery import journal_rows, user_data
from mediafetcher.library.recovery.journal_file import Row
from mediafetcher.library.recovery.user_data import time_of

if TYPE_CHECKING:
    from mediafetcher.library.recovery.merge import Merge

_SLICE = 2000
_CHECK_SECONDS = 900.0  # within which all subscriptions are checked again
_COPIED = ("title", "options", "filter", "backfill", "state", "source_order", "retention", "schedule")

# Thousands of rows in one round trip.
_ADD_ENTRIES = """
insert into subscription_entry as e (subscription, source_key, site_key, url, title, duration, published_at,
  live_status, first_seen_at, decision, reason, decided_at, submitted_at, item, removed_at)
select r.subscription, r.source_key, r.site_key, r.url, r.title, r.duration, r.published_at, r.live_status,
  r.created_at, r.decision, r.reason, r.decided_at, case when r.decision = 'queued' then null else r.submitted_at end,
  (select i.id from library_item i join subscription s on s.owner = i.owner
    where i.id = r.item and s.id = r.subscription), r.removed_at
from jsonb_to_recordset($1::text::jsonb) as r (number bigint, subscription bigint, source_key text, site_key text,
  url text, title text, duration float8, published_at timestamptz, live_status text, created_at timestamptz,
  decision text, reason text, decided_at timestamptz, submitted_at timestamptz, item bigint, removed_at timestamptz)
order by r.number
on conflict (subscription, source_key) do update set site_key = excluded.site_key, title = excluded.title,
  duration = excluded.duration, published_at = excluded.published_at, live_status = excluded.live_status,
  first_seen_at = excluded.first_seen_at, decision = excluded.decision, reason = excluded.reason,
  decided_at = excluded.decided_at, item = excluded.item, removed_at = excluded.removed_at,
  submitted_at = case when e.download is null then excluded.submitted_at else e.submitted_at end
"""


async def restore(merge: "Merge") -> None:
    """Make presets, subscriptions and entries what the journal says."""
    presets = await _presets(merge)
    subscriptions = await _subscriptions(merge, presets)
    await _entries(merge, subscriptions)
    await _end_downloads()


async def _end_downloads() -> None:
    """End downloads that only the backup still has: their entries were done before the journal ended."""
    table, entry = Download, SubscriptionEntry
    done = entry.select(entry.download).where(entry.decision == "done", entry.item.is_not_null())
    waiting = table.state.is_in(["queued", "scheduled", "paused", "needs_action"])
    ended = table.update({table.state: "cancelled", table.finished_at: NOW})
    await ended.where(table.id.is_in(done.where(entry.download.is_not_null())), waiting)


async def _presets(merge: "Merge") -> dict[int, int]:
    table = Preset
    there = await table.select(table.id, table.owner, table.name, table.created_at).order_by(table.id)
    known = await user_data.matches(merge, "preset", there, lambda row: row["name"].lower())
    for id, row in merge.library.rows["preset"].items():
        if id not in known:
            known[id] = await _add_preset(await merge.owner(row["owner"]), row)
        changed: dict[Any, Any] = {
            table.name: row["name"],
            table.options: row["options"],
            table.updated_at: time_of(row["updated_at"]),
        }
        await table.update(changed).where(table.id == known[id])
    await user_data.delete(merge, "preset", table, there, set(known.values()))
    return known


async def _add_preset(owner: int, row: Mapping[str, Any]) -> int:
    """Add a preset. Returns: its id, or that of the user's preset with this name."""
    table = Preset
    added = table.insert(table(owner=owner, name=row["name"], created_at=time_of(row["created_at"])))
    rows = await added.on_conflict(action="DO NOTHING").returning(table.id)
    if not rows:
        rows = await table.select(table.id).where(table.owner == owner, same_text(table.name, row["name"]))
    return int(rows[0]["id"])


async def _subscriptions(merge: "Merge", presets: dict[int, int]) -> dict[int, int]:
    table = Subscription
    there = await table.select(table.id, table.owner, table.source_key, table.created_at).order_by(table.id)
    known = await user_data.matches(merge, "subscription", there, _name)
    for id, row in merge.library.rows["subscription"].items():
        if id not in known:
            known[id] = await _add(await merge.owner(row["owner"]), row)
        succeeded = QueryString("coalesce(succeeded_at, {})", time_of(row["succeeded_at"]))
        soon = QueryString("now() + make_interval(secs => random() * {})", _CHECK_SECONDS)
        values: dict[Any, Any] = {name: row[name] for name in _COPIED} | {
            table.folder: merge.parents.get(row["folder"]) if row["folder"] is not None else None,
            table.preset: presets.get(row["preset"]) if row["preset"] is not None else None,
            table.succeeded_at: succeeded,
            table.next_check_at: soon,
        }
        await table.update(values).where(table.id == known[id])
    await user_data.delete(merge, "subscription", table, there, set(known.values()))
    return known


async def _add(owner: int, row: Mapping[str, Any]) -> int:
    """Add a subscription. Returns: its id, or that of the user's subscription to the same source."""
    table = Subscription
    added = table.insert(
        table(
            owner=owner,
            url=row["url"],
            site=row["site"],
            source_key=row["source_key"],
            title=row["title"],
            created_at=time_of(row["created_at"]),
        )
    )
    rows = await added.on_conflict((table.owner, table.source_key), "DO UPDATE", (table.title,)).returning(table.id)
    return int(rows[0]["id"])


def _name(row: Any) -> str:
    return journal_rows.key_without_credentials(row["source_key"])


async def _entries(merge: "Merge", subscriptions: dict[int, int]) -> None:
    table = SubscriptionEntry
    columns = (table.id, table.subscription, table.source_key, table.first_seen_at.as_alias("created_at"))
    there = await table.select(*columns).order_by(table.id)
    by_name = {(row["subscription"], _name(row)): row for row in there}
    kept, ready = set(), []
    for id, row in sorted(merge.library.rows["entry"].items()):
        subscription = subscriptions.get(row["subscription"])
        if subscription is None:
            continue
        found = by_name.get((subscription, row["source_key"]))
        values: Row = row | {"number": id, "subscription": subscription}
        if found is not None:
            kept.add(found["id"])
            values["source_key"] = found["source_key"]
        ready.append(values)
    await user_data.delete(merge, "entry", table, there, kept)
    for start in range(0, len(ready), _SLICE):
        await engine.execute(_ADD_ENTRIES, json.dumps(_once(ready[start : start + _SLICE])))


def _once(rows: list[Row]) -> list[Row]:
    """Leave out rows that are equal without their credentials: one statement changes a row only once."""
    return list({(row["subscription"], row["source_key"]): row for row in rows}.values())
