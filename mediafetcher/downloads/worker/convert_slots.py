"""Conversions at once: never more than the setting says on this machine, also when it is changed while some wait."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from mediafetcher.core import errors, settings
from mediafetcher.downloads.worker import active

_running = 0
_waiting: list[asyncio.Event] = []  # who came first is first


@contextlib.asynccontextmanager
async def conversion(download: active.ActiveDownload) -> AsyncIterator[None]:
    """Wait for a slot, hold it, give it back. While it waits, `hold` says so."""
    global _running
    while _running >= settings.get().max_conversions:
        turn = asyncio.Event()
        _waiting.append(turn)
        download.waits_for = errors.ConversionBusy
        try:
            await turn.wait()
        finally:
            _waiting.remove(turn)
            download.waits_for = None
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
