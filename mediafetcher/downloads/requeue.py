"""Rows that no worker holds return to the queue: their wait is over, their holder is dead, or a clock moved."""

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads import crashes
from mediafetcher.downloads.node_name import instance, worker_id
from mediafetcher.downloads.worker import active

_MAX_RETRY_AFTER_SECONDS = 86_400.0  # seconds that a site may ask to wait (core/errors/fetch.py)


async def promote_scheduled() -> int:
    """Requeue rows whose wait is over, and finish lists whose entries have all ended. Returns: how many."""
    rows = await engine.fetch(
        "update download set state = 'queued' where state = 'scheduled' and run_after <= now() returning id, owner"
    )
    rows += await engine.fetch(
        "update download p set state = 'done', progress = 1, finished_at = now()"
        " where p.state = 'expanded' and not exists (select from download c"
        "   where c.parent = p.id and c.state not in ('done', 'failed', 'cancelled')) returning id, owner"
    )
    for row in rows:
        await engine.notify("download", row)
    return len(rows)


async def recover_own() -> int:
    """Requeue rows that earlier starts of this installation held when they ended. Returns: how many.

    Only for the process that has locked the state folder: no other process of that name can be alive.
    """
    lost = "starts_with(worker_id, $12) and worker_id <> $13"
    return len(await crashes.put_back(lost, f"{instance()}:", worker_id()))


async def requeue_expired() -> int:
    """Requeue rows whose lease expired. Returns: how many.

    Downloads that run here are excluded, whatever the clock says: the next heartbeat renews them.
    """
    lost = "lease_expires_at < now() and not (worker_id = $12 and d.id = any($13::bigint[]))"
    return len(await crashes.put_back(lost, worker_id(), [download.id for download in active.all_active()]))


async def clock_moved() -> None:
    """Correct times after a jump of the database's clock: rows that wait for a remote time are due, or soon are."""
    await engine.execute(
        "update download set run_after = now() where state in ('queued', 'scheduled') and run_after > now()"
    )
    await engine.execute(
        "update download set lease_expires_at = now() + make_interval(secs => $1) where state = 'running'"
        " and lease_expires_at > now() + make_interval(secs => $1)",
        settings.get().lease_seconds,
    )


async def correct_times() -> None:
    """Let rows that wait longer than any may be due now: a clock was ahead when their wait began."""
    await engine.execute(
        "update download set run_after = now() where state = 'queued'"
        " and run_after > now() + make_interval(secs => $1)",
        _MAX_RETRY_AFTER_SECONDS,
    )
