"""One more machine: a queue of its own on the same database, until nothing is left to do.

usage: claimer.py DSN STATE MEDIA SLOTS. Says `ready` when it listens, `done` when nothing is queued or running.
"""

import asyncio
import sys
from pathlib import Path

from mediafetcher.core import logging, settings
from mediafetcher.db import engine
from mediafetcher.downloads.worker import pool
from mediafetcher.library.storage import mount
from tests.waiting import eventually


async def main(dsn: str, state: str, media: str, slots: str) -> None:
    settings.use(
        settings.Settings(
            state=Path(state),
            media=Path(media),
            max_downloads=int(slots),
            max_downloads_per_site=1000,
            reconcile_seconds=1.0,
            heartbeat_seconds=0.5,
            lease_seconds=30.0,
            min_free=0,
        )
    )
    logging.setup("warning")
    await engine.connect(dsn)
    await mount.prepare()
    slots_here = pool.WorkerPool()
    await slots_here.start()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)  # all begin together
    await eventually(
        lambda: engine.fetchval("select count(*) from download where state in ('queued', 'running')"),
        lambda found: not found,
        seconds=600,
    )
    await slots_here.stop()
    await engine.close()
    print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
