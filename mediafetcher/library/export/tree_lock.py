"""One update of an exported tree at a time, of all servers that share the database.

The lock is one of the database's, of a transaction that is open meanwhile: it goes with the connection of a server
that dies.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from mediafetcher.core import clock
from mediafetcher.db import engine


@contextlib.asynccontextmanager
async def locked(path: str, *, patience: float = 0.0) -> AsyncIterator[bool]:
    """Keep other servers of this database from a tree -> whether it is ours; tried for `patience` seconds."""
    taken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    release = asyncio.Event()
    holder = asyncio.create_task(_hold_lock(path, patience, taken, release))
    holder.add_done_callback(lambda holder: _pass_on(holder, taken))
    try:
        yield await taken
    finally:
        release.set()
        await asyncio.gather(holder, return_exceptions=True)


def _pass_on(holder: asyncio.Task[None], taken: asyncio.Future[bool]) -> None:
    """Let whoever waits for the lock see the error that ended its holder."""
    if taken.done() or holder.cancelled():
        taken.cancel()
    elif error := holder.exception():
        taken.set_exception(error)


async def _hold_lock(path: str, patience: float, taken: asyncio.Future[bool], release: asyncio.Event) -> None:
    """In a task of its own: what is noted of the tree meanwhile is committed step by step, by other connections."""
    until = clock.monotonic() + patience
    async with engine.transaction():
        while not await engine.fetchval("select pg_try_advisory_xact_lock(hashtextextended('export ' || $1, 0))", path):
            if clock.monotonic() >= until:
                taken.set_result(False)
                return
            await asyncio.sleep(0.2)
        taken.set_result(True)
        await release.wait()
