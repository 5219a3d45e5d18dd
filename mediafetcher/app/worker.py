"""`worker`: the jobs alone, for another machine on the same PostgreSQL and the same media folder.

It has a state folder of its own, for work in progress, and serves nothing. It makes and changes neither the database
nor the media folder: the server does. What it holds when it dies goes on elsewhere when its leases have run out.
"""

import asyncio
import sys

from mediafetcher.app import instance
from mediafetcher.core import errors, logging, signals
from mediafetcher.core.settings import Settings
from mediafetcher.db import engine, migrate
from mediafetcher.downloads import nodes
from mediafetcher.library.storage import mount

_log = logging.get("worker")


async def work(settings: Settings, command: instance.Command) -> int:
    """Run until SIGTERM or SIGINT -> 0; 1 where the database was brought to a newer version meanwhile."""
    if settings.database_url is None:
        raise errors.Usage("A worker needs the PostgreSQL that the server uses: give it with --database-url.")
    nodes.role = "worker"
    stopping = asyncio.Event()
    signals.own_signals(stopping)
    async with instance.open(settings, command, joins=True) as opened:
        await opened.ensure_jobs()
        now = mount.state()
        print(
            f"MediaFetcher works on the downloads of the server; media folder: {now.reason or mount.root()}", flush=True
        )
        signals.notify("READY=1")
        newer = await _until(stopping)
        engine.hurry()
        signals.notify("STOPPING=1")
        opened.patience = min(instance.PATIENCE, settings.stop_seconds)
    if newer is not None:
        print(f"mediafetcher: {newer.detail} [{newer.code}]", file=sys.stderr)
        return newer.exit_code
    _log.info("stopped")
    return 0


async def _until(stopping: asyncio.Event) -> errors.Problem | None:
    """Wait for the end -> None, or why this program must not go on: the database is of another version now."""
    while True:
        try:
            await asyncio.wait_for(stopping.wait(), nodes.EVERY)
            return None
        except TimeoutError:
            pass
        try:
            await migrate.require()
        except errors.DatabaseAway:
            continue
        except errors.Problem as problem:
            return problem


def start(settings: Settings, command: instance.Command) -> int:
    """Run `worker` to its end in a loop of its own."""
    import uvloop

    logging.setup(settings.log_level, settings.log_format)
    return uvloop.run(work(settings, command))
