"""One check of a subscription: claim it, read its list, remember and decide, put what is wanted into the queue.

A checker holds a subscription by a lease and a fencing token, like a download, so several machines never check one
twice. One site is read by one check at a time, and left alone while it asks for it. A check that fails changes nothing
but the streak of failures; an entry that fails stops no other.
"""

import datetime
import json
import random
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from piccolo.columns import Column
from piccolo.querystring import QueryString

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import errors, logging, source_metadata
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW, after
from mediafetcher.db.tables import Subscription, SubscriptionEntry
from mediafetcher.downloads import lifecycle, nodes, playlists, presets, site_backoff, site_rules
from mediafetcher.downloads.node_name import worker_id
from mediafetcher.fetch.models import Entry, Listing
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import folders
from mediafetcher.subscriptions import entries, filters, looks, plan, reading, schedule
from mediafetcher.subscriptions.schedule import Schedule

MIN_INTERVAL, MAX_INTERVAL = 900.0, 86_400.0  # seconds between two checks
_RELIST_INTERVAL = 21_600.0  # seconds, at least, if only the whole of a long list tells what is new
_LEASE_SECONDS = 900.0  # longer than a check may take
_FULL_LIST_DAYS = 7  # between two readings of the whole list of a source that shows its newest first
_CLAIM_LOCK = 77_040  # the advisory lock of claims: one at a time
_MAX_SUBMITTED = 5000  # downloads of one check

_log = logging.get("following")

_NEW_COOKIES = (
    "exists (select from cookie_jar j where j.owner = s.owner and j.updated_at > s.checked_at"
    " and (s.site = j.site or right(s.site, length(j.site) + 1) = '.' || j.site))"
)
_TAKEN = "worker_id = $1, attempt = attempt + 1, lease_expires_at = now() + make_interval(secs => $2)"
_CLAIMED = f"""
returning id, owner, url, site, title, folder, filter::text as filter, schedule::text as schedule, backfill, attempt,
  (coalesce((select p.options from preset p where p.id = subscription.preset), '{{}}') || options)::text as options,
  source_order, list_count, list_mark, succeeded_at is null as first,
  coalesce(full_list_at < now() - make_interval(days => {_FULL_LIST_DAYS}), true) as full_list_due
"""
# The claim: the subscription that has been due for longest, locked and taken in one statement.
_CLAIM = f"""
update subscription set {_TAKEN}
where id = (select s.id from subscription s
  where ((s.state = 'active' and s.next_check_at <= now()) or (s.state = 'needs_action' and {_NEW_COOKIES})
      or (s.state = 'active' and s.failures > 0 and {_NEW_COOKIES}))
    and ($3::bigint is null or s.id = $3)
    and (s.lease_expires_at is null or s.lease_expires_at < now())
    and s.site <> all (array(select site from site_backoff where until > now()))
    and s.site <> all (array(select site from subscription where lease_expires_at > now()))
    and not exists (select from installation where frozen_reason is not null)
    and not exists (select from unnest($4::bigint[], $5::text[], $6::boolean[]) as j(owner, host, below)
      where j.owner = s.owner
        and (s.site = j.host or (j.below and right(s.site, length(j.host) + 1) = '.' || j.host)))
  order by s.next_check_at, s.id limit 1 for update skip locked)
{_CLAIMED}
"""
_MERGED = "(coalesce((select p.options from preset p where p.id = s.preset), '{}') || s.options)"
# Subscriptions to the same source that are nearly due, of users without a jar and a way of their own, without a proxy.
_SHARE = f"""
update subscription set {_TAKEN}
where id in (select s.id from subscription s join subscription lead on lead.id = $3
  where s.source_key = lead.source_key and s.id <> lead.id and s.state = 'active'
    and s.next_check_at <= now() + make_interval(secs => s.interval_seconds / 2)
    and (s.lease_expires_at is null or s.lease_expires_at < now())
    and s.owner <> all ($5::bigint[])
    and {_MERGED} ->> 'proxy' is null and coalesce({_MERGED} -> 'impersonate', 'false') = $4::text::jsonb
  order by s.id limit 1000 for update of s skip locked)
{_CLAIMED}
"""
_OWNED = "id = $1 and attempt = $2 and worker_id = $3"
_RELEASE = "worker_id = null, lease_expires_at = null, checked_at = now()"
_NEXT_INTERVAL = """greatest($8::float8,
    case when $6 > 0 then interval_seconds / 2 else least($9::float8, interval_seconds * 1.2) end)"""
