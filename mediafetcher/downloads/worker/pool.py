"""The bell: Huey with its PostgreSQL storage, and the slots that come when it rings.

A message says only "there may be work"; what the work is stands in the download table (lifecycle.py). So a message
that is lost, doubled, forged or broken does no harm. Messages are JSON: what is not is refused and thrown
away, never unpickled. Huey keeps no results and retries nothing; the row does both.

A Huey thread only hears: it lets the main loop claim a row, whose work is a task of that loop, a slot. So however many
slots there are, few threads and connections serve them. Signals belong to whoever runs the program.
"""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import psycopg
from huey import Huey
from huey.consumer import Consumer, Worker
from huey.exceptions import HueyException
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import PostgresStorage

from mediafetcher.core import errors, events, logging, settings
from mediafetcher.db import engine, liveness, runtime_settings
from mediafetcher.downloads import lifecycle, node_name, nodes, preview, ytdlp_canary
from mediafetcher.downloads.worker import active, convert_slots, runner, workspace
from mediafetcher.fetch import prefork
from mediafetcher.fetch.ytdlp import versions
from mediafetcher.sandbox import leftovers

_log = logging.get("queue")
_AWAY_SECONDS = 0.5  # between two tries of a worker thread while the database is away
_NAME = "mediafetcher"
_TASK_MODULE = "mediafetcher.downloads.queue"  # part of the name of the task in messages of existing databases
_BELLS = 256  # more than all machines have slots
_PROGRESS_SECONDS = 0.25  # the pages hear of progress this often
_THREADS = 2  # that hear; each has connections of its own to the database
_TIDY_SECONDS = 60.0  # between two looks for folders that were left
_LOOK_SECONDS = 600.0  # between two looks at whether a newer yt-dlp is due
_PROGRESS_ROWS = 40  # in one notification, which may have 8,000 bytes


class _Json(Serializer):
    """Huey's messages as JSON. Raises ValueError or TypeError for anything else, a pickle above all."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(list(data)).encode()

    def _deserialize(self, data: bytes) -> Message:
        fields = json.loads(data)
        if not isinstance(fields, list) or any(fields[2:]):
            raise ValueError("a message is an id and the name of a task, and nothing that it could carry")
        return Message(*fields)


class _Outage:
    """Says once that the database is away, and how many tries failed when it is back. For several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed = 0

    @contextlib.contextmanager
    def watch(self, *, swallow: bool = True) -> Iterator[None]:
        """Count the errors of psycopg inside, and swallow them: the row is the truth, and a later try finds it."""
        try:
            yield
        except psycopg.Error as error:
            with self._lock:
                self._failed += 1
                first = self._failed == 1
            if first:
                _log.warning("the queue waits for the database", reason=str(error).strip() or type(error).__name__)
            if not swallow:
                raise
        else:
            with self._lock:
                failed, self._failed = self._failed, 0
            if failed:
                _log.info("the queue reaches the database again", failed_tries=failed)


class _Storage(PostgresStorage):
    """Huey's storage, which asks its listening connection now and then whether it is still there."""

    def _listen_conn(self) -> Any:
        connection, local = super()._listen_conn(), self._listen_local
        now = time.monotonic()
        if getattr(local, "asked", None) is not connection:
            local.asked, local.asked_at = connection, now
        elif connection is not None and now - local.asked_at > liveness.IDLE:
            local.asked_at = now
            connection.execute("select 1")
        return connection


class _Bell(Huey):
    """A Huey whose broken messages are thrown away with a word in the log, and that bears with an absent database."""

    def __init__(self, name: str, **given: Any) -> None:
        self._outage = _Outage()
        super().__init__(name, storage_class=_Storage, **given)

    def read_schedule(self, timestamp: Any = None) -> list[Any]:
        with self._outage.watch():
            return list(super().read_schedule(timestamp))
        return []

    def enqueue(self, task: Any) -> Any:
        with self._outage.watch():
            return super().enqueue(task)
        return None

    def _take(self) -> Any:
        with self._outage.watch(swallow=False):
            return self.storage.dequeue()

    def dequeue(self) -> Any:
        try:
            data = self._take()
        except psycopg.Error:
            time.sleep(_AWAY_SECONDS)  # Huey asks again at once
            return None
        if data is None:
            return None
        try:
            return self.deserialize_task(data)
        except (ValueError, TypeError, KeyError, HueyException) as error:
            _log.warning("message refused", reason=type(error).__name__, bytes=len(data))
            return None


