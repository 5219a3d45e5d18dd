"""Wake-ups of the worker pools, through Huey with its PostgreSQL storage. The only module that imports Huey.

A message says only "there may be work"; the work itself is in the download table. So a message that is lost, repeated,
forged or broken does no harm. Messages are JSON: anything else is discarded and never unpickled. Huey keeps no results
and retries nothing; the row of the download does both.
"""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import psycopg
from huey import Huey, crontab
from huey.api import PeriodicTask
from huey.consumer import Consumer, Worker
from huey.exceptions import HueyException
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import PostgresStorage
from piccolo.columns import Bytea, Text
from piccolo.columns.combination import WhereRaw
from piccolo.table import Table

from mediafetcher.core import logging
from mediafetcher.db import engine, liveness

_log = logging.get("queue")
_AWAY_SECONDS = 0.5  # between two attempts of a worker thread while the database is unavailable
_NAME = "mediafetcher"
_TASK_MODULE = "mediafetcher.downloads.queue"  # part of the name of the task in messages of existing databases
_MAX_PENDING_WAKEUPS = 256  # more than the slots of all machines
THREADS = 2  # listeners; each has connections of its own to the database


class _Json(Serializer):
    """Encode Huey's messages as JSON. Raises: ValueError or TypeError for anything else, above all a pickle."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(list(data)).encode()

    def _deserialize(self, data: bytes) -> Message:
        fields = json.loads(data)
        if not isinstance(fields, list) or any(fields[2:]):
            raise ValueError("a message is an id and the name of a task, and nothing that it could carry")
        return Message(*fields)


class _Outage:
    """Logs once that the database is unavailable, and, when it is back, how many attempts failed. Thread-safe."""

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


class WakeUpMessage(Table, tablename="huey_task", db=engine.DB):
    """A message in Huey's own table, which Huey makes."""

    queue = Text()
    data = Bytea()


class _Storage(PostgresStorage):
    """Huey's storage, which regularly checks that its listening connection is alive."""

    def _listen_conn(self) -> Any:
        connection, local = super()._listen_conn(), self._listen_local
        now = time.monotonic()
        if getattr(local, "asked", None) is not connection:
            local.asked, local.asked_at = connection, now
        elif connection is not None and now - local.asked_at > liveness.IDLE:
            local.asked_at = now
            connection.execute(liveness.PING)
        return connection


class _WakeupQueue(Huey):
    """Huey, which discards broken messages with a warning and waits for an unavailable database."""

    # Wake-ups for the main loop; set while a worker pool of this process runs. A full one makes the listeners wait.
    inbox: asyncio.Queue[None] | None = None
    # Called on the main loop every minute, by the clock of Huey's scheduler.
    tick: Callable[[], Coroutine[Any, Any, None]] | None = None

    def __init__(self, name: str, **given: Any) -> None:
        self._outage = _Outage()
        super().__init__(name, storage_class=_Storage, **given)

    def read_schedule(self, timestamp: Any = None) -> list[Any]:
        with self._outage.watch():
            return list(super().read_schedule(timestamp))
        return []

    def enqueue(self, task: Any) -> Any:
        if isinstance(task, PeriodicTask):  # here and now: messages of a clock would only fill the queue
            task.execute()
            return None
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
    return liveness.connect_blocking(engine.DB.config["dsn"], "mediafetcher wake-ups")


wakeups = _WakeupQueue(
    _NAME, results=False, serializer=_Json(), connection=_connect, create_tables=False, read_timeout=1
)


# The name of the task, with that of its module, is in messages of existing databases: it stays.
@wakeups.task(name="ring", __module__=_TASK_MODULE)
def _wake_up() -> None:
    if wakeups.inbox is not None:
        engine.call(wakeups.inbox.put(None))


async def received() -> None:
    """Wait for the next wake-up of this process. Needs a `consumer`."""
    assert wakeups.inbox is not None
    await wakeups.inbox.get()


@wakeups.periodic_task(crontab(), name="minute")
def _tick() -> None:
    if wakeups.tick is not None:
        engine.call(wakeups.tick())


# Messages and their notification in one round trip, if not enough are pending.
_WAKE = """
with woken as (insert into huey_task (queue, data, priority)
    select $1, unnest($2::bytea[]), 0 where $4 >
      (select count(*) from (select from huey_task where queue = $1 limit $4) as pending))
select pg_notify($3, '')
"""


async def wake_workers(count: int = 1) -> None:
    """Wake up to `count` free slots on any machine; inside a transaction, when it commits.

    Skips the wake-up if enough are pending: a woken worker works until nothing is due.
    """
    storage = wakeups.storage
    messages = [wakeups.serialize_task(_wake_up.s()) for _ in range(count)]
    await engine.execute(
        _WAKE,
        _NAME,
        messages,
        storage.channel,
        _MAX_PENDING_WAKEUPS,
    )


async def drop_ticks() -> None:
    """Remove the messages that older versions added to the queue each minute, also while no worker read them.

    Two weeks of them delayed a download by minutes: rows that become due by time need no message.
    """
    ticks = WhereRaw("position(convert_to({}, 'UTF8') in data) > 0", f'"{_TASK_MODULE}.tick"')
    await WakeUpMessage.delete().where(WakeUpMessage.queue == _NAME, ticks)


async def pending_wakeups() -> int:
    """Return how many wake-ups no worker has taken yet."""
    return int(await WakeUpMessage.count().where(WakeUpMessage.queue == _NAME))


class _Listener(Worker):
    def shutdown(self) -> None:
        super().shutdown()
        # Close this thread's own listening connection, instead of the garbage collector. A short-lived thread has none.
        with contextlib.suppress(psycopg.Error, AttributeError):
            self.huey.storage.close()


class WakeupConsumer(Consumer):
    """Huey's consumer without its signal handlers (its SIGHUP would restart the process)."""

    worker_class = _Listener

    def _set_signal_handlers(self) -> None:
        pass


def consumer(
    shutdown_seconds: float,
    tick: Callable[[], Coroutine[Any, Any, None]] | None = None,
) -> WakeupConsumer:
    """Return a consumer whose wake-ups `received` returns, and which calls `tick` on the main loop every minute.

    Start and stop it in a thread.
    """
    wakeups.inbox, wakeups.tick = asyncio.Queue(1), tick
    return WakeupConsumer(
        wakeups,
        workers=THREADS,
        max_delay=2.0,
        check_worker_health=False,  # the pool's reconciliation does it
        shutdown_timeout=shutdown_seconds,
    )


def close() -> None:
    """Stop handing out wake-ups, and close Huey's connections. In a thread."""
    wakeups.inbox = wakeups.tick = None
    wakeups.storage.close()
