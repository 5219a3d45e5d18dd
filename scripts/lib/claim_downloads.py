"""Another worker that finds and claims a due download, and releases it: prints the median seconds of 60 times."""

import asyncio
import statistics
import sys
import time
from pathlib import Path

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads import due, leases, nodes


async def main(dsn: str, state: str) -> None:
    settings.use(settings.Settings(state=Path(state), media=Path(state) / "media", max_downloads_per_site=100))
    nodes.paused = lambda: None  # the disk is the server's to watch
    await engine.connect(dsn)
    times = []
    for _ in range(60):
        began = time.perf_counter()
        await due.count(8)
        claim = await leases.claim()
        times.append(time.perf_counter() - began)
        assert claim is not None
        await leases.release(claim)
    await engine.close()
    print(statistics.median(times))


asyncio.run(main(*sys.argv[1:]))
