"""The machines that work on the queue, including this one: their capabilities, and when they last reported.

Only for display. A machine holds rows by its leases (leases.py), and their recovery after it
dies does not depend on this table.
"""

import socket
from typing import Any, Literal

from piccolo.querystring import QueryString

from mediafetcher import __version__
from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import settings
from mediafetcher.db.expressions import NOW, ago
from mediafetcher.db.tables import Machine
from mediafetcher.downloads import leases, node_name
from mediafetcher.downloads.worker import active
from mediafetcher.media import encoders

Role = Literal["server", "worker"]

EVERY = 10.0  # seconds between two reports of a machine
_FORGET = 86_400.0  # seconds after which a silent machine is forgotten


async def announce(role: Role) -> None:
    """Report that this machine is online, and forget machines that were silent for long."""
    away = leases.paused()
    # The server makes its key at first use; a worker has one only if it was given the server's.
    usable = role == "server" or await cookie_jars.can_decrypt()
    leases.set_cookies_usable(usable=usable)
    now = Machine(
        instance=node_name.instance(),
        name=socket.gethostname(),
        role=role,
        version=__version__,
        jobs=settings.get().max_downloads,
        running=len(active.all_active()),
        encoders=[encoders.shown()],
        cookies=usable,
        trouble=away.code if away else None,
    )
    told = (Machine.name, Machine.role, Machine.version, Machine.jobs, Machine.running, Machine.encoders)
    changed = (*told, Machine.cookies, Machine.trouble, (Machine.seen_at, NOW))
    await Machine.insert(now).on_conflict(Machine.instance, "DO UPDATE", changed)
    await Machine.delete().where(Machine.seen_at < ago(_FORGET))


async def correct_times() -> None:
    """Let a machine that was seen in the future, by a clock that was set back since, count as seen now."""
    await Machine.update({Machine.seen_at: NOW}).where(Machine.seen_at > NOW)


async def unregister() -> None:
    """Remove this machine: it no longer works."""
    await Machine.delete().where(Machine.instance == node_name.instance())


async def page() -> list[dict[str, Any]]:
    """Return each machine: name, role, version, jobs (slots), running, encoders, cookies (whether it decrypts jars),
    trouble (the code of the error that keeps it from working), started_at, seen_at, state: "here" or "silent".
    """
    table, silent = Machine, float(max(3 * EVERY, settings.get().lease_seconds))
    state = QueryString("case when seen_at > now() - make_interval(secs => {}) then 'here' else 'silent' end", silent)
    capabilities = (table.jobs, table.running, table.encoders, table.cookies, table.trouble)
    columns = (table.name, table.role, table.version, *capabilities, table.started_at, table.seen_at)
    return await table.select(*columns, state.as_alias("state")).order_by(table.role, table.name, table.instance)
