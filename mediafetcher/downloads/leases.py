"""Leases: how a worker claims, renews, updates, finishes, fails and releases a row. requeue.py has rows without one.

A row is held by `worker_id` (this installation and this start of it) and `attempt` (the fencing token) for as long as
its lease lasts. Every UPDATE here names both and the expected state. No matching row means that the lease was lost;
it raises `LeaseLost`. An effect is written in the same transaction as `done`, so it happens once.
"""

import json
import random
from dataclasses import dataclass
from typing import Any

import msgspec
from piccolo.columns import Column
from piccolo.query.functions.aggregate import Sum

from mediafetcher.core import errors, settings, source_metadata
from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW
from mediafetcher.db.tables import Download
from mediafetcher.downloads import crashes, due, nodes, site_backoff
from mediafetcher.downloads.node_name import worker_id
from mediafetcher.downloads.worker import active
from mediafetcher.fetch.options import Options
from mediafetcher.library.storage import space_reservation
from mediafetcher.net import urls

_CLAIM_LOCK = 77_001  # the advisory lock of claims: one at a time
_MAX_RETRY_SECONDS = 3600.0  # seconds between two attempts, at most
_MAX_LIVE_CHECK_SECONDS = 900.0  # seconds between two checks of a stream that has not begun
_MAX_LIVE_WAIT_DAYS = 14  # days

_OWNED = "id = $1 and worker_id = $2 and attempt = $3 and state = 'running'"
# The state of a row that is released: requests made meanwhile are obeyed.
_REQUEUE_STATE = "case when cancel_requested then 'cancelled' when pause_requested then 'paused' else 'queued' end"


class LeaseLost(Exception):
    """The lease was lost, or the cancellation was requested: the result of this worker must not count."""


@dataclass(frozen=True)
class Claim:
    """A row that this worker holds. `attempt` is the fencing token."""

    id: int
    attempt: int
    owner: int
    url: str
    site: str
    source_key: str
    folder: int | None
    options: Options
    operation: str = "fetch"
    target_item: int | None = None  # the item that gets a new file, if the operation needs one
    finish_requested: bool = False  # a recording must end now and be kept
    title: str | None = None  # what its list calls it, or an earlier attempt
    listed: SourceMetadata | None = None  # what its list says of it

    @property
    def link_key(self) -> str:
        """Return the key of the link; the source key of another operation is that operation's own."""
        return self.source_key if self.operation == "fetch" else urls.source_key(self.url, self.options.recipe())


async def claim() -> Claim | None:
    """Claim the best row that is due, or None. Refuses while the queue is paused (disk full, share unavailable).

    Due: queued and its time has come, or running under an expired lease. Best: priority, then age. It never exceeds
    `max_downloads_per_site` of one site on all machines together, and takes none of a site that asked to slow down,
    and no source that is being fetched already: the second row of a source waits and then finds it in the store.
    """
    if nodes.paused():
        return None
    chosen = settings.get()
    left = await nodes.hosts_for_others()
    async with engine.transaction():
        # Counting and claiming must not interleave with another claim. The lock is a separate statement: the next
        # statement's snapshot must begin after the lock is acquired.
        await engine.lock(_CLAIM_LOCK)
        row = await engine.fetchrow(
            _CLAIM,
            worker_id(),
            chosen.lease_seconds,
            chosen.max_downloads_per_site,
            [download.id for download in active.all_active()],
            [host.owner for host in left],
            [host.name for host in left],
            chosen.max_downloads,
            *space_reservation.available(),
            [host.below for host in left],
        )
        if row is not None:
            await _notify(row["id"], row["owner"])
    if row is None:
        return None
    await _update_remote_reservations()
    options = msgspec.convert(json.loads(row["options"]), Options)
    return Claim(**{**row, "options": options, "listed": source_metadata.decode(row["listed"])})


