"""Work that a cancellation must not interrupt."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def run_to_completion(work: Awaitable[T], on_cancel: Callable[[], None] | None = None) -> T:
    """Run `work` to its end even if the caller is cancelled. Only then is the cancellation raised.

    `on_cancel` is called at the cancellation, e.g. to ask the work to end early. A second cancellation ends the wait,
    not the work. Returns: its result. Raises: its error.
    """
    running = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        if on_cancel is not None:
            on_cancel()
        running.add_done_callback(_take_error)
        await asyncio.wait({running})
        raise


async def make_or_discard(making: Awaitable[T], discard: Callable[[T], Awaitable[object] | None]) -> T:
    """Wait for a resource. If the caller is cancelled meanwhile, it is made anyway, and then given to `discard`.

    So it is if another error than that of `making` is thrown into the caller. Further cancellations do not end the
    wait: the resource has no other owner. Returns: the resource. Raises: what `making` raises, unless the caller is
    cancelled.
    """
    running = asyncio.ensure_future(making)
    try:
        return await asyncio.shield(running)
    except (asyncio.CancelledError, Exception):
        await _settled(running)
        if not running.cancelled() and running.exception() is None:
            discarding = discard(running.result())
            if discarding is not None:
                with contextlib.suppress(OSError):
                    await run_to_completion(discarding)
        raise


async def _settled(running: "asyncio.Future[T]") -> None:
    while not running.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({running})


def _take_error(work: "asyncio.Future[T]") -> None:
    """Mark the error of work as seen, since its caller is cancelled and asks for it no longer."""
    if not work.cancelled():
        work.exception()
