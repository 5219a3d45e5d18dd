"""An import that kills its own process: `adopt_driver.py DSN STATE MEDIA SOURCE MOVE POINT`.

POINT: `staged`, `placed` (the bytes are in the store, nothing is committed) or `committed` (the source goes next). With
`plain` it goes to its end, held to the rights of files even as root, and says what became of each.
"""

import asyncio
import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.importing import importer
from mediafetcher.library.catalog import bulk_insert
from mediafetcher.library.storage import blob_store, mount
from mediafetcher.sandbox import libc, privilege_drop


def _die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(dsn: str, state: str, media: str, source: str, move: str, point: str) -> None:
    settings.use(settings.Settings(state=Path(state), media=Path(media), min_free=0))
    await engine.connect(dsn, size=2)
    await mount.prepare()
    owner = await engine.fetchval("select min(id) from account")
    place, add = blob_store.place_all, bulk_insert.add

    def dying_place(*args: Any) -> None:
        if point == "placed":
            place(*args)
        _die()

    async def dying_add(*args: Any) -> None:
        await add(*args)
        _die()

    if point == "plain":
        # Every connection is open before: afterwards the socket of the database is out of reach.
        await asyncio.gather(*(engine.fetchval("select pg_sleep(0.2)") for _ in range(2)))
        _lower()
    elif point == "committed":
        bulk_insert.add = dying_add  # type: ignore[assignment]
    else:
        blob_store.place_all = dying_place
    done = [one async for one in importer.adopt(owner, [Path(source)], move=move == "move")]
    print(json.dumps({one.path.name: (one.result, one.why) for one in done}))


def _lower() -> None:
    """Put down what lets root pass by the rights of files; children may still take it up."""
    header, data = privilege_drop._CapHeader(privilege_drop._CAPABILITY_VERSION_3, 0), (privilege_drop._CapData * 2)()
    libc.must(libc.LIBC.capget(ctypes.byref(header), data))
    data[0].effective &= ~(1 << privilege_drop._CAP_DAC_OVERRIDE | 1 << privilege_drop._CAP_DAC_READ_SEARCH)
    libc.must(libc.LIBC.capset(ctypes.byref(header), data))


asyncio.run(main(*sys.argv[1:]))
