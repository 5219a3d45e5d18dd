"""The machines that work on the queue, this one among them: what they can do, and when they were last heard of.

Only for people to look at. What a machine holds it holds by its leases (leases.py), and what becomes of that when it
dies does not depend on this table.
"""

import socket
from typing import Any, Literal

from mediafetcher import __version__
from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases
from mediafetcher.downloads.worker import active
from mediafetcher.media import encoders

Role = Literal["server", "worker"]

EVERY = 10.0  # seconds between two words of a machine
_FORGET = "1 day"  # one that was silent for so long is gone for good

role: Role = "server"  # what this process is; `worker.py` says otherwise


async def announce() -> None:
    """Say that this machine is here, and forget those that have long been gone."""
    away = leases.paused()
    # The server makes its key at first use; a worker has one only where it was given the server's.
    leases.skip_downloads_with_cookies = role == "worker" and not await cookie_jars.can_decrypt()
    await engine.execute(
        "insert into machine (instance, name, role, version, jobs, running, encoders, cookies, trouble)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " on conflict (instance) do update set name = excluded.name, role = excluded.role, version = excluded.version,"
        "  jobs = excluded.jobs, running = excluded.running, encoders = excluded.encoders,"
        "  cookies = excluded.cookies, trouble = excluded.trouble, seen_at = now()",
        leases.instance(),
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
    """Let a machine that was seen in the future, by a clock that has gone back since, count as seen now."""
    await engine.execute("update machine set seen_at = now() where seen_at > now()")


async def unregister() -> None:
    """This machine works no more."""
    await engine.execute("delete from machine where instance = $1", leases.instance())


async def page() -> list[dict[str, Any]]:
    """Each machine: name, role, version, jobs (slots), running, encoders, cookies (whether it opens sealed jars),
    trouble (the code of what keeps it from working), started_at, seen_at, state: "here" or "silent".
    """
    return await engine.fetch(
        "select name, role, version, jobs, running, encoders, cookies, trouble, started_at, seen_at,"
        " case when seen_at > now() - make_interval(secs => $1) then 'here' else 'silent' end as state"
        " from machine order by role, name, instance",
        max(3 * EVERY, settings.get().lease_seconds),
    )
