"""One computation for all who ask for the same at the same time.

A caller gets the result of a computation that began after its call, so it sees what it has written. While one runs,
the next waits, and serves all callers that have asked meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

_Key = tuple[asyncio.AbstractEventLoop, Hashable]
_running: dict[_Key, asyncio.Task[Any]] = {}
_waiting: dict[_Key, asyncio.Task[Any]] = {}


async def join(key: Hashable, compute: Callable[[], Awaitable[T]]) -> T:
    """Return the result of `compute`, which calls with the same key may share; it must not be changed.

    Raises: what `compute` raises.
    """
    place = (asyncio.get_running_loop(), key)
    task = _waiting.get(place)
    if task is None:
        task = _waiting[place] = asyncio.create_task(_compute(place, compute, _running.get(place)))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # all callers may have left
    result: T = await asyncio.shield(task)
    return result


async def _compute(place: _Key, compute: Callable[[], Awaitable[T]], before: asyncio.Task[Any] | None) -> T:
    task = asyncio.current_task()
    assert task
    try:
        if before:
            await asyncio.wait({before})
    finally:
        del _waiting[place]
    _running[place] = task
    try:
        return await compute()
    finally:
        if _running[place] is task:
            del _running[place]
