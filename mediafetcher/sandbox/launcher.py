"""Launch processes on threads of their own, so that the event loop does not wait for fork and exec.

Between fork and exec a child drops root and confines itself, which takes tens of milliseconds on a busy machine. The
kernel sends the death signal when the *thread* that forked ends, so these threads live as long as the program.
"""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
_THREADS = ThreadPoolExecutor(4, "launcher")  # threads of an executor never end before the interpreter does


async def launch(make: Callable[[], T], discard: Callable[[T], None]) -> T:
    """Run `make`, which starts a process, on a launcher thread.

    Cancellation waits for the launch, because the child inherits descriptors that the caller closes afterwards; then
    the process is given to `discard`.

    Returns: the process. Raises: what `make` raises.
    """
    launching = asyncio.get_running_loop().run_in_executor(_THREADS, make)
    try:
        return await asyncio.shield(launching)
    except asyncio.CancelledError:
        await _settled(launching)
        if launching.exception() is None:
            discard(launching.result())
        raise


async def _settled(launching: "asyncio.Future[T]") -> None:
    while not launching.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({launching})
