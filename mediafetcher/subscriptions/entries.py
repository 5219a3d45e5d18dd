"""The memory of a subscription: every entry that it has seen, with the decision on it and the reason.

An entry is decided once. Whatever becomes of its item (moved, renamed, trashed, purged), it is not fetched again.
`queued` without `submitted_at` waits for its turn: a limit for each check, or a quota.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from piccolo.querystring import QueryString

from mediafetcher.db import engine, many
from mediafetcher.db.expressions import NOW, ago, among
from mediafetcher.db.tables import SubscriptionEntry
from mediafetcher.fetch.models import Entry
from mediafetcher.fetch.options import FEED
from mediafetcher.net import urls
from mediafetcher.subscriptions import filters

_BEGUN = datetime.fromtimestamp(0, UTC)
_PUBLISHED = QueryString("extract(epoch from published_at)::float8").as_alias("published")
_FACTS = (
    SubscriptionEntry.id,
    SubscriptionEntry.url,
    SubscriptionEntry.title,
    SubscriptionEntry.duration,
    _PUBLISHED,
    SubscriptionEntry.live_status,
)
# An entry that was submitted stays decided. Another reason to skip it counts as a change, one to accept it does not.
_DECIDED_AGAIN = (
    "t.submitted_at is null and t.decision in ('skipped', 'queued')"
    " and (t.decision <> r.decision or (r.decision = 'skipped' and t.reason <> r.reason))"
)
_OF_FEED = f"id {FEED} "  # beginning of the keys of entries that a feed lists
_STREAM_DAYS = 14  # as long as a download waits for a stream
DECISIONS = ("queued", "done", "skipped", "blocked", "ignored")

# Items that came by the link of an entry, or by one that leads to the same source.
_IN_LIBRARY = """
select wanted.number, min(i.id) as item from unnest($2::text[], $3::text[]) with ordinality as wanted(url, key, number)
  join library_item i on i.owner = $1 and (i.source_url = wanted.url
    or i.source in (select id from source where key in (wanted.key, $1::text || ':' || wanted.key)))
group by 1
"""
# Five tables, with filters that may be left out.
_PAGE = """
select e.id, e.url as source_url, e.title, e.published_at, e.duration, e.live_status, e.first_seen_at, e.decision,
  e.reason, e.decided_at, e.download, e.item, e.removed_at, d.state, coalesce(m.poster, false) as poster,
  i.trashed_at is not null as trashed
from subscription_entry e join subscription s on s.id = e.subscription left join download d on d.id = e.download
  left join library_item i on i.id = e.item left join media_file m on m.id = i.media_file
where ($1::bigint is null or e.subscription = $1) and s.owner = $2 and ($3::text[] is null or e.decision = any($3))
  and ($4::bigint is null or e.id < $4) and ($7::bigint is null or e.id = $7)
  and ($6::text is null or position(lower($6) in lower(e.title)) > 0)
order by e.id desc limit $5
"""


class Known(NamedTuple):
    """An entry of the memory, with what the list says of it now."""

    id: int
    decision: str
    reason: str
    changed: bool  # the list says something else than the memory
    facts: filters.Facts
    site_key: str | None = None  # if the memory lacks it


class New(NamedTuple):
    """An entry that the memory does not have."""

    key: str
    site_key: str | None
    facts: filters.Facts


class Decided(NamedTuple):
    """A new entry with its decision. `item`: the one that the user's library has already."""

    entry: New
    decision: str
    reason: str
    item: int | None = None


def key_of(url: str) -> str:
    """Return the key of an entry: its link without tracking, whatever the options of its download are."""
    return urls.source_key(url, "entry")


def facts_of(entry: Entry) -> filters.Facts:
    return filters.Facts(entry.url, entry.title, entry.duration, entry.published, entry.live_status)


