"""One check of a subscription: claim it, read its list, remember and decide, put what is wanted into the queue.

A checker holds a subscription by a lease and a fencing token, like a download, so several machines never check one
twice. One site is read by one check at a time, and left alone while it asks for it. A check that fails changes nothing
but the streak of failures; an entry that fails stops no other.
"""

import json
import random
from dataclasses import dataclass
from typing import Any

import msgspec

from mediafetcher.core import errors, logging, source_metadata
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, playlists, site_backoff
from mediafetcher.downloads.node_name import worker_id
from mediafetcher.fetch.models import Entry, Info, Listing
from mediafetcher.fetch.options import MAX_ENTRIES, Options
from mediafetcher.library.catalog import folders
from mediafetcher.subscriptions import entries, filters, listing, plan

MIN_INTERVAL, MAX_INTERVAL = 900.0, 86_400.0  # seconds between two checks
_LEASE_SECONDS = 900.0  # longer than a check may take
_FULL_LIST_DAYS = 7  # between two readings of the whole list of a source that shows its newest first
_CLAIM_LOCK = 77_040  # the advisory lock of claims: one at a time
_MAX_SUBMITTED = 5000  # downloads of one check
_MAX_LOOKS = 20  # entries that one check looks at themselves

_log = logging.get("following")

