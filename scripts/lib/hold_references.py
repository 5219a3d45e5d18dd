"""A process that adds and removes references to files: prints how many in the seconds given."""

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.library.catalog import items, trash


async def hand(owner: int, files: Sequence[int], end: float) -> int:
    done = 0
    while time.monotonic() < end:
        link = partial(items.link, owner, random.choice(files), items.Entry("held"))
        item = await engine.retrying(link)
        assert item is not None
        await engine.retrying(partial(trash.delete_media, item, owner))
        done += 2
    return done


async def main(dsn: str, state: str, owner: int, first: int, count: int, seconds: int) -> None:
    settings.use(settings.Settings(state=Path(state), media=Path(state) / "media"))
    await engine.connect(dsn)
    files = range(first, first + count)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    done = await asyncio.gather(*(hand(owner, files, time.monotonic() + seconds) for _ in range(4)))
    await engine.close()
    print(sum(done))


dsn, state, *numbers = sys.argv[1:]
asyncio.run(main(dsn, state, *map(int, numbers)))
