"""Limit concurrent conversions to the setting on this machine, also if it is changed while some wait."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from mediafetcher.core import errors, settings
from mediafetcher.downloads.worker import active

_running = 0
_waiting: list[asyncio.Event] = []  # in the order of arrival


@contextlib.asynccontextmanager
async def conversion(download: active.ActiveDownload) -> AsyncIterator[None]:
    """Wait for a slot, hold it, release it. `download.waits_for` shows the wait."""
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
    """Let all waiting conversions check again for a slot, in their order."""
    for turn in _waiting:
        turn.set()
