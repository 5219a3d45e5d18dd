"""Rows that no worker holds return to the queue: their wait is over, their holder is dead, or a clock moved."""

from collections.abc import Awaitable, Callable

from piccolo.columns.combination import WhereRaw

from mediafetcher.core import logging, settings
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW, after
from mediafetcher.db.tables import Download
from mediafetcher.downloads import crashes, due, nodes
from mediafetcher.downloads.node_name import instance, worker_id
from mediafetcher.downloads.worker import active, wakeup

_RECONCILE_LOCK = 77_002  # the advisory lock of reconciliations: one at a time, of all machines

# A condition of an update of `download`: an entry of a list that has not ended.
_UNENDED_ENTRY = (
    "select from download c where c.parent = download.id and c.state not in ('done', 'failed', 'cancelled')"
)
_MAX_RETRY_AFTER_SECONDS = 86_400.0  # seconds that a site may ask to wait (core/errors/fetch.py)

_log = logging.get("jobs")


async def promote_scheduled() -> int:
    """Requeue rows whose wait is over, and finish lists whose entries have all ended. Returns: how many."""
    table = Download
    begun = table.update({table.state: "queued"}).where(table.state == "scheduled", table.run_after <= NOW)
    done = table.update({table.state: "done", table.progress: 1.0, table.finished_at: NOW}).where(
        table.state == "expanded", WhereRaw(f"not exists ({_UNENDED_ENTRY})")
    )
    rows = await begun.returning(table.id, table.owner)
    rows += await done.returning(table.id, table.owner)
    for row in rows:
        await notifications.notify("download", row)
    return len(rows)


async def recover_own() -> int:
    """Requeue rows that earlier starts of this installation held when they ended. Returns: how many.

    Only for the process that has locked the state folder: no other process of that name can be alive.
    """
    lost = "starts_with(worker_id, {}) and worker_id <> {}"
    return len(await crashes.put_back(lost, f"{instance()}:", worker_id()))


async def requeue_expired() -> int:
    """Requeue rows whose lease expired. Returns: how many.

    Downloads that run here are excluded, whatever the clock says: the next heartbeat renews them.
    """
    lost = "lease_expires_at < now() and not (worker_id = {} and download.id = any({}::bigint[]))"
    return len(await crashes.put_back(lost, worker_id(), [download.id for download in active.all_active()]))


async def clock_moved() -> None:
    """Correct times after a jump of the database's clock: rows that wait for a remote time are due, or soon are."""
    table, longest = Download, after(settings.get().lease_seconds)
    waiting = table.state.is_in(["queued", "scheduled"])
    await table.update({table.run_after: NOW}).where(waiting, table.run_after > NOW)
    leased = (table.state == "running") & (table.lease_expires_at > longest)
    await table.update({table.lease_expires_at: longest}).where(leased)


async def correct_times() -> None:
    """Let rows that wait longer than any may be due now: a clock was ahead when their wait began."""
    table = Download
    too_late = (table.state == "queued") & (table.run_after > after(_MAX_RETRY_AFTER_SECONDS))
    await table.update({table.run_after: NOW}).where(too_late)


async def reconcile(free: int, pending: Callable[[], Awaitable[int]]) -> int:
    """Requeue expired leases, and send missing wake-ups for due rows. Returns: the number of wake-ups sent.

    `free`: our free slots; `pending()`: the number of pending wake-ups. Only one machine does it at a time; others
    skip it.
    """
    async with engine.transaction():
        if not await engine.try_lock(_RECONCILE_LOCK):
            return 0
        expired = await requeue_expired()
        await promote_scheduled()
        wanted = 0 if nodes.paused() or free <= 0 else await due.count(free) - await pending()
    if expired:
        _log.warning("downloads of a silent worker returned to the queue", count=expired)
    if wanted > 0:
        await wakeup.wake_workers(wanted)
    return max(0, wanted)
