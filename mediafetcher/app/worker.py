"""`worker`: downloads without the web server, on another machine with the same PostgreSQL and media folder.

It has its own state folder for work in progress, and serves nothing. Only the server creates or changes the database
and the media folder. If the worker dies, its downloads resume elsewhere when their leases have expired.
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
    """Run until SIGTERM or SIGINT. Returns: 0, or 1 if the database was migrated to a newer version."""
    if settings.database_url is None:
        raise errors.UsageError("A worker needs the PostgreSQL database of the server. Set it with --database-url.")
    stopping = asyncio.Event()
    signals.own_signals(stopping)
    async with instance.open(settings, command, joins=True) as opened:
        await opened.ensure_jobs()
        now = mount.state()
        print(f"MediaFetcher worker is ready; media folder: {now.reason or mount.root()}", flush=True)
        signals.notify("READY=1")
        newer = await _until(stopping)
        engine.hurry()
        signals.notify("STOPPING=1")
        opened.patience = min(instance.PATIENCE, settings.shutdown_seconds)
    if newer is not None:
        print(f"mediafetcher: {newer.detail} [{newer.code}]", file=sys.stderr)
        return newer.exit_code
    _log.info("stopped")
    return 0


async def _until(stopping: asyncio.Event) -> errors.Problem | None:
    """Wait for the end. Returns: None, or the problem if the database now has another version."""
    while True:
        try:
            await asyncio.wait_for(stopping.wait(), nodes.EVERY)
            return None
        except TimeoutError:
            pass
        try:
            await migrate.require()
        except errors.DatabaseUnavailable:
            continue
        except errors.Problem as problem:
            return problem


def start(settings: Settings, command: instance.Command) -> int:
    """Run `worker` in an event loop of its own."""
    import uvloop

    logging.setup(settings.log_level, settings.log_format)
    return uvloop.run(work(settings, command))
