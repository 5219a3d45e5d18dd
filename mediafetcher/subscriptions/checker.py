"""Checks what is due, for as long as the process runs: at each tick of Huey's clock, and at once when asked to.

At rest it costs one indexed query a minute. Two checks run at once in a process, and never two of one site.
"""

import asyncio
import contextlib

from mediafetcher.core import errors, events, logging
from mediafetcher.subscriptions import checks

_AT_ONCE = 2
_LOOK_SECONDS = 120.0  # without a tick, after which the checker looks all the same
_log = logging.get("following")


class Checker:
    """Starts a task for each check. Nothing is lost if it dies: its leases end."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._due = asyncio.Event()

    async def tick(self) -> None:
        """Look for what is due; called every minute."""
        self._due.set()

    async def run(self) -> None:
        """Check until cancelled. Checks in progress are cancelled too, and are done again later."""
        hearing = asyncio.create_task(self._hear())
        try:
            while True:
                self._due.clear()
                await self._start_due()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._due.wait(), _LOOK_SECONDS)
        finally:
            tasks = [hearing, *self._running]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self) -> None:
        with events.subscribe() as news:
            while True:
                event = await news.get()
                if event.kind == "reconnected" or (
                    event.kind == "subscription" and not (event.payload or {}).get("checked")
                ):
                    self._due.set()

    async def _start_due(self) -> None:
        try:
            while len(self._running) < _AT_ONCE and (claimed := await checks.claim()):
                task = asyncio.create_task(self._check(claimed), name=f"check of subscription {claimed.id}")
                self._running.add(task)
                task.add_done_callback(self._ended)
        except errors.Unavailable as problem:
            _log.debug("checks wait", reason=problem.code)
        except Exception:
            _log.exception("checks cannot be started")

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._due.set()

    async def _check(self, claimed: checks.Claim) -> None:
        try:
            await checks.run(claimed)
        except errors.Unavailable as problem:
            _log.warning("a check was interrupted", subscription=claimed.id, reason=problem.code)
