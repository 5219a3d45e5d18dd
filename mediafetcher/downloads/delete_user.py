"""Delete a user: the user's downloads end, the entries are removed, then the account. Unreferenced files go later.

Idempotent: safe to rerun after an interruption.
"""

import asyncio
from typing import Any

from piccolo.columns import Column
from piccolo.querystring import QueryString

from mediafetcher.accounts.auth import users
from mediafetcher.core import clock, errors
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW
from mediafetcher.db.tables import Download
from mediafetcher.downloads.worker import active
from mediafetcher.library.catalog import trash
from mediafetcher.library.export import sync
from mediafetcher.library.recovery import journal
from mediafetcher.library.storage import ownership, sweeper

_PATIENCE = 30.0  # seconds for running downloads to end
_SLICE = 500  # downloads that one statement removes


@engine.patiently
async def remove(user: int, *, by: int | None = None, address: str | None = None) -> int:
    """Delete a user with all entries. Returns: the number of removed entries.

    Raises: `NotFound`, `LastAdmin`, and `Conflict` if a download of the user does not end.
    """
    ownership.require()
    await users.require_removable(user)
    await users.shut_out(user)
    await _end_downloads(user)
    await _remove_downloads(user)
    gone = await trash.delete_all(user)
    await users.remove(user, by=by, address=address)
    await journal.forget()  # the next generation of the journal has none of their titles
    await sweeper.sweep()
    await sync.refresh_quietly()
    return gone


async def _end_downloads(user: int) -> None:
    """Cancel all downloads, and wait for the running ones, which could still store files for the user."""
    table = Download
    ended: dict[Column | str, Any] = {
        table.cancel_requested: QueryString("state = 'running'"),
        table.finished_at: NOW,
        table.state: QueryString("case when state = 'running' then state else 'cancelled' end"),
    }
    begun = (table.owner == user) & table.state.not_in(["done", "failed", "cancelled"])
    for row in await table.update(ended).where(begun).returning(table.id, table.owner):
        await notifications.notify("download", row)
        active.trigger_heartbeat(row["id"])
    until = clock.monotonic() + _PATIENCE
    runs = (table.owner == user) & (table.state == "running") & (table.lease_expires_at > NOW)
    while await table.exists().where(runs):
        if clock.monotonic() > until:
            raise errors.Conflict("This user's downloads are still stopping. Try again in a moment.")
        await asyncio.sleep(0.1)


async def _remove_downloads(user: int) -> None:
    """Remove all downloads in slices: before the items, whose end would write to the row of each download."""
    table = Download
    while True:
        some = table.select(table.id).where(table.owner == user).order_by(table.id).limit(_SLICE)
        if len(await table.delete().where(table.id.is_in(some)).returning(table.id)) < _SLICE:
            return
