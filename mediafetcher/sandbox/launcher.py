"""Launch processes on threads of their own, so that the event loop does not wait for fork and exec.

Between fork and exec a child drops root and confines itself, which takes tens of milliseconds on a busy machine. The
kernel sends the death signal when the *thread* that forked ends, so these threads live as long as the program.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mediafetcher.core import tasks

T = TypeVar("T")
_THREADS = ThreadPoolExecutor(4, "launcher")  # threads of an executor never end before the interpreter does


async def launch(make: Callable[[], T], discard: Callable[[T], None]) -> T:
    """Run `make`, which starts a process, on a launcher thread.

    Cancellation waits for the launch, because the child inherits descriptors that the caller closes afterwards; then
    the process is given to `discard`.

    Returns: the process. Raises: what `make` raises.
    """
    return await tasks.make_or_discard(asyncio.get_running_loop().run_in_executor(_THREADS, make), discard)