async def compare(subscription: int | None, listed: Sequence[Entry]) -> list[Known | New]:
    """Hold a list against the memory, in the order of the list; what is listed twice counts once.

    `subscription` is None for a source that is not followed yet: then every entry is new.
    """
    rows = []
    if subscription is not None:
        site_keys = [entry.site_key for entry in listed if entry.site_key]
        table, keys = SubscriptionEntry, [key_of(entry.url) for entry in listed]
        same = among(table.source_key, keys) | among(table.site_key, site_keys)
        decided = (table.source_key, table.site_key, table.decision, table.reason)
        rows = await table.select(*_FACTS, *decided).where(table.subscription == subscription, same)
    by_key = {row["source_key"]: row for row in rows}
    by_site_key = {row["site_key"]: row for row in rows if row["site_key"]}
    found: list[Known | New] = []
    seen: set[str] = set()
    for number, entry in enumerate(listed):
        if number % 500 == 499:
            await asyncio.sleep(0)  # a list may have tens of thousands
        key = key_of(entry.url)
        names = {key, entry.site_key or key}
        facts = facts_of(entry)
        row = by_key.get(key) or _same(by_site_key.get(entry.site_key), facts)
        names |= {f"row {row['id']}"} if row else set()
        if not seen.isdisjoint(names):
            continue
        seen |= names
        if row is None:
            found.append(New(key, entry.site_key, facts))
            continue
        lacking = entry.site_key if row["site_key"] is None else None
        changed = _differs(row, facts) or lacking is not None
        found.append(Known(row["id"], row["decision"], row["reason"], changed, _merged(row, facts), lacking))
    return found


def _same(row: dict[str, Any] | None, facts: filters.Facts) -> dict[str, Any] | None:
    """Return an entry that was found by its id; None if it is another one, because some feeds use an id again."""
    if row is None or not row["site_key"].startswith(_OF_FEED):
        return row
    same = row["title"] == facts.title or (facts.published is not None and row["published"] == facts.published)
    return row if same else None


def _differs(row: dict[str, Any], facts: filters.Facts) -> bool:
    known = ("title", "duration", "published")
    return row["live_status"] != facts.live_status or any(
        getattr(facts, name) is not None and getattr(facts, name) != row[name] for name in known
    )


def _merged(row: dict[str, Any], facts: filters.Facts) -> filters.Facts:
    """Return the facts of an entry, from the list first, then from the memory."""
    return facts._replace(
        title=facts.title or row["title"],
        duration=facts.duration if facts.duration is not None else row["duration"],
        published=facts.published if facts.published is not None else row["published"],
    )


async def in_library(owner: int, new: Sequence[New]) -> dict[int, int]:
    """Return the items that a user has of new entries already, by the number of the entry (from 0)."""
    urls_, keys = [entry.facts.url for entry in new], [urls.source_key(entry.facts.url, "default") for entry in new]
    rows = await engine.fetch(_IN_LIBRARY, owner, urls_, keys) if new else []
    return {row["number"] - 1: row["item"] for row in rows}


async def add(subscription: int, decided: Sequence[Decided]) -> None:
    """Remember new entries, in this order (oldest first)."""
    table = SubscriptionEntry
    values: many.Values = {
        table.subscription: [subscription] * len(decided),
        table.source_key: [one.entry.key for one in decided],
        table.site_key: [one.entry.site_key for one in decided],
        table.url: [one.entry.facts.url for one in decided],
        **_values([one.entry.facts for one in decided]),
        table.decision: [one.decision for one in decided],
        table.reason: [one.reason for one in decided],
        table.item: [one.item for one in decided],
    }
    if decided:
        await many.insert(table, values, conflict="on conflict (subscription, source_key) do nothing")


async def refresh(known: Sequence[Known]) -> None:
    """Remember what the list says now of entries that changed."""
    if known:
        await many.update(SubscriptionEntry.id, [one.id for one in known], _values([one.facts for one in known]))
    if named := [one for one in known if one.site_key]:
        keys: many.Values = {SubscriptionEntry.site_key: [one.site_key for one in named]}
        await many.update(SubscriptionEntry.id, [one.id for one in named], keys)


def _values(facts: Sequence[filters.Facts]) -> many.Values:
    """Return the columns of entries that follow from what their list says."""
    table = SubscriptionEntry
    return {
        table.title: [one.title for one in facts],
        table.duration: [one.duration for one in facts],
        table.published_at: [
            None if one.published is None else _BEGUN + timedelta(seconds=one.published) for one in facts
        ],
        table.live_status: [one.live_status for one in facts],
    }


async def decide_again(decisions: Sequence[tuple[int, str | None]]) -> int:
    """Write new decisions (entry, reason to skip it or None) on entries that are not submitted. Returns: how many."""
    if not decisions:
        return 0
    table = SubscriptionEntry
    values: many.Values = {
        table.decision: ["skipped" if reason else "queued" for _, reason in decisions],
        table.reason: [reason or "filter" for _, reason in decisions],
        table.decided_at: [await engine.function("now")] * len(decisions),
    }
    return len(await many.update(table.id, [id for id, _ in decisions], values, condition=_DECIDED_AGAIN))


