"""A database that says nothing more is noticed: on idle, busy and listening connections, and when the program stops."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import psycopg
import pytest

from mediafetcher.core import errors, events
from mediafetcher.db import engine, liveness, notifications, session_lock, tables
from tests.conftest import Server, cloned
from tests.faults.relay import Relay


@pytest.fixture
async def relay(server: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Relay]:
    """The engine is connected through this relay; everything is a tenth as patient as in use."""
    for name, seconds in {"COMMAND": 6.0, "HURRIED": 1.0, "IDLE": 1.0, "ANSWER": 1.0, "CONNECT": 2.0}.items():
        monkeypatch.setattr(liveness, name, seconds)
    async with cloned(server) as dsn:
        with Relay(dsn) as made:
            await engine.connect(made.dsn)
            try:
                yield made
            finally:
                await engine.close()
                liveness.calm()


async def test_idle_connections_that_were_forgotten_are_replaced(relay: Relay) -> None:
    await asyncio.gather(*(engine.fetchval("select pg_sleep(0.2)") for _ in range(8)))
    await asyncio.sleep(1.2)
    relay.forget()
    began = time.monotonic()
    assert await asyncio.gather(*(engine.fetchval("select 1") for _ in range(8))) == [1] * 8
    assert time.monotonic() - began < 6


async def test_command_without_an_answer_is_database_away(relay: Relay) -> None:
    asyncio.get_running_loop().call_later(0.3, relay.forget)
    began = time.monotonic()
    with pytest.raises(errors.DatabaseUnavailable):
        await engine.fetchval("select pg_sleep(1)")
    assert time.monotonic() - began < 9
    assert await engine.fetchval("select 1") == 1


@pytest.mark.parametrize("ask", [lambda: engine.execute("select 1"), tables.User.count], ids=["raw", "class"])
async def test_transaction_without_an_answer_is_database_away(relay: Relay, ask: Callable[[], Awaitable[Any]]) -> None:
    began = time.monotonic()
    with pytest.raises(errors.DatabaseUnavailable):  # noqa: PT012
        async with engine.transaction():
            relay.forget()
            await ask()
    assert time.monotonic() - began < 9


async def test_patient_command_may_take_longer(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "COMMAND", 0.5)
    with pytest.raises(errors.DatabaseUnavailable):
        await engine.fetchval("select pg_sleep(1)")

    @engine.patiently
    async def long() -> int:
        await engine.fetchval("select pg_sleep(1)")
        return 7

    assert await long() == 7


async def test_notifications_come_again_after_the_listening_connection_was_forgotten(relay: Relay) -> None:
    relay.forget()
    with events.subscribe() as heard:
        while (await asyncio.wait_for(heard.get(), 15)).kind != "reconnected":
            pass
        await notifications.notify("download", {"id": 1})
        assert await asyncio.wait_for(heard.get(), 5) == ("download", {"id": 1})


async def test_session_lock_on_a_forgotten_connection_is_lost(relay: Relay) -> None:
    held = await session_lock.SessionLock.take(4711, "one", 1.0)
    assert held
    await asyncio.sleep(1.5)
    assert not held.lost.is_set()
    relay.forget()
    await asyncio.wait_for(held.lost.wait(), 6)
    await held.release()


async def test_stop_waits_for_a_silent_database_for_seconds_only(relay: Relay) -> None:
    under_way = [asyncio.create_task(engine.fetchval("select pg_sleep(0.2)")) for _ in range(4)]
    await asyncio.sleep(0.05)
    relay.go_silent()
    await asyncio.sleep(1)
    began = time.monotonic()
    engine.hurry()
    for result in await asyncio.gather(*under_way, return_exceptions=True):
        assert isinstance(result, errors.DatabaseUnavailable)
    for _ in range(20):
        with pytest.raises(errors.DatabaseUnavailable):
            await engine.fetchval("select 1")
    assert time.monotonic() - began < 5


async def test_kernel_watches_every_connection(relay: Relay) -> None:
    async with engine.DB.connection() as connection:
        own = connection._transport.get_extra_info("socket")
        assert own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000


async def test_connection_of_a_thread_ends_in_time(relay: Relay) -> None:
    def ask() -> float:
        with liveness.connect_blocking(relay.dsn, "test") as connection:
            connection.autocommit = True
            connection.execute("select 1")
            relay.forget()
            began = time.monotonic()
            with pytest.raises(psycopg.OperationalError):
                connection.execute("select 1")
            assert connection.closed
            return time.monotonic() - began

    assert await asyncio.to_thread(ask) < 5