# The claim: the best row that is due, by all limits, locked and taken in one statement.
_CLAIM = f"""
update download set state = 'running', attempt = attempt + 1, worker_id = $1, stage = 'extract', progress = 0,
  crashes = crashes + (state = 'running')::int,
  speed = null, eta = null, reserved_bytes = 0, lease_expires_at = now() + make_interval(secs => $2),
  converting = false,
  started_at = coalesce(started_at, now()), finished_at = null, error_code = null, error_message = null
where id = coalesce(
  (select d.id from download d
   where {due.QUEUED.format(media_room="$8", work_room="$9")} and {due.CLAIMABLE}
     and d.id <> all($4::bigint[])
   order by d.priority desc, d.created_at, d.id limit 1 for update skip locked),
  (select d.id from download d where d.state = 'running' and d.lease_expires_at < now() and d.id <> all($4::bigint[])
     and {due.OPENS} and d.crashes + 1 < {crashes.SUSPECT}
   order by d.lease_expires_at limit 1 for update skip locked))
returning id, attempt, owner, url, site, source_key, folder, options::text as options, operation, target_item,
  finish_requested, title, listed::text as listed
"""


# All downloads that run here, in one round trip every ten seconds.
_HEARTBEAT = """
update download d set lease_expires_at = now() + make_interval(secs => $2), stage = b.stage,
  progress = b.progress, speed = b.speed, eta = b.eta, reserved_bytes = b.reserved_bytes
  from unnest($3::bigint[], $4::int[], $5::text[], $6::real[], $7::real[], $8::real[], $9::bigint[])
  as b(id, attempt, stage, progress, speed, eta, reserved_bytes)
  where d.id = b.id and d.attempt = b.attempt and d.worker_id = $1 and d.state = 'running'
  returning d.id, d.cancel_requested, d.pause_requested, d.finish_requested
"""


async def heartbeat() -> list[tuple[active.ActiveDownload, active.Order]]:
    """Renew the leases of all downloads that run here, and write their progress. Returns: the requests for each
    download.
    """
    downloads = active.all_active()  # read before the UPDATE: downloads claimed meanwhile are not lost
    if not downloads:
        return []
    rows = await engine.fetch(
        _HEARTBEAT,
        worker_id(),
        settings.get().lease_seconds,
        [download.id for download in downloads],
        [download.attempt for download in downloads],
        [download.stage for download in downloads],
        [download.progress for download in downloads],
        [download.speed for download in downloads],
        [download.eta for download in downloads],
        [_reserved_bytes(download.id) for download in downloads],
    )
    await _update_remote_reservations()
    alive = {row["id"]: row for row in rows}
    orders: list[tuple[active.ActiveDownload, active.Order]] = []
    for download in downloads:
        row = alive.get(download.id)
        if row is None:
            orders.append((download, "lost"))
        elif row["cancel_requested"]:
            orders.append((download, "cancel"))
        elif row["pause_requested"]:
            orders.append((download, "pause"))
        elif row["finish_requested"]:
            orders.append((download, "finish"))
    return orders


def _reserved_bytes(id: int) -> int:
    return space_reservation.reserved_for(settings.get().work / str(id))


async def _update_remote_reservations() -> None:
    """Read the space that downloads on other machines need in the media folder; of this machine too, if it runs two."""
    table = Download
    elsewhere = (table.state == "running") & (table.worker_id != worker_id()) & (table.lease_expires_at > NOW)
    row = await table.select(Sum(table.reserved_bytes, alias="bytes")).where(elsewhere).first()
    space_reservation.set_remote_reservations(int(row["bytes"] or 0) if row is not None else 0)