async def apply_filter(subscription: int, filter: filters.Filter) -> int:
    """Decide again on entries that the filter skipped or that wait for their turn; on no others.

    Returns: how many changed. Raises `InvalidPattern`.
    """
    table = SubscriptionEntry
    skipped = (table.decision == "skipped") & table.reason.is_in(list(filters.OF_FILTER))
    waiting = (table.decision == "queued") & table.submitted_at.is_null()
    rows = await table.select(*_FACTS).where(table.subscription == subscription, skipped | waiting)
    reasons = await filters.decide(filter, [_facts(row) for row in rows])
    return await decide_again([(row["id"], reason) for row, reason in zip(rows, reasons, strict=True)])


async def lacking_facts(subscription: int, limit: int) -> list[Known]:
    """Read skipped entries that the filter could not decide on, because the list lacks a fact; newest first."""
    table = SubscriptionEntry
    lacking = (table.decision == "skipped") & table.reason.is_in(list(filters.MISSING))
    found = table.select(*_FACTS, table.reason).where(table.subscription == subscription, lacking)
    rows = await found.order_by(table.id, ascending=False).limit(limit)
    return [Known(row["id"], "skipped", row["reason"], changed=True, facts=_facts(row)) for row in rows]


async def waiting_streams(subscription: int, listed: Sequence[Entry], limit: int) -> list[Known]:
    """Read streams and premieres of the last days that wait for their end and are not `listed`; newest first."""
    table = SubscriptionEntry
    waits = among(table.reason, ("live", "upcoming")) & (table.decision == "skipped")
    recent = table.first_seen_at > ago(_STREAM_DAYS * 86_400.0)
    wanted = table.select(*_FACTS, table.source_key, table.site_key, table.reason)
    rows = await wanted.where(table.subscription == subscription, waits, recent).order_by(table.id, ascending=False)
    keys = {key_of(entry.url) for entry in listed} | {entry.site_key for entry in listed if entry.site_key}
    return [
        Known(row["id"], "skipped", row["reason"], changed=True, facts=_facts(row))
        for row in rows
        if row["source_key"] not in keys and row["site_key"] not in keys
    ][:limit]


async def block(id: int, reason: str) -> None:
    """Note that an entry cannot be downloaded, unless it was submitted."""
    table = SubscriptionEntry
    values: dict[Any, Any] = {table.decision: "blocked", table.reason: reason, table.decided_at: NOW}
    await table.update(values).where(table.id == id, table.submitted_at.is_null())


def _facts(row: dict[str, Any]) -> filters.Facts:
    return filters.Facts(row["url"], row["title"], row["duration"], row["published"], row["live_status"])


async def page(
    subscription: int,
    owner: int,
    *,
    decisions: list[str] | None = None,
    q: str | None = None,
    cursor: int | None = None,
    limit: int = 50,
) -> tuple[list[dict[str, Any]], int | None]:
    """Read entries, newest first. `q`: text in the title, case ignored.

    Returns: the rows, and the cursor of the next page or None.
    """
    rows = await engine.fetch(_PAGE, subscription, owner, decisions, cursor, limit + 1, q or None, None)
    return rows[:limit], rows[limit - 1]["id"] if len(rows) > limit else None


async def one(id: int, owner: int) -> dict[str, Any] | None:
    """Returns: one entry as `page` has it; None if the user has no such entry."""
    return await engine.fetchrow(_PAGE, None, owner, None, None, 1, None, id)


async def subscription_of(item: int, owner: int) -> dict[str, Any] | None:
    """Returns: `id` and `title` of the user's subscription that an item came by, None if it came otherwise."""
    table, source = SubscriptionEntry, SubscriptionEntry.subscription._
    theirs = (table.item == item) & (source.owner == owner) & (table.reason != "in_library")  # it had that already
    found = table.select(source.id.as_alias("id"), source.title.as_alias("title")).where(theirs)
    return await found.order_by(table.id).first()


async def newest_items(owner: int, limit: int) -> list[int]:
    """Returns: the newest items that came by a user's subscriptions, without the trash."""
    table, source, shown = SubscriptionEntry, SubscriptionEntry.subscription._, SubscriptionEntry.item._
    mine = (source.owner == owner) & (shown.owner == owner) & shown.trashed_at.is_null()
    found = table.select(table.item).distinct().where(mine, table.reason != "in_library")
    return [row["item"] for row in await found.order_by(table.item, ascending=False).limit(limit)]
