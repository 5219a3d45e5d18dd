"""The machines that work on the queue, including this one: their capabilities, and when they last reported.

Only for display. A machine holds rows by its leases (leases.py), and their recovery after it
dies does not depend on this table.
"""

import socket
from typing import Any, Literal

from mediafetcher import __version__
from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, node_name
from mediafetcher.downloads.worker import active
from mediafetcher.media import encoders

Role = Literal["server", "worker"]

EVERY = 10.0  # seconds between two reports of a machine
_FORGET = "1 day"  # a machine that was silent for so long is forgotten

role: Role = "server"  # the role of this process; `worker.py` changes it


async def announce() -> None:
    """Report that this machine is online, and forget machines that were silent for long."""
    away = leases.paused()
    # The server makes its key at first use; a worker has one only if it was given the server's.
    leases.skip_downloads_with_cookies = role == "worker" and not await cookie_jars.can_decrypt()
    await engine.execute(
        "insert into machine (instance, name, role, version, jobs, running, encoders, cookies, trouble)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " on conflict (instance) do update set name = excluded.name, role = excluded.role, version = excluded.version,"
        "  jobs = excluded.jobs, running = excluded.running, encoders = excluded.encoders,"
        "  cookies = excluded.cookies, trouble = excluded.trouble, seen_at = now()",
        node_name.instance(),
        socket.gethostname(),
        role,
        __version__,
        settings.get().max_downloads,
        len(active.all_active()),
        [encoders.shown()],
        not leases.skip_downloads_with_cookies,
        away.code if away else None,
    )
    await engine.execute(f"delete from machine where seen_at < now() - interval '{_FORGET}'")


async def correct_times() -> None:
    """Let a machine that was seen in the future, by a clock that was set back since, count as seen now."""
    await engine.execute("update machine set seen_at = now() where seen_at > now()")


async def unregister() -> None:
    """Remove this machine: it no longer works."""
    await engine.execute("delete from machine where instance = $1", node_name.instance())


async def page() -> list[dict[str, Any]]:
    """Return each machine: name, role, version, jobs (slots), running, encoders, cookies (whether it decrypts jars),
    trouble (the code of the error that keeps it from working), started_at, seen_at, state: "here" or "silent".
    """
    return await engine.fetch(
        "select name, role, version, jobs, running, encoders, cookies, trouble, started_at, seen_at,"
        " case when seen_at > now() - make_interval(secs => $1) then 'here' else 'silent' end as state"
        " from machine order by role, name, instance",
        max(3 * EVERY, settings.get().lease_seconds),
    )
