"""Worker pool: starts and stops the slots of this process (runner.py), and the loops that keep the queue moving.

The slots are tasks of the main loop. A few threads and connections therefore serve any number of them.
The program that runs the pool handles signals.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from mediafetcher.core import errors, events, logging, settings
from mediafetcher.db import notifications, runtime_settings
from mediafetcher.downloads import leases, node_name, nodes, preview, requeue, ytdlp_canary
from mediafetcher.downloads.worker import active, convert_slots, runner, wakeup, workspace
from mediafetcher.fetch import prefork
from mediafetcher.fetch.ytdlp import versions
from mediafetcher.sandbox import leftovers

_log = logging.get("queue")
_PROGRESS_SECONDS = 0.25  # the interval of progress updates to the pages
_TIDY_SECONDS = 60.0  # between two checks for leftover folders
_LOOK_SECONDS = 600.0  # between two checks for a newer yt-dlp
_PROGRESS_ROWS = 40  # in one notification, which may have 8,000 bytes


class WorkerPool:
    """The slots of this process, their heartbeat, and the recovery of rows without a wake-up.

    `start` needs the connected database and the lock of the state folder. `stop` hands every row back without
    using up an attempt, and returns when the children have ended.
    """

    def __init__(
        self, tick: Callable[[], Coroutine[Any, Any, None]] | None = None, *, role: nodes.Role = "server"
    ) -> None:
        """`tick` is called every minute. `role`: that of this machine."""
        self._role = role
        self._tick = tick
        self._stopping = False
        self._loops: list[asyncio.Task[None]] = []
        self._consumer: wakeup.WakeupConsumer | None = None
        self._poked = asyncio.Event()
        self._slots = runner.Slots()

    async def start(self) -> None:
        chosen = settings.get()
        name = await node_name.hold()
        self._loops = [asyncio.create_task(node_name.keep(name), name="name")]
        rescued = await requeue.recover_own()
        if rescued:
            _log.warning("downloads of an earlier start returned to the queue", count=rescued)
        await wakeup.drop_ticks()
        await asyncio.to_thread(leftovers.end, chosen.fetch)
        await workspace.tidy()
        await asyncio.to_thread(preview.tidy)
        await self._announce()
        await asyncio.to_thread(versions.tidy)  # nothing is being fetched yet
        await prefork.open()
        active.listen(self._poked)
        self._consumer = wakeup.consumer(2 * chosen.shutdown_seconds + 5, self._tick)
        await asyncio.to_thread(self._consumer.start)
        self._loops += [
            *(asyncio.create_task(self._slots.serve(), name="wake-ups") for _ in range(wakeup.THREADS)),
            asyncio.create_task(self._forever(self._beat, chosen.heartbeat_seconds, self._poked), name="beat"),
            asyncio.create_task(self._forever(self._reconcile, chosen.reconcile_seconds), name="reconcile"),
            asyncio.create_task(self._forever(self.tidy, _TIDY_SECONDS), name="tidy"),
            asyncio.create_task(self._forever(self._announce, nodes.EVERY), name="machines"),
            asyncio.create_task(self._forever(self._send_progress, _PROGRESS_SECONDS), name="progress"),
            asyncio.create_task(self._forever(ytdlp_canary.look_daily, _LOOK_SECONDS), name="yt-dlp"),
            asyncio.create_task(self._hear_orders(), name="orders"),
        ]

    async def _announce(self) -> None:
        await nodes.announce(self._role)

    async def stop(self) -> None:
        self._stopping = self._slots.stopping = True
        if self._consumer is not None:
            self._consumer.stop_flag.set()
            for download in active.all_active():
                download.request_stop("stop")
            await asyncio.to_thread(self._consumer.stop, graceful=True)
            await self._slots.ended(2 * settings.get().shutdown_seconds + 5)
            await self._tidy()
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await prefork.close()
        with contextlib.suppress(errors.Unavailable):
            await nodes.unregister()
        await asyncio.to_thread(wakeup.close)

    async def tidy(self) -> None:
        if not self._stopping:
            await wakeup.drop_ticks()
            await self._tidy()

    async def _beat(self) -> None:
        for download, order in await leases.heartbeat():
            download.request_stop(order)

    async def _reconcile(self) -> None:
        if self._consumer is not None and not self._stopping:
            await asyncio.to_thread(self._consumer.check_worker_health)
        await self._follow()
        free = settings.get().max_downloads - len(active.all_active())
        await requeue.reconcile(free, wakeup.pending_wakeups)

    async def _follow(self) -> None:
        """Follow changes of the settings."""
        await runtime_settings.apply()
        convert_slots.look()

    async def _send_progress(self) -> None:
        rows = active.unsent()
        for start in range(0, len(rows), _PROGRESS_ROWS):
            await notifications.notify("progress", rows[start : start + _PROGRESS_ROWS])

    async def _hear_orders(self) -> None:
        """Send a heartbeat at once if another process changed a row that we hold: it may be a request. Ours is none.

        The folder of an ended download that we do not hold may be here: it is removed at once.
        """
        with events.subscribe() as subscription:
            while True:
                event = await subscription.get()
                if event.kind == "settings":
                    with contextlib.suppress(errors.Unavailable):
                        await self._follow()
                        await wakeup.wake_workers(settings.get().max_downloads)
                elif event.kind == "download" and isinstance(event.payload, dict):
                    id = event.payload.get("id", 0)
                    if event.payload.get("by") != node_name.worker_id():
                        active.trigger_heartbeat(id)
                    if workspace.left(id):
                        await self._tidy()

    async def _tidy(self) -> None:
        try:
            await workspace.tidy()
        except errors.Unavailable as problem:
            _log.debug("folders stay for now", reason=problem.code)

    async def _forever(
        self, step: Callable[[], Awaitable[None]], seconds: float, wake: asyncio.Event | None = None
    ) -> None:
        wake = wake or asyncio.Event()
        while True:
            try:
                await step()
            except errors.Unavailable as problem:
                _log.debug("queue waits", reason=problem.code)
            except Exception as error:
                _log.warning("queue step failed", step=step.__name__, reason=str(error) or type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), seconds)
            wake.clear()