# Fenced: the interval and the next check follow from the row.
_SUCCEEDED = f"""
update subscription set {_RELEASE}, succeeded_at = now(), failures = 0, failing_since = null, error_code = null,
  error_message = null, state = case when state = 'needs_action' then 'active' else state end,
  title = case when title = url then $4 else title end, source_order = $5, last_new = $6, moved_to = $14,
  full_list_at = case when $7 then now() else full_list_at end,
  list_count = case when $7 then $12 else coalesce($12, list_count) end,
  list_mark = case when $7 then $13 else coalesce($13, list_mark) end,
  interval_seconds = {_NEXT_INTERVAL}, next_check_at = least($11::timestamptz,
    now() + make_interval(secs => $10 * {_NEXT_INTERVAL}))
where {_OWNED} returning id
"""
# Fenced: the pause follows from the failures in the row.
_FAILED = f"""
update subscription set {_RELEASE}, failures = failures + 1, failing_since = coalesce(failing_since, now()),
  error_code = $4, error_message = $5,
  state = case when $6 and state = 'active' then 'needs_action' else state end,
  next_check_at = now() + make_interval(secs => greatest($7::float8,
    least($9::float8, $8::float8 * 2 ^ least(failures, 12)) * $10))
where {_OWNED} returning id
"""


class _Taken(Exception):
    """Another check has submitted this entry, or the subscription was ended: what was done must not count."""


@dataclass(frozen=True)
class Claim:
    """A subscription that is ours to check. `attempt` is the fencing token."""

    id: int
    attempt: int
    owner: int
    url: str
    site: str
    title: str
    folder: int | None
    chosen: presets.Chosen
    filter: filters.Filter
    schedule: Schedule
    backfill: int | None
    source_order: str
    list_count: int | None
    list_mark: str | None
    first: bool
    full_list_due: bool
    shared: tuple["Claim", ...] = ()  # subscriptions of other users that the same reading serves

    @property
    def options(self) -> Options:
        return self.chosen.options

    @property
    def fingerprint(self) -> tuple[int | None, str | None]:
        return self.list_count, self.list_mark

    @property
    def wishes(self) -> plan.Wishes:
        return plan.Wishes(self.owner, self.options, self.filter, self.backfill)


async def claim(id: int | None = None) -> Claim | None:
    """Take the subscription that has been due for longest, or `id` if that is due. Returns: None if there is none."""
    left = await nodes.hosts_for_others()
    async with engine.transaction():
        await engine.lock(_CLAIM_LOCK)
        row = await engine.fetchrow(
            _CLAIM,
            worker_id(),
            _LEASE_SECONDS,
            id,
            [host.owner for host in left],
            [host.name for host in left],
            [host.below for host in left],
        )
        if row is None:
            return None
        claimed = _claim(row)
        if not reading.may_be_shared(claimed.url, claimed.options):
            return claimed
        alone = await _with_jars(claimed.site) + await site_rules.owners_with_own_way(claimed.url)
        if claimed.owner in alone:
            return claimed
        way = json.dumps(claimed.options.impersonate)
        rows = await engine.fetch(_SHARE, worker_id(), _LEASE_SECONDS, claimed.id, way, alone)
    return replace(claimed, shared=tuple(_claim(row) for row in rows))


async def _with_jars(site: str) -> list[int]:
    """Return the users with cookies or a login for a site: what they see of it may be theirs alone."""
    return [
        host.owner
        for host in await cookie_jars.hosts()
        if site == host.name or (host.below and site.endswith(f".{host.name}"))
    ]


def _claim(row: dict[str, Any]) -> Claim:
    values = dict(row)
    chosen = presets.merged({}, json.loads(values.pop("options")))
    times = msgspec.convert(json.loads(row["schedule"]), Schedule)
    return Claim(**{**values, "chosen": chosen, "filter": _filter(row["filter"]), "schedule": times})


def _filter(text: str) -> filters.Filter:
    return msgspec.convert(json.loads(text), filters.Filter)


