"""The machines that work on the queue: what this one can take now, and what all of them last reported.

The reports are only for display. A machine holds rows by its leases (leases.py), and their recovery after it dies does
not depend on this table.
"""

import socket
from typing import Any, Literal

from piccolo.querystring import QueryString

from mediafetcher import __version__
from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import errors, settings
from mediafetcher.db.expressions import NOW, ago
from mediafetcher.db.tables import Machine
from mediafetcher.downloads import node_name
from mediafetcher.downloads.worker import active
from mediafetcher.library.storage import mount, ownership
from mediafetcher.media import encoders
from mediafetcher.sandbox import work_folders

Role = Literal["server", "worker"]

EVERY = 10.0  # seconds between two reports of a machine
_FORGET = 86_400.0  # seconds after which a silent machine is forgotten

_has_cookies = True  # as this machine announced last


def paused() -> errors.Unavailable | None:
    """Return why the whole queue waits now, or None. Rows keep their state and their position meanwhile."""
    now = mount.state()
    kinds = {"offline": errors.MediaOffline, "full": errors.MediaFull, "read_only": errors.MediaReadOnly}
    if now.state != "online":
        return kinds.get(now.state, errors.MediaOffline)(now.reason or None)
    if frozen := ownership.frozen():
        return ownership.problem(frozen)
    chosen = settings.get()
    if chosen.work.exists() and work_folders.free() < chosen.min_free:
        return errors.MediaFull(
            f"The disk of {chosen.work} is full. Free some space. Downloads continue when there is enough."
        )
    return None


async def hosts_for_others() -> list[cookie_jars.Host]:
    """Return the hosts whose downloads this machine leaves to others, because it has no key of their cookies."""
    return [] if _has_cookies else await cookie_jars.hosts()


async def announce(role: Role) -> None:
    """Report that this machine is online, and forget machines that were silent for long."""
    global _has_cookies
    away = paused()
    # The server makes its key at first use; a worker has one only if it was given the server's.
    _has_cookies = role == "server" or await cookie_jars.can_decrypt()
    now = Machine(
        instance=node_name.instance(),
        name=socket.gethostname(),
        role=role,
        version=__version__,
        jobs=settings.get().max_downloads,
        running=len(active.all_active()),
        encoders=[encoders.shown()],
        cookies=_has_cookies,
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