def _connect() -> psycopg.Connection[Any]:
    return liveness.connect_blocking(engine.DB.config["dsn"], "mediafetcher bell")


_bell = _Bell(_NAME, results=False, serializer=_Json(), connection=_connect, create_tables=False, read_timeout=1)


# The name of the task, with that of its module, is in messages of existing databases: it stays.
@_bell.task(name="ring", __module__=_TASK_MODULE)
def _ring() -> None:
    if _running is not None:
        engine.call(_running.turn())


async def ring(count: int = 1) -> None:
    """Ring for `count` free slots, on whatever machines they are; in a transaction, when that commits.

    Where so many bells hang already that each slot finds one, no more are hung up: whoever hears one works until
    nothing is due, and it was due before we looked.
    """
    storage = _bell.storage
    messages = [_bell.serialize_task(_ring.s()) for _ in range(count)]
    await engine.execute(
        f"with rung as (insert into {storage.table_task} (queue, data, priority)"
        "  select $1, unnest($2::bytea[]), 0 where $4 >"
        f"  (select count(*) from (select from {storage.table_task} where queue = $1 limit $4) as hanging))"
        " select pg_notify($3, '')",
        _NAME,
        messages,
        storage.channel,
        _BELLS,
    )


async def _drop_ticks() -> None:
    """Remove the messages that older versions put into the queue each minute, also while nobody took them.

    Two weeks of them delayed a download by minutes: what is due by time alone needs no message.
    """
    await engine.execute(
        f"delete from {_bell.storage.table_task} where queue = $1 and position(convert_to($2, 'UTF8') in data) > 0",
        _NAME,
        f'"{__name__}.tick"',
    )


async def _rung() -> int:
    """How many bells hang there that nobody has heard yet."""
    return int(await engine.fetchval(f"select count(*) from {_bell.storage.table_task} where queue = $1", _NAME))


lifecycle.ring = ring


class _Worker(Worker):
    def shutdown(self) -> None:
        super().shutdown()
        # This thread's own listening connection, else left to the collector; a short life has opened none.
        with contextlib.suppress(psycopg.Error, AttributeError):
            self.huey.storage.close()


class _QuietConsumer(Consumer):
    """Huey's consumer without its signal handlers (its SIGHUP would execute the process anew)."""

    worker_class = _Worker

    def _set_signal_handlers(self) -> None:
        pass