async def run(claimed: Claim) -> bool:
    """Check a claimed subscription, and those of other users that its check is shared with.

    Returns: whether its list could be read. Raises `DatabaseUnavailable`.
    """
    return await _check_group([claimed, *claimed.shared])


async def _check_group(group: list[Claim]) -> bool:
    """Read a source once for all subscriptions of a group, then check each of them. Returns: whether the first was."""
    lead = group[0]
    known = [
        reading.Known(one.id, one.source_order, one.backfill, one.first or one.full_list_due, *one.fingerprint)
        for one in group
    ]
    try:
        read = await reading.read(lead.owner, lead.url, lead.options, known)
    except errors.DatabaseUnavailable:
        raise
    except Exception as error:
        if not isinstance(error, errors.Problem):
            _log.exception("a check failed", subscription=lead.id)
        problem = error if isinstance(error, errors.Problem) else errors.Internal()
        for one in group:
            await _fail(one, problem)
        await site_backoff.record_failure(lead.site, problem)
        return False
    read_well = [await _noting_failures(one, read) for one in group]
    return read_well[0]


async def _noting_failures(claimed: Claim, read: reading.Reading) -> bool:
    try:
        await _check(claimed, read)
    except _Taken:
        _log.info("a subscription was ended or taken over while it was checked", subscription=claimed.id)
        return False
    except errors.DatabaseUnavailable:
        raise
    except errors.Problem as problem:
        await _fail(claimed, problem)
        await site_backoff.record_failure(claimed.site, problem)
        return False
    except Exception:
        _log.exception("a check failed", subscription=claimed.id)
        await _fail(claimed, errors.Internal())
        return False
    return True


async def _lock(claimed: Claim) -> str | None:
    """Lock the row of a claim, if it is still ours. Returns: its filter now; None if another checker has it.

    From here on the entries that exist are known, so a check that is interrupted later was the first one all the same.
    """
    table = Subscription
    known = table.update({table.succeeded_at: QueryString("coalesce(succeeded_at, now())")})
    ours = known.where(table.id == claimed.id, table.attempt == claimed.attempt, table.worker_id == worker_id())
    rows = await ours.returning(table.filter)
    wanted = rows[0]["filter"] if rows else None
    return wanted if wanted is None or isinstance(wanted, str) else json.dumps(wanted)


async def _check(claimed: Claim, read: reading.Reading) -> None:
    found = read.found
    planned = await plan.make(claimed.wishes, claimed.id, found, first=claimed.first, order=claimed.source_order)
    accepted = sum(one.decision == "queued" for one in planned.new) + sum(reason is None for _, reason in planned.again)
    async with engine.transaction():
        now = await _lock(claimed)
        if now is None:
            raise _Taken
        await entries.add(claimed.id, planned.new)
        await entries.refresh(planned.changed)
        await entries.decide_again(planned.again)
        if (filter := _filter(now)) != claimed.filter:  # it was changed while the list was read
            await entries.apply_filter(claimed.id, filter)
    looker = looks.Looker(claimed.id, claimed.owner, claimed.options, claimed.filter)
    accepted += await looker.at_lacking() + await looker.at_streams_beyond(found)
    again = await submit_waiting(claimed, found)
    order = planned.order if read.learns else claimed.source_order
    await _succeed(claimed, read, order, accepted, again)
    _log.info("checked", subscription=claimed.id, entries=len(found.entries), new=len(planned.new), accepted=accepted)


async def submit_waiting(claimed: Claim, found: Listing) -> datetime.datetime | None:
    """Put accepted entries into the queue, newest first, up to the limit of one check and as the schedule allows.

    Each becomes a download in one transaction with its memory, so a crash neither loses nor doubles it. `found`: the
    list, if it has more of the entries than their memory. Returns: when the schedule allows more, if entries still
    wait for it.
    """
    listed = {entry.url: entry for entry in found.entries}
    limit = claimed.filter.max_per_check or _MAX_SUBMITTED
    table = SubscriptionEntry
    waits = (table.subscription == claimed.id) & (table.decision == "queued") & table.submitted_at.is_null()
    rows = (
        await table.select(table.id, table.url, table.title, table.published_at)
        .where(waits)
        .order_by(table.id, ascending=False)
        .limit(limit)
    )
    if not rows:
        return None
    allowed = await schedule.allowance(claimed.id, claimed.schedule)
    folder, begin = await folders.path_of(claimed.folder), allowed.begin
    for row in rows[: allowed.number]:
        try:
            entry = listed.get(row["url"])
            await engine.retrying(lambda row=row, entry=entry, at=begin: _submit(claimed, row, folder, entry, at))  # type: ignore[misc]
            begin += schedule.pause(claimed.schedule)
        except _Taken:
            continue
        except errors.QuotaExceeded as problem:
            await table.update({table.reason: problem.code}).where(waits)
            break
        except errors.Unavailable:
            raise
        except errors.Problem as problem:
            await entries.block(row["id"], problem.code)
    return allowed.again if len(rows) > allowed.number else None


