"""Wait for a condition that no event tells of: in another process, on the disk, in a row.

Tests wait for events if there are any. All other waiting is here, and nowhere else (tests/docs/test_tests.py).
"""

import asyncio
import contextlib
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

T = TypeVar("T")
_SECONDS = 30.0
_PAUSE = 0.02


def _late(look: Callable[[], object], seconds: float, what: str, last: object) -> str:
    with contextlib.suppress(OSError, TypeError):
        what = what or inspect.getsource(look).strip()
    return f"not within {seconds} s: {what}; last: {last!r}"


async def eventually(
    look: Callable[[], Awaitable[T] | T],
    accepts: Callable[[T], object] = bool,
    *,
    seconds: float = _SECONDS,
    pause: float = _PAUSE,
    ignore: tuple[type[BaseException], ...] = (),
    what: str = "",
) -> T:
    """Look, every `pause` seconds, until what `look` returns is accepted. Returns: it.

    Errors of the kinds `ignore` mean "not yet". Raises: AssertionError after `seconds`, which says `what` is late.
    """
    end = time.monotonic() + seconds
    last: object = None
    while True:
        try:
            found = look()
            value = cast(T, await found if inspect.isawaitable(found) else found)
            if accepts(value):
                return value
            last = value
        except ignore as error:
            last = error
        assert time.monotonic() < end, _late(look, seconds, what, last)
        await asyncio.sleep(pause)


def eventually_blocking(
    look: Callable[[], T],
    accepts: Callable[[T], object] = bool,
    *,
    seconds: float = _SECONDS,
    pause: float = _PAUSE,
    ignore: tuple[type[BaseException], ...] = (),
    what: str = "",
) -> T:
    """As `eventually`, in a test without an event loop."""
    end = time.monotonic() + seconds
    last: object = None
    while True:
        try:
            last = value = look()
            if accepts(value):
                return value
        except ignore as error:
            last = error
        assert time.monotonic() < end, _late(look, seconds, what, last)
        time.sleep(pause)