async def update_progress(claim: Claim, **facts: Any) -> None:
    """Write known facts (title, size, duration, stage, converting), and the reserved bytes. Raises: `LeaseLost`."""
    table = Download
    known = (table.title, table.size, table.duration, table.stage, table.converting, table.recording)
    values: dict[Column | str, Any] = {table.reserved_bytes: _reserved_bytes(claim.id)}
    values |= {column: facts[column._meta.name] for column in known if column._meta.name in facts}
    ours = (table.id == claim.id) & (table.worker_id == worker_id()) & (table.attempt == claim.attempt)
    asked = (table.cancel_requested, table.pause_requested, table.finish_requested)
    async with engine.transaction():
        rows = await table.update(values).where(ours, table.state == "running").returning(*asked)
        if rows:
            await _notify(claim.id, claim.owner)
    if not rows:
        raise LeaseLost(claim.id)
    if any(rows[0].values()):
        active.trigger_heartbeat(claim.id)  # the request may have come before this worker held the row


# Fenced, in the transaction that makes the item: columns of the item and its file.
_FINISH = f"""
update download set state = 'done', progress = 1, item = i.id, title = i.title, size = m.size,
  duration = m.duration, failures = 0, crashes = 0, deduplicated = $5, {crashes.CLEAR_LEASE}
  from library_item i join media_file m on m.id = i.media_file
  where i.id = $4 and not cancel_requested and download.{_OWNED}
"""


async def finish(claim: Claim, item: int, *, deduplicated: bool = False) -> None:
    """Finish the download with this item. Called inside the transaction that makes the item.

    `deduplicated`: nothing had to be fetched.

    Raises: `LeaseLost` (and so rolls everything back) if the lease was lost or the cancellation was
    requested.
    """
    await _fenced_update(
        claim,
        _FINISH,
        item,
        deduplicated,
    )
    if not deduplicated:
        await site_backoff.reset(claim.site)


async def outcome(claim: Claim) -> str:
    """Return the outcome of a row whose lease was lost: `done` if this very attempt did it, else `lost`."""
    table = Download
    same = (table.id == claim.id) & (table.attempt == claim.attempt)
    return "done" if await table.exists().where(same, table.state == "done") else "lost"


async def fail(claim: Claim, problem: errors.Problem, *, further: bool = False, whole: bool = False) -> str:
    """Record a failure. Returns: the new state: tried again later, needs a user, or failed
    permanently. If it got further than the attempt before, the attempts are counted from zero.

    `whole`: its file was fetched and is kept, so that it waits for a user when its attempts are used up.
    """
    async with engine.transaction():
        state = await _failed(claim, problem, further=further, whole=whole)
        await site_backoff.record_failure(claim.site, problem)
    return state


_BEFORE = "(case when $14::bool then 0 else failures end)"  # failed attempts that count
# Fenced: the next state and time follow from the row, so that no request is lost in between.
_FAIL = f"""
update download set state = case when cancel_requested then 'cancelled' when $4 then 'needs_action'
  when $5 and {_BEFORE} + 1 < $6 then case when pause_requested then 'paused' else 'queued' end
  when $5 and $13 then 'needs_action' else 'failed' end, crashes = 0,
  failures = {_BEFORE} + 1, error_code = $7, error_message = $8,
  run_after = now() +
  make_interval(secs => greatest($9, least($10, $11 * 2 ^ least({_BEFORE}, 20)) * $12)),
  {crashes.CLEAR_LEASE} where {_OWNED} returning state
"""


async def _failed(claim: Claim, problem: errors.Problem, *, further: bool, whole: bool) -> str:
    chosen = settings.get()
    row = await _fenced_update(
        claim,
        _FAIL,
        problem.needs_user,
        problem.retry != "never" and not problem.needs_user,
        min(chosen.max_attempts, problem.tries or chosen.max_attempts),
        problem.code,
        engine.storable(problem.detail),
        float(problem.facts.get("retry_after") or 0.0),
        _MAX_RETRY_SECONDS,
        0.0 if problem.retry == "now" else chosen.retry_seconds,
        random.uniform(0.75, 1.25),  # noqa: S311 (so that many do not retry at the same moment)
        whole,
        further,
    )
    return str(row["state"])