async def _submit(
    claimed: Claim, row: dict[str, Any], folder: str, entry: Entry | None, begin: datetime.datetime
) -> None:
    options = playlists.options_of(claimed.options, entry) if entry else claimed.options
    if claimed.filter.live != "record":  # the list may not tell that it is live
        options = msgspec.structs.replace(options, live_wait=True)
    listed = entry.metadata if entry and entry.metadata else _remembered(row)
    async with engine.transaction():
        chosen = presets.Chosen(options, claimed.chosen.names)
        download = await lifecycle.submit(claimed.owner, row["url"], folder, chosen, title=row["title"], listed=listed)
        table = SubscriptionEntry
        submitted: dict[Column | str, Any] = {
            table.submitted_at: NOW,
            table.download: download["id"],
            table.item: download["item"],
            table.decision: "done" if download["state"] == "done" else "queued",
            table.reason: QueryString("case when reason = 'quota_exceeded' then 'new' else reason end"),
        }
        waiting = (table.id == row["id"]) & table.submitted_at.is_null() & (table.decision == "queued")
        if not await table.update(submitted).where(waiting).returning(table.id):
            raise _Taken
        if claimed.schedule.pause_seconds is not None:
            await lifecycle.begin_later(download["id"], begin)


def _remembered(row: dict[str, Any]) -> source_metadata.SourceMetadata:
    published = row["published_at"].timestamp() if row["published_at"] else None
    return source_metadata.normalised({"title": row["title"], "published_at": published})


async def _succeed(
    claimed: Claim, read: reading.Reading, order: str, accepted: int, again: datetime.datetime | None
) -> None:
    await site_backoff.reset(claimed.site)
    costly = read.costly and order != "newest_first"
    least = _RELIST_INTERVAL if costly else MIN_INTERVAL
    times = (least, MAX_INTERVAL, _jitter(), again)
    found, fingerprint = read.found, (read.entries, read.mark)
    values = (found.title, order, accepted, read.full, *times, *fingerprint, found.moved_to)
    await _finish(claimed, _SUCCEEDED, *values)


async def _fail(claimed: Claim, problem: errors.Problem) -> None:
    """Note the failure. A site that wants a signed-in user parks the subscription until cookies are sent."""
    parks = problem.needs_user and not isinstance(problem, errors.SiteForbidden)
    pause = float(problem.facts.get("retry_after") or 0.0)
    values = (problem.code, engine.storable(problem.detail), parks, pause, MIN_INTERVAL, MAX_INTERVAL, _jitter())
    try:
        await _finish(claimed, _FAILED, *values)
    except _Taken:
        return
    _log.warning("a check failed", subscription=claimed.id, reason=problem.code)


async def _finish(claimed: Claim, sql: str, *values: Any) -> None:
    async with engine.transaction():
        row = await engine.fetchrow(sql, claimed.id, claimed.attempt, worker_id(), *values)
        if row is None:
            raise _Taken
        await notifications.notify("subscription", {"id": claimed.id, "owner": claimed.owner, "checked": True})


def _jitter() -> float:
    """A factor, so that many subscriptions are not due at the same moment."""
    return random.uniform(0.9, 1.1)  # noqa: S311


async def correct_times() -> None:
    """Shorten waits that are longer than any may be, because a clock was ahead when they began."""
    table = Subscription
    soon = QueryString("now() + make_interval(secs => {} * random())", MIN_INTERVAL)
    await table.update({table.next_check_at: soon}).where(table.next_check_at > after(2 * MAX_INTERVAL))
    await table.update({table.lease_expires_at: NOW}).where(table.lease_expires_at > after(_LEASE_SECONDS))
