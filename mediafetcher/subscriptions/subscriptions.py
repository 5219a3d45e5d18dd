"""Subscriptions of a user: follow, list, change, end. For a check see checks.py."""

import datetime
import json
from typing import Any, Literal

import msgspec
from piccolo.querystring import QueryString

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import errors
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW
from mediafetcher.db.tables import Subscription
from mediafetcher.downloads import presets
from mediafetcher.downloads.presets import Chosen
from mediafetcher.fetch.options import MAX_ENTRIES, Options
from mediafetcher.library.catalog import folders, quotas
from mediafetcher.net import urls
from mediafetcher.subscriptions import entries, filters, plan, recent_lists
from mediafetcher.subscriptions import retention as retentions
from mediafetcher.subscriptions import schedule as schedules

MAX_SUBSCRIPTIONS = 2000  # of one user
MAX_TITLE = 300  # characters
State = Literal["active", "paused", "needs_action"]
Action = Literal["send_cookies", "change_link", "wait"]
# The source vanished, moved without a redirect, or never was a list: checking it again changes nothing.
_LINK_IS_WRONG = frozenset(kind.code for kind in (errors.Gone, errors.NotAList, errors.Unsupported, errors.NotMedia))

# A subscription with its preset and the number of its entries by decision, in one round trip.
_ROW = """
select s.id, s.url, s.site, s.title, s.folder as folder_id, s.options::text as options, s.filter::text as filter,
  s.retention::text as retention, s.schedule::text as schedule,
  (select p.name from preset p where p.id = s.preset) as preset, s.backfill, s.state, s.source_order,
  s.created_at, s.checked_at, s.succeeded_at, s.next_check_at,
  s.interval_seconds, s.last_new, s.failures, s.failing_since, s.error_code, s.error_message, s.moved_to,
  coalesce(s.lease_expires_at > now(), false) as checking,
  (select coalesce(jsonb_object_agg(decision, number), '{}')::text from (select decision, count(*) as number
    from subscription_entry where subscription = s.id group by decision) as counted) as counts
from subscription s where s.owner = $1 and ($2::bigint is null or s.id = $2) order by lower(s.title), s.id
"""
# How large a second of media is, by what the user has of the site, else of all sites.
_BYTES_PER_SECOND = """
select coalesce(sum(m.size) filter (where i.site = $2) / sum(m.duration) filter (where i.site = $2),
  sum(m.size) / sum(m.duration))::float8
from library_item i join media_file m on m.id = i.media_file where i.owner = $1 and m.duration > 0
"""


