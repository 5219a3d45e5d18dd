"""Lock an exported tree for one update at a time, across all servers that share the database.

The lock belongs to a transaction of the database that is open meanwhile: it is released with the connection of a
server that dies.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from mediafetcher.core import clock
from mediafetcher.db import engine


@contextlib.asynccontextmanager
async def locked(path: str, *, patience: float = 0.0) -> AsyncIterator[bool]:
    """Lock a tree against other servers of this database. Returns: whether it succeeded within `patience` seconds."""
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
    """Raise the error that ended the holder of the lock in the task that waits for it."""
    if taken.done() or holder.cancelled():
        taken.cancel()
    elif error := holder.exception():
        taken.set_exception(error)


async def _hold_lock(path: str, patience: float, taken: asyncio.Future[bool], release: asyncio.Event) -> None:
    """Hold the lock in a task of its own: meanwhile other connections commit the records of the tree step by step."""
    until = clock.monotonic() + patience
    async with engine.transaction():
        key = await engine.function("hashtextextended", f"export {path}", 0)
        while not await engine.try_lock(key):
            if release.is_set():  # the task that waited was cancelled
                return
            if clock.monotonic() >= until:
                taken.set_result(False)
                return
            await asyncio.sleep(0.2)
        taken.set_result(True)
        await release.wait()
