"""Removing a person: their downloads end, their entries go, then they do; files go where nobody else holds them.

Broken off in the middle it can be repeated: what is left is a person with less.
"""

import asyncio

from mediafetcher.accounts.auth import users
from mediafetcher.core import clock, errors
from mediafetcher.db import engine
from mediafetcher.downloads.worker import active
from mediafetcher.library.catalog import trash
from mediafetcher.library.export import sync
from mediafetcher.library.recovery import journal
from mediafetcher.library.storage import ownership, sweeper

_PATIENCE = 30.0  # seconds for downloads in work to end


@engine.patiently
async def remove(person: int, *, by: int | None = None, address: str | None = None) -> int:
    """Remove a person with all they have -> how many entries went.

    Raises `NotFound`, `LastAdmin`, and `Conflict` where a download of theirs does not end.
    """
    ownership.require()
    await users.require_removable(person)
    await users.shut_out(person)
    await _end_downloads(person)
    gone = await trash.delete_all(person)
    await users.remove(person, by=by, address=address)
    await journal.forget()  # the next generation of the journal is without their titles
    await sweeper.sweep()
    await sync.refresh_quietly()
    return gone


async def _end_downloads(person: int) -> None:
    """Cancel all of them, and wait for those in work: what one of them stores now would be theirs."""
    rows = await engine.fetch(
        "update download set cancel_requested = state = 'running', finished_at = now(),"
        " state = case when state = 'running' then state else 'cancelled' end"
        " where owner = $1 and state not in ('done', 'failed', 'cancelled') returning id, owner",
        person,
    )
    for row in rows:
        await engine.notify("download", row)
        active.trigger_heartbeat(row["id"])
    until = clock.monotonic() + _PATIENCE
    while await engine.fetchval(
        "select exists (select from download where owner = $1 and state = 'running' and lease_expires_at > now())",
        person,
    ):
        if clock.monotonic() > until:
            raise errors.Conflict("This user's downloads are still stopping. Try again in a moment.")
        await asyncio.sleep(0.1)