class Backfill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest `last` entries of those that exist already."""

    last: int

    def __post_init__(self) -> None:
        if not 1 <= self.last <= MAX_ENTRIES:
            raise ValueError(f"backfill.last must be from 1 to {MAX_ENTRIES}")


Existing = Literal["new", "all"] | Backfill


def count_of(backfill: Existing) -> int | None:
    """Return how many existing entries are wanted; None: all."""
    return backfill.last if isinstance(backfill, Backfill) else None if backfill == "all" else 0


async def follow(
    owner: int,
    url: str,
    *,
    title: str | None = None,
    folder: str | None = None,
    options: Options | Chosen | None = None,
    filter: filters.Filter | None = None,
    backfill: Existing = "new",
    retention: retentions.Retention | None = None,
    schedule: schedules.Schedule | None = None,
    preset: str | None = None,
) -> dict[str, Any]:
    """Follow a link. It is checked soon; nothing is fetched here. Returns: the subscription.

    A name and password in the link go to the vault. `options` win over those of `preset`.

    Raises `InvalidUrl`, `UnsupportedScheme`, `Invalid`, `InvalidPattern`, `AlreadyFollowed`, `TooManySubscriptions`,
    and `NotFound` for an unknown preset.
    """
    url, login = urls.split_login(url)
    filter = filter or filters.Filter()
    await filters.check_patterns(filter)
    table = Subscription
    async with engine.transaction():
        if login:
            await cookie_jars.put_login(owner, login)
        if await table.count().where(table.owner == owner) >= MAX_SUBSCRIPTIONS:
            raise errors.TooManySubscriptions()
        row = table(
            owner=owner,
            url=url,
            site=urls.site(url),
            source_key=entries.key_of(url),
            title=_title(title) or url,
            folder=await folders.ensure(owner, folder or ""),
            options=json.dumps(presets.stated(_checked(options))),
            filter=_json(filter),
            backfill=count_of(backfill),
            retention=retentions.encode(retention or retentions.Retention()),
            schedule=schedules.encode(schedule or schedules.Schedule()),
            preset=await _preset(preset, owner, options),
        )
        try:
            await row.save()
        except engine.UniqueViolation:
            raise errors.AlreadyFollowed() from None
        await notifications.notify("subscription", {"id": row.id, "owner": owner})
    return await get(row.id, owner)


def _title(text: str | None) -> str:
    return " ".join((text or "").split())[:MAX_TITLE]


def _checked(options: Options | Chosen | None) -> Chosen:
    """Raise `Invalid` for options that make no sense for every entry of a list."""
    chosen = presets.as_chosen(options)
    if chosen.options.playlist is not None or chosen.options.clip:
        raise errors.Invalid("The options of a subscription cannot have `playlist`, `start` or `end`.")
    return chosen


async def _preset(name: str | None, owner: int, own: Options | Chosen | None) -> int | None:
    """Return the id of a preset; None for no name. Raises: `NotFound`, and `Invalid` if `own` contradicts it."""
    if not name:
        return None
    found = await presets.get(name, owner)
    presets.merged(found["options"], presets.stated(own))
    return int(found["id"])


def _json(value: msgspec.Struct) -> str:
    return json.dumps(msgspec.to_builtins(value))


async def page(owner: int) -> list[dict[str, Any]]:
    """Returns: the subscriptions of a user by title, with how many entries have each decision."""
    return [await _shown(row) for row in await engine.fetch(_ROW, owner, None)]


async def links(owner: int) -> set[str]:
    """Return the keys of the links that a user follows."""
    table = Subscription
    rows = await table.select(table.source_key).where(table.owner == owner)
    return {row["source_key"] for row in rows}


async def get(id: int, owner: int) -> dict[str, Any]:
    """Returns: one subscription. Raises `NotFound`."""
    row = await engine.fetchrow(_ROW, owner, id)
    if row is None:
        raise errors.NotFound("There is no such subscription.")
    return await _shown(row)


async def _shown(row: dict[str, Any]) -> dict[str, Any]:
    counts = dict.fromkeys(entries.DECISIONS, 0) | json.loads(row["counts"])
    backfill = row["backfill"]
    error = {"code": row["error_code"], "message": row["error_message"]} if row["error_code"] else None
    return row | {
        "folder": await folders.path_of(row["folder_id"]),
        "options": json.loads(row["options"]),
        "filter": json.loads(row["filter"]),
        "retention": json.loads(row["retention"]),
        "schedule": json.loads(row["schedule"]),
        "backfill": "all" if backfill is None else {"last": backfill} if backfill else "new",
        "counts": counts,
        "error": error,
        "action": _action(row["state"], row["error_code"]),
    }


def _action(state: str, code: str | None) -> Action | None:
    """Return what a user can do about a failing subscription."""
    if code is None:
        return None
    if state == "needs_action":
        return "send_cookies"
    return "change_link" if code in _LINK_IS_WRONG else "wait"


async def change(id: int, owner: int, **given: Any) -> dict[str, Any]:
    """Change `url`, `title`, `folder`, `options`, `preset`, `filter`, `retention`, `schedule` or `paused`.

    None leaves a value as it is; "" as `preset` means none. A new filter decides again on entries that the old one
    skipped, and on no others. Returns: the subscription.
    Raises `NotFound`, `Invalid`, `InvalidPattern`.
    """
    table = Subscription
    given = {name: value for name, value in given.items() if value is not None}
    if "filter" in given:
        await filters.check_patterns(given["filter"])
    async with engine.transaction():
        values = await _changed(await get(id, owner), owner, given)
        if values:
            await table.update(values).where(table.id == id, table.owner == owner)
        decided = await entries.apply_filter(id, given["filter"]) if "filter" in given else 0
        if decided or "url" in given or "schedule" in given:
            await _make_due(id, owner)
        await notifications.notify("subscription", {"id": id, "owner": owner})
    return await get(id, owner)


async def _changed(now: dict[str, Any], owner: int, given: dict[str, Any]) -> dict[Any, Any]:
    """Return the columns that change. Raises: as `change`."""
    table = Subscription
    values: dict[Any, Any] = {}
    if "url" in given:
        values |= await _new_link(now["id"], owner, urls.parse(given["url"]))
    if "title" in given:
        values[table.title] = _title(given["title"]) or table.url
    if "folder" in given:
        values[table.folder] = await folders.ensure(owner, given["folder"])
    if "options" in given:
        values[table.options] = json.dumps(presets.stated(_checked(given["options"])))
    if "options" in given or "preset" in given:
        own = given.get("options") or presets.merged({}, now["options"])
        values[table.preset] = await _preset(given.get("preset", now["preset"]), owner, own)
    for name, column in (("filter", table.filter), ("retention", table.retention), ("schedule", table.schedule)):
        if name in given:
            values[column] = _json(given[name])
    if "paused" in given:
        values[table.state] = "paused" if given["paused"] else "active"
    return values


async def _new_link(id: int, owner: int, url: str) -> dict[Any, Any]:
    """Return the columns of another link. The memory stays, so known entries are not fetched again.

    Raises: `AlreadyFollowed`.
    """
    table, key = Subscription, entries.key_of(url)
    if await table.exists().where(table.owner == owner, table.source_key == key, table.id != id):
        raise errors.AlreadyFollowed()
    return {
        table.url: url,
        table.site: urls.site(url),
        table.source_key: key,
        table.full_list_at: None,
        table.list_mark: None,
        table.failures: 0,
        table.failing_since: None,
        table.error_code: None,
        table.error_message: None,
        table.moved_to: None,
    }


async def request_check(id: int, owner: int) -> dict[str, Any]:
    """Let a subscription be checked now, also one that waits for cookies. Returns: the subscription.

    Raises `NotFound`, and `InvalidState` if it is paused.
    """
    async with engine.transaction():
        due = await _make_due(id, owner)
        await notifications.notify("subscription", {"id": id, "owner": owner})
    found = await get(id, owner)
    if not due:
        raise errors.InvalidState("This subscription is paused. Resume it to check it.")
    return found


async def request_all_checks(owner: int) -> int:
    """Let all of a user's active subscriptions be checked now, as the limits allow. Returns: how many."""
    table = Subscription
    active = (table.owner == owner) & (table.state == "active")
    async with engine.transaction():
        rows = await table.update({table.next_check_at: NOW}).where(active).returning(table.id)
        await notifications.notify("subscription", {"id": None, "owner": owner})
    return len(rows)


