"""Conversions at once: never more than the setting says on this machine, also when it is changed while some wait."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from mediafetcher.core import settings

_running = 0
_waiting: list[asyncio.Event] = []  # who came first is first


@contextlib.asynccontextmanager
async def conversion() -> AsyncIterator[None]:
    """Wait for a place, hold it, give it back."""
    global _running
    while _running >= settings.get().transcodes:
        turn = asyncio.Event()
        _waiting.append(turn)
        try:
            await turn.wait()
        finally:
            _waiting.remove(turn)
    _running += 1
    try:
        yield
    finally:
        _running -= 1
        look()


def look() -> None:
    """There may be a place: all who wait look again, in their order."""
    for turn in _waiting:
        turn.set()