_NEW_COOKIES = (
    "exists (select from cookie_jar j where j.owner = s.owner and j.updated_at > s.checked_at"
    " and (s.site = j.site or right(s.site, length(j.site) + 1) = '.' || j.site))"
)
_CLAIM = f"""
update subscription set worker_id = $1, attempt = attempt + 1, lease_expires_at = now() + make_interval(secs => $2)
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
returning id, owner, url, site, title, folder, options::text as options, filter::text as filter, backfill, attempt,
  source_order, succeeded_at is null as first,
  coalesce(full_list_at < now() - make_interval(days => {_FULL_LIST_DAYS}), true) as full_list_due
"""
_OWNED = "id = $1 and attempt = $2 and worker_id = $3"
# From here on the entries that exist are known, so a check that is interrupted later was the first one all the same.
_LOCK = f"update subscription set succeeded_at = coalesce(succeeded_at, now()) where {_OWNED} returning filter::text"
_RELEASE = "worker_id = null, lease_expires_at = null, checked_at = now()"
_SUCCEEDED = f"""
update subscription set {_RELEASE}, succeeded_at = now(), failures = 0, failing_since = null, error_code = null,
  error_message = null, state = case when state = 'needs_action' then 'active' else state end,
  title = case when title = url then $4 else title end, source_order = $5, last_new = $6,
  full_list_at = case when $7 then now() else full_list_at end,
  interval_seconds = case when $6 > 0 then greatest($8::float8, interval_seconds / 2)
    else least($9::float8, interval_seconds * 1.2) end,
  next_check_at = now() + make_interval(secs => $10 * case when $6 > 0 then greatest($8::float8, interval_seconds / 2)
    else least($9::float8, interval_seconds * 1.2) end)
where {_OWNED} returning id
"""
_FAILED = f"""
update subscription set {_RELEASE}, failures = failures + 1, failing_since = coalesce(failing_since, now()),
  error_code = $4, error_message = $5,
  state = case when $6 and state = 'active' then 'needs_action' else state end,
  next_check_at = now() + make_interval(secs => greatest($7::float8,
    least($9::float8, $8::float8 * 2 ^ least(failures, 12)) * $10))
where {_OWNED} returning id
"""
_WAITING = """
select id, url, title, published_at from subscription_entry
where subscription = $1 and decision = 'queued' and submitted_at is null order by id desc limit $2
"""
_SUBMITTED = """
update subscription_entry set submitted_at = now(), download = $2, item = $3,
  decision = case when $4 then 'done' else 'queued' end,
  reason = case when reason = 'quota_exceeded' then 'new' else reason end
where id = $1 and submitted_at is null and decision = 'queued' returning id
"""
_BLOCKED = """
update subscription_entry set decision = 'blocked', reason = $2, decided_at = now()
where id = $1 and submitted_at is null
"""
_NO_QUOTA = """
update subscription_entry set reason = $2 where subscription = $1 and decision = 'queued' and submitted_at is null
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
    options: Options
    filter: filters.Filter
    backfill: int | None
    source_order: str
    first: bool
    full_list_due: bool

    @property
    def wishes(self) -> plan.Wishes:
        return plan.Wishes(self.owner, self.options, self.filter, self.backfill)


async def claim(id: int | None = None) -> Claim | None:
    """Take the subscription that has been due for longest, or `id` if that is due. Returns: None if there is none."""
    left = await leases.hosts_for_others()
    async with engine.transaction():
        await engine.execute("select pg_advisory_xact_lock($1)", _CLAIM_LOCK)
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
    options = msgspec.convert(json.loads(row["options"]), Options)
    return Claim(**{**row, "options": options, "filter": _filter(row["filter"])})


def _filter(text: str) -> filters.Filter:
    return msgspec.convert(json.loads(text), filters.Filter)


async def run(claimed: Claim) -> bool:
    """Check a claimed subscription. Returns: whether its list could be read. Raises `DatabaseAway`."""
    try:
        await _check(claimed)
    except _Taken:
        _log.info("a subscription was ended or taken over while it was checked", subscription=claimed.id)
        return False
    except errors.DatabaseAway:
        raise
    except errors.Problem as problem:
        await _fail(claimed, problem)
        return False
    except Exception:
        _log.exception("a check failed", subscription=claimed.id)
        await _fail(claimed, errors.Internal())
        return False
    return True


async def _check(claimed: Claim) -> None:
    found, full = await _read(claimed)
    planned = await plan.make(claimed.wishes, claimed.id, found, first=claimed.first, order=claimed.source_order)
    accepted = sum(one.decision == "queued" for one in planned.new) + sum(reason is None for _, reason in planned.again)
    async with engine.transaction():
        now = await engine.fetchval(_LOCK, claimed.id, claimed.attempt, worker_id())
        if now is None:
            raise _Taken
        await entries.add(claimed.id, planned.new)
        await entries.refresh(planned.changed)
        await entries.decide_again(planned.again)
        if (filter := _filter(now)) != claimed.filter:  # it was changed while the list was read
            await entries.apply_filter(claimed.id, filter)
    accepted += await _look_at_lacking(claimed)
    await submit_waiting(claimed, found)
    await _succeed(claimed, found.title, planned.order, accepted, full=full)
    _log.info("checked", subscription=claimed.id, entries=len(found.entries), new=len(planned.new), accepted=accepted)


async def _read(claimed: Claim) -> tuple[Listing, bool]:
    """Read one page of a source that shows its newest first, else all of it. Returns: the list, whether it is all."""
    if claimed.source_order == "newest_first" and not claimed.full_list_due:
        found = await listing.read(claimed.owner, claimed.url, claimed.options, limit=listing.PAGE)
        if len(found.entries) < listing.PAGE:
            return found, True
        last = (await entries.compare(claimed.id, found.entries))[-1]
        if isinstance(last, entries.Known):
            return found, False
    return await listing.read(claimed.owner, claimed.url, claimed.options, limit=MAX_ENTRIES), True


async def _look_at_lacking(claimed: Claim) -> int:
    """Look at entries themselves whose facts the list lacks, some at each check. Returns: how many are wanted."""
    wanted = 0
    for entry in await entries.lacking_facts(claimed.id, _MAX_LOOKS):
        try:
            info = await listing.look(claimed.owner, entry.facts.url, claimed.options)
        except errors.LiveNotStarted:
            facts = entry.facts._replace(live_status="is_upcoming")
        except (errors.Transient, errors.Unavailable) as problem:
            _log.info("an entry was not looked at", subscription=claimed.id, reason=problem.code)
            break  # at the next check
        except errors.FetchProblem:
            facts = entry.facts
        else:
            facts = _with_facts(entry.facts, info)
        reason = (await filters.decide(claimed.filter, [facts]))[0]
        await entries.refresh([entry._replace(facts=facts)])
        await entries.decide_again([(entry.id, filters.MISSING.get(reason or "", reason))])
        wanted += reason is None
    return wanted


def _with_facts(facts: filters.Facts, info: Info) -> filters.Facts:
    """Add what the source says to what the list says."""
    return facts._replace(
        title=facts.title or info.title,
        duration=facts.duration if facts.duration is not None else info.duration,
        published=facts.published if facts.published is not None or not info.metadata else info.metadata.published_at,
        live_status="is_live" if info.is_live else facts.live_status,
    )


async def submit_waiting(claimed: Claim, found: Listing) -> int:
    """Put accepted entries into the queue, newest first, up to the limit of one check. Returns: how many.

    Each becomes a download in one transaction with its memory, so a crash neither loses nor doubles it.
    `found`: the list, if it has more of the entries than their memory.
    """
    listed = {entry.url: entry for entry in found.entries}
    limit = claimed.filter.max_per_check or _MAX_SUBMITTED
    rows = await engine.fetch(_WAITING, claimed.id, limit)
    folder = await folders.path_of(claimed.folder) if rows else ""
    submitted = 0
    for row in rows:
        try:
            await engine.retrying(lambda row=row: _submit(claimed, row, folder, listed.get(row["url"])))  # type: ignore[misc]
            submitted += 1
        except _Taken:
            continue
        except errors.QuotaExceeded as problem:
            await engine.execute(_NO_QUOTA, claimed.id, problem.code)
            break
        except errors.Unavailable:
            raise
        except errors.Problem as problem:
            await engine.execute(_BLOCKED, row["id"], problem.code)
    return submitted


async def _submit(claimed: Claim, row: dict[str, Any], folder: str, entry: Entry | None) -> None:
    options = playlists.options_of(claimed.options, entry) if entry else claimed.options
    listed = entry.metadata if entry and entry.metadata else _remembered(row)
    async with engine.transaction():
        download = await lifecycle.submit(claimed.owner, row["url"], folder, options, title=row["title"], listed=listed)
        done = download["state"] == "done"
        values = (row["id"], download["id"], download["item"], done)
        if await engine.fetchrow(_SUBMITTED, *values) is None:
            raise _Taken


def _remembered(row: dict[str, Any]) -> source_metadata.SourceMetadata:
    published = row["published_at"].timestamp() if row["published_at"] else None
    return source_metadata.normalised({"title": row["title"], "published_at": published})


async def _succeed(claimed: Claim, title: str, order: str, accepted: int, *, full: bool) -> None:
    await site_backoff.reset(claimed.site)
    values = (title, order, accepted, full, MIN_INTERVAL, MAX_INTERVAL, _jitter())
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
    await site_backoff.record_failure(claimed.site, problem)
    _log.warning("a check failed", subscription=claimed.id, reason=problem.code)


async def _finish(claimed: Claim, sql: str, *values: Any) -> None:
    async with engine.transaction():
        row = await engine.fetchrow(sql, claimed.id, claimed.attempt, worker_id(), *values)
        if row is None:
            raise _Taken
        await engine.notify("subscription", {"id": claimed.id, "owner": claimed.owner, "checked": True})


def _jitter() -> float:
    """A factor, so that many subscriptions are not due at the same moment."""
    return random.uniform(0.9, 1.1)  # noqa: S311


async def correct_times() -> None:
    """Shorten waits that are longer than any may be, because a clock was ahead when they began."""
    await engine.execute(
        "update subscription set next_check_at = now() + make_interval(secs => $1 * random())"
        " where next_check_at > now() + make_interval(secs => $2)",
        MIN_INTERVAL,
        2 * MAX_INTERVAL,
    )
    await engine.execute(
        "update subscription set lease_expires_at = now() where lease_expires_at > now() + make_interval(secs => $1)",
        _LEASE_SECONDS,
    )