class Queue:
    """The slots of this process, their heartbeat, and the eye on what nobody rang for.

    `start` needs the connected database and the lock of the state folder. `stop` hands every row back without
    burning an attempt and returns when the children have ended.
    """

    def __init__(self) -> None:
        self._stopping = False
        self._loops: list[asyncio.Task[None]] = []
        self._consumer: _QuietConsumer | None = None
        self._poked = asyncio.Event()
        self._slots: set[asyncio.Task[None]] = set()
        self._claiming = 0  # bells for which a row is being claimed

    async def start(self) -> None:
        global _running
        chosen = settings.get()
        name = await node_name.hold()
        self._loops = [asyncio.create_task(node_name.keep(name), name="name")]
        rescued = await lifecycle.rescue()
        if rescued:
            _log.warning("downloads of an earlier start put back", count=rescued)
        await _drop_ticks()
        await asyncio.to_thread(leftovers.end, chosen.fetch)
        await workspace.tidy()
        await asyncio.to_thread(preview.tidy)
        await nodes.announce()
        await asyncio.to_thread(versions.tidy)  # nothing is fetched yet
        await prefork.open()
        _running = self
        active.listen(self._poked)
        self._consumer = _QuietConsumer(
            _bell,
            workers=_THREADS,
            max_delay=2.0,
            check_worker_health=False,  # reconcile looks after them
            shutdown_timeout=2 * chosen.stop_seconds + 5,
        )
        await asyncio.to_thread(self._consumer.start)
        self._loops += [
            asyncio.create_task(self._forever(self._beat, chosen.beat_seconds, self._poked), name="beat"),
            asyncio.create_task(self._forever(self._reconcile, chosen.reconcile_seconds), name="reconcile"),
            asyncio.create_task(self._forever(self.tidy, _TIDY_SECONDS), name="tidy"),
            asyncio.create_task(self._forever(nodes.announce, nodes.EVERY), name="machines"),
            asyncio.create_task(self._forever(self._send_progress, _PROGRESS_SECONDS), name="progress"),
            asyncio.create_task(self._forever(ytdlp_canary.look_daily, _LOOK_SECONDS), name="yt-dlp"),
            asyncio.create_task(self._hear_orders(), name="orders"),
        ]

    async def stop(self) -> None:
        global _running
        self._stopping = True
        if self._consumer is not None:
            self._consumer.stop_flag.set()
            for hold in active.every():
                hold.obey("stop")
            await asyncio.to_thread(self._consumer.stop, True)
            if self._slots:
                await asyncio.wait(self._slots, timeout=2 * settings.get().stop_seconds + 5)
            await self._tidy()
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await prefork.close()
        with contextlib.suppress(errors.Away):
            await nodes.leave()
        _running = None
        await asyncio.to_thread(_bell.storage.close)

    async def ring(self, count: int = 1) -> None:
        await ring(count)

    async def turn(self) -> None:
        """What a bell does: take a row that is due into a free slot, which then works until nothing is due."""
        if len(self._slots) + self._claiming >= settings.get().jobs:
            return
        self._claiming += 1
        try:
            if claim := await self._claim():
                slot = asyncio.create_task(self._work(claim), name="slot")
                self._slots.add(slot)
                slot.add_done_callback(self._slots.discard)
        finally:
            self._claiming -= 1

    async def _work(self, claim: lifecycle.Claim) -> None:
        following: lifecycle.Claim | None = claim
        while following is not None:
            await runner.run(following, stopping=self._stopping)
            # Fewer slots may be wanted by now: then this one stays empty.
            following = await self._claim() if len(self._slots) <= settings.get().jobs else None

    async def _claim(self) -> lifecycle.Claim | None:
        if self._stopping:
            return None
        try:
            return await lifecycle.claim()
        except Exception as error:
            # The database may be away; reconcile rings again.
            _log.warning("claim failed", reason=str(error) or type(error).__name__)
            return None

    async def tidy(self) -> None:
        if not self._stopping:
            await _drop_ticks()
            await self._tidy()

    async def _beat(self) -> None:
        for hold, order in await lifecycle.beat():
            hold.obey(order)

    async def _reconcile(self) -> None:
        if self._consumer is not None and not self._stopping:
            await asyncio.to_thread(self._consumer.check_worker_health)
        await self._follow()
        free = settings.get().jobs - len(active.every())
        await lifecycle.reconcile(free, _rung)

    async def _follow(self) -> None:
        """Follow the settings that people changed."""
        await runtime_settings.apply()
        convert_slots.look()

    async def _send_progress(self) -> None:
        rows = active.unsent()
        for start in range(0, len(rows), _PROGRESS_ROWS):
            await engine.notify("progress", rows[start : start + _PROGRESS_ROWS])

    async def _hear_orders(self) -> None:
        """A change of a row that we hold may be an order from another process: beat at once. What we wrote is none.

        One that we do not hold may have ended, and its folder may lie here: it goes at once.
        """
        with events.subscribe() as subscription:
            while True:
                event = await subscription.get()
                if event.kind == "settings":
                    with contextlib.suppress(errors.Away):
                        await self._follow()
                        await ring(settings.get().jobs)
                elif event.kind == "download" and isinstance(event.payload, dict):
                    id = event.payload.get("id", 0)
                    if event.payload.get("by") != lifecycle.me():
                        active.poke(id)
                    if workspace.left(id):
                        await self._tidy()

    async def _tidy(self) -> None:
        try:
            await workspace.tidy()
        except errors.Away as problem:
            _log.debug("folders stay for now", reason=problem.code)

    async def _forever(
        self, step: Callable[[], Awaitable[None]], seconds: float, wake: asyncio.Event | None = None
    ) -> None:
        wake = wake or asyncio.Event()
        while True:
            try:
                await step()
            except errors.Away as problem:
                _log.debug("queue waits", reason=problem.code)
            except Exception as error:
                _log.warning("queue step failed", step=step.__name__, reason=str(error) or type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), seconds)
            wake.clear()


_running: Queue | None = None
