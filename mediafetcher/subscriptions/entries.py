"""The memory of a subscription: every entry that it has seen, with the decision on it and the reason.

An entry is decided once. Whatever becomes of its item (moved, renamed, trashed, purged), it is not fetched again.
`queued` without `submitted_at` waits for its turn: a limit for each check, or a quota.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from mediafetcher.db import engine
from mediafetcher.fetch.models import Entry
from mediafetcher.net import urls
from mediafetcher.subscriptions import filters

DECISIONS = ("queued", "done", "skipped", "blocked", "ignored")

_KNOWN = """
select id, source_key, site_key, decision, reason, url, title, duration,
  extract(epoch from published_at)::float8 as published, live_status
from subscription_entry where subscription = $1 and (source_key = any($2::text[]) or site_key = any($3::text[]))
"""
# Items that came by the link of an entry, or by one that leads to the same source.
_IN_LIBRARY = """
select wanted.number, min(i.id) as item from unnest($2::text[], $3::text[]) with ordinality as wanted(url, key, number)
  join library_item i on i.owner = $1 and (i.source_url = wanted.url
    or i.source in (select id from source where key in (wanted.key, $1::text || ':' || wanted.key)))
group by 1
"""
_INSERT = """
insert into subscription_entry (subscription, source_key, site_key, url, title, duration, published_at, live_status,
  decision, reason, item)
select $1, e.source_key, e.site_key, e.url, e.title, e.duration, to_timestamp(e.published), e.live_status,
  e.decision, e.reason, e.item
from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::float8[], $8::text[], $9::text[],
  $10::text[], $11::bigint[]) with ordinality as e(source_key, site_key, url, title, duration, published, live_status,
  decision, reason, item, number)
order by number on conflict (subscription, source_key) do nothing
"""
_REFRESH = """
update subscription_entry e set title = coalesce(n.title, e.title), duration = coalesce(n.duration, e.duration),
  published_at = coalesce(to_timestamp(n.published), e.published_at), live_status = n.live_status
from unnest($1::bigint[], $2::text[], $3::float8[], $4::float8[], $5::text[])
  as n(id, title, duration, published, live_status)
where e.id = n.id
"""
_DECIDE = """
update subscription_entry e set decision = n.decision, reason = n.reason, decided_at = now()
from unnest($1::bigint[], $2::text[], $3::text[]) as n(id, decision, reason)
where e.id = n.id and e.submitted_at is null and e.decision in ('skipped', 'queued')
  and (e.decision <> n.decision or (n.decision = 'skipped' and e.reason <> n.reason))
returning e.decision
"""
_UNDECIDED = """
select id, url, title, duration, extract(epoch from published_at)::float8 as published, live_status
from subscription_entry where subscription = $1
  and ((decision = 'skipped' and reason = any($2::text[])) or (decision = 'queued' and submitted_at is null))
"""
_LACKING = """
select id, url, title, duration, extract(epoch from published_at)::float8 as published, live_status, reason
from subscription_entry where subscription = $1 and decision = 'skipped' and reason = any($2::text[])
order by id desc limit $3
"""
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
# An item that the library had already did not come by a subscription.
_BROUGHT_BY = """
select s.id, s.title from subscription_entry e join subscription s on s.id = e.subscription
where e.item = $1 and s.owner = $2 and e.reason <> 'in_library' order by e.id limit 1
"""
_NEWEST_ITEMS = """
select distinct e.item from subscription_entry e join subscription s on s.id = e.subscription
  join library_item i on i.id = e.item
where s.owner = $1 and i.owner = $1 and i.trashed_at is null and e.reason <> 'in_library'
order by e.item desc limit $2
"""


class Known(NamedTuple):
    """An entry of the memory, with what the list says of it now."""

    id: int
    decision: str
    reason: str
    changed: bool  # the list says something else than the memory
    facts: filters.Facts


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
        rows = await engine.fetch(_KNOWN, subscription, [key_of(entry.url) for entry in listed], site_keys)
    by_key = {row["source_key"]: row for row in rows}
    by_site_key = {row["site_key"]: row for row in rows if row["site_key"]}
    found: list[Known | New] = []
    seen: set[str] = set()
    for number, entry in enumerate(listed):
        if number % 500 == 499:
            await asyncio.sleep(0)  # a list may have tens of thousands
        key = key_of(entry.url)
        names = {key, entry.site_key or key}
        row = by_key.get(key) or by_site_key.get(entry.site_key)
        names |= {f"row {row['id']}"} if row else set()
        if not seen.isdisjoint(names):
            continue
        seen |= names
        facts = facts_of(entry)
        if row is None:
            found.append(New(key, entry.site_key, facts))
            continue
        found.append(Known(row["id"], row["decision"], row["reason"], _differs(row, facts), _merged(row, facts)))
    return found


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
    rows = [
        (
            one.entry.key,
            one.entry.site_key,
            one.entry.facts.url,
            one.entry.facts.title,
            one.entry.facts.duration,
            one.entry.facts.published,
            one.entry.facts.live_status,
            one.decision,
            one.reason,
            one.item,
        )
        for one in decided
    ]
    if rows:
        await engine.execute(_INSERT, subscription, *map(list, zip(*rows, strict=True)))


async def refresh(known: Sequence[Known]) -> None:
    """Remember what the list says now of entries that changed."""
    rows = [(one.id, one.facts.title, one.facts.duration, one.facts.published, one.facts.live_status) for one in known]
    if rows:
        await engine.execute(_REFRESH, *map(list, zip(*rows, strict=True)))


async def decide_again(decisions: Sequence[tuple[int, str | None]]) -> int:
    """Write new decisions (entry, reason to skip it or None) on entries that are not submitted. Returns: how many."""
    if not decisions:
        return 0
    ids = [id for id, _ in decisions]
    named = ["skipped" if reason else "queued" for _, reason in decisions]
    return len(await engine.fetch(_DECIDE, ids, named, [reason or "filter" for _, reason in decisions]))


async def apply_filter(subscription: int, filter: filters.Filter) -> int:
    """Decide again on entries that the filter skipped or that wait for their turn; on no others.

    Returns: how many changed. Raises `InvalidPattern`.
    """
    rows = await engine.fetch(_UNDECIDED, subscription, list(filters.OF_FILTER))
    reasons = await filters.decide(filter, [_facts(row) for row in rows])
    return await decide_again([(row["id"], reason) for row, reason in zip(rows, reasons, strict=True)])


async def lacking_facts(subscription: int, limit: int) -> list[Known]:
    """Read skipped entries that the filter could not decide on, because the list lacks a fact; newest first."""
    rows = await engine.fetch(_LACKING, subscription, list(filters.MISSING), limit)
    return [Known(row["id"], "skipped", row["reason"], changed=True, facts=_facts(row)) for row in rows]


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


async def brought_by(item: int, owner: int) -> dict[str, Any] | None:
    """Returns: `id` and `title` of the user's subscription that an item came by, None if it came otherwise."""
    return await engine.fetchrow(_BROUGHT_BY, item, owner)


async def newest_items(owner: int, limit: int) -> list[int]:
    """Returns: the newest items that came by a user's subscriptions, without the trash."""
    return [row["item"] for row in await engine.fetch(_NEWEST_ITEMS, owner, limit)]
