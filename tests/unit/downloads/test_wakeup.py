"""Messages of Huey: what a worker thread does with them, and while the database is unavailable."""

import asyncio
import time
from typing import Any

import psycopg
import pytest

from mediafetcher.db import liveness
from mediafetcher.downloads.worker import wakeup


def _queue(connect: Any) -> wakeup._WakeupQueue:
    return wakeup._WakeupQueue("tested", results=False, connection=connect, create_tables=False, read_timeout=1)


def _refuse() -> psycopg.Connection[Any]:
    raise psycopg.OperationalError("refused")


def _message(queue: wakeup._WakeupQueue) -> Any:
    @queue.task()
    def nothing() -> None:
        pass

    return nothing.s()


async def test_message_waits_in_the_table_until_a_worker_takes_it(database: str) -> None:
    queue = _queue(wakeup._connect)
    message = _message(queue)
    try:
        await asyncio.to_thread(queue.enqueue, message)
        taken = await asyncio.to_thread(queue.dequeue)
        assert taken is not None and taken.id == message.id
        assert await asyncio.to_thread(queue.read_schedule) == []
    finally:
        await asyncio.to_thread(queue.storage.close)
        queue.storage.close()


def test_message_without_a_database_is_dropped_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    queue = _queue(_refuse)
    message = _message(queue)
    assert queue.enqueue(message) is None and queue.read_schedule() == []
    assert [record.message for record in caplog.records] == ["the queue waits for the database"]


def test_database_that_returns_is_told_with_the_number_of_failures(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    outage = wakeup._Outage()
    for _ in range(3):
        with outage.watch():
            raise psycopg.OperationalError("refused")
    for _ in range(2):
        with outage.watch():
            pass
    assert [record.message for record in caplog.records] == [
        "the queue waits for the database",
        "the queue reaches the database again",
    ]


async def test_listening_connection_that_was_idle_is_tested_before_use(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = _queue(wakeup._connect)

    def listen_twice() -> None:
        try:
            connection = queue.storage._listen_conn()
            monkeypatch.setattr(liveness, "IDLE", -1.0)
            assert queue.storage._listen_conn() is connection
            pid = connection.info.backend_pid
            with psycopg.connect(database) as other:
                other.execute("select pg_terminate_backend(%s, 5000)", [pid])
            with pytest.raises(psycopg.OperationalError):
                queue.storage._listen_conn()
        finally:
            queue.storage.close()

    await asyncio.to_thread(listen_twice)


async def test_wakeup_without_a_running_pool_does_nothing(database: str) -> None:
    assert wakeup.wakeups.inbox is None and wakeup.wakeups.tick is None
    began = time.monotonic()
    wakeup._wake_up.call_local()
    wakeup.wakeups.enqueue(wakeup._tick.s())
    assert time.monotonic() - began < 1
    assert await wakeup.pending_wakeups() == 0