# Fenced: the next check follows from the row and the time that the site announced.
_DEFER = f"""
update download set state = case when cancel_requested then 'cancelled' when pause_requested then 'paused'
  when greatest(created_at, announced, begins_at) < now() - make_interval(days => $4) then 'failed'
  else 'scheduled' end, begins_at = coalesce(announced, begins_at),
  error_code = $5, error_message = $6, run_after = case when announced > now() then announced
  when announced is not null then now() + make_interval(secs => least($9::float8, greatest($10::float8,
  extract(epoch from now() - announced)::float8 / 10)))
  else now() + make_interval(secs => greatest($10::float8, coalesce($8::float8,
  least($9::float8, $10::float8 * 2 ^ least(attempt - 1, 20))))) end,
  {crashes.CLEAR_LEASE} from (select to_timestamp($7::float8) as announced) as site
  where {_OWNED} returning state
"""


async def defer(claim: Claim, problem: errors.Problem) -> str:
    """Let a stream that has not begun wait, without a slot, for its time. Returns: the state now.

    If the site does not say when, or the stream is late, the checks become rarer. Some days after it was announced
    to begin, or, without an announcement, after it was submitted, it has failed.
    """
    row = await _fenced_update(
        claim,
        _DEFER,
        _MAX_LIVE_WAIT_DAYS,
        problem.code,
        engine.storable(problem.detail),
        problem.facts.get("begins"),
        problem.facts.get("begins_in"),
        _MAX_LIVE_CHECK_SECONDS,
        settings.get().retry_seconds,
    )
    return str(row["state"])


# Fenced.
_EXPAND = f"""
update download set state = 'expanded', title = $4, progress = 1, failures = 0, {crashes.CLEAR_LEASE}
  where not cancel_requested and {_OWNED}
"""


async def expanded(claim: Claim, title: str) -> None:
    """Let the row of a list wait for its queued entries. Call it in the transaction that inserts them."""
    await _fenced_update(
        claim,
        _EXPAND,
        title,
    )


# Fenced: the state follows from what was requested meanwhile.
_RELEASE = f"""
update download set state = {_REQUEUE_STATE}, attempt = attempt - 1, progress = 0, error_code = $4,
  error_message = $5, run_after = now() + make_interval(secs => $6), needs_media_bytes = $7,
  needs_work_bytes = $8,
  {crashes.CLEAR_LEASE} where {_OWNED} returning state
"""


async def release(claim: Claim, problem: errors.Problem | None = None) -> str:
    """Return the row as if it had not been claimed: for a stop, or a full disk. Returns: its state now.

    A problem may say how much free space the next attempt needs (`needs_media_bytes`, `needs_work_bytes`). The row is
    not claimed before that space exists, so it takes no slot from others.
    """
    facts = problem.facts if problem else {}
    row = await _fenced_update(
        claim,
        _RELEASE,
        problem.code if problem else None,
        engine.storable(problem.detail) if problem else None,
        float(facts.get("retry_after") or settings.get().reconcile_seconds) if problem else 0.0,
        int(facts.get("needs_media_bytes") or 0),
        int(facts.get("needs_work_bytes") or 0),
    )
    return str(row["state"])


async def _fenced_update(claim: Claim, sql: str, *values: Any) -> dict[str, Any]:
    """Run one fenced UPDATE of a row that this worker holds, and notify the pages."""
    if " returning " not in sql:
        sql += " returning download.id"
    async with engine.transaction():
        row = await engine.fetchrow(sql, claim.id, worker_id(), claim.attempt, *values)
        if row is not None:
            await _notify(claim.id, claim.owner)
    if row is None:
        raise LeaseLost(claim.id)
    return row


async def _notify(id: int, owner: int) -> None:
    """Notify the pages; `by` tells our own listener that this is no request to us."""
    await notifications.notify("download", {"id": id, "owner": owner, "by": worker_id()})