async def _make_due(id: int, owner: int) -> bool:
    """Let a subscription be checked now, also one that waits for cookies. Returns: False if it is paused."""
    table = Subscription
    resumed = QueryString("case when state = 'needs_action' then 'active' else state end")
    ours = (table.id == id) & (table.owner == owner) & (table.state != "paused")
    return bool(await table.update({table.next_check_at: NOW, table.state: resumed}).where(ours).returning(table.id))


async def unfollow(id: int, owner: int) -> None:
    """End a subscription, with its memory. Its items and its downloads stay. Raises `NotFound`."""
    table = Subscription
    gone = await table.delete().where(table.id == id, table.owner == owner).returning(table.id)
    if not gone:
        raise errors.NotFound("There is no such subscription.")
    await notifications.notify("subscription", {"id": id, "owner": owner})


async def preview(
    owner: int,
    url: str,
    *,
    options: Options | Chosen | None = None,
    filter: filters.Filter | None = None,
    backfill: Existing = "new",
    preset: str | None = None,
) -> dict[str, Any]:
    """Show what following a link would do: each entry, newest first, with decision and reason; nothing is kept.

    `wanted`: how many of `listed` would be fetched; `bytes`: about how large they are, None if that is not known;
    `quota_share`: their part of the user's quota, None without one. Raises as `Fetch`, `NotAList`, `InvalidPattern`.
    """
    url, login = urls.split_login(url)
    filter = filter or filters.Filter()
    await filters.check_patterns(filter)
    chosen = await presets.with_preset(preset, owner, _checked(options))
    wishes = plan.Wishes(owner, chosen.options, filter, count_of(backfill))
    found = await recent_lists.read(owner, url, wishes.options, login)
    planned = await plan.make(wishes, None, found, first=True)
    wanted = [one for one in planned.new if one.decision == "queued"]
    size = await _estimate(owner, urls.site(url), [one.entry.facts.duration for one in wanted])
    quota = (await quotas.usage(owner))["quota"]
    return {
        "title": found.title,
        "site": found.site,
        "listed": len(planned.new),
        "wanted": len(wanted),
        "bytes": size,
        "quota_share": size / quota if size is not None and quota else None,
        "entries": [_previewed(one) for one in reversed(planned.new)],
    }


def _previewed(one: entries.Decided) -> dict[str, Any]:
    facts = one.entry.facts
    return {
        "source_url": facts.url,
        "title": facts.title,
        "duration": facts.duration,
        "published_at": _time(facts.published),
        "decision": one.decision,
        "reason": one.reason,
        "item": one.item,
    }


def _time(seconds: float | None) -> datetime.datetime | None:
    return None if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.UTC)


async def _estimate(owner: int, site: str, durations: list[float | None]) -> int | None:
    """Estimate bytes by the length of the entries, and by what the user has already. None if nothing tells."""
    known = [duration for duration in durations if duration is not None]
    if not durations:
        return 0
    rate = await engine.fetchval(_BYTES_PER_SECOND, owner, site)
    if rate is None or not known:
        return None
    return int(rate * sum(known) / len(known) * len(durations))
