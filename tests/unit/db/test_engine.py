"""The pool, transactions, raw SQL, notifications."""

import asyncio
import json

import pytest

from mediafetcher.core import errors, events
from mediafetcher.db import engine, notifications, tables


async def test_rows_are_dicts_and_json_is_decoded(database: str) -> None:
    row = await engine.fetchrow("select 1 as one, $1::jsonb as facts", {"a": [1, None]})
    assert row == {"one": 1, "facts": {"a": [1, None]}}
    assert await engine.fetchval("select count(*) from account") == 0
    assert await engine.fetch("select * from account") == []


async def test_piccolo_writes_the_time_of_the_database(database: str) -> None:
    person = tables.User(name="Ada")
    await person.save()
    row = await engine.fetchrow("select id, name, admin, created_at <= now() as past from account")
    assert row == {"id": person.id, "name": "Ada", "admin": False, "past": True}
    await tables.AuditEvent.insert(tables.AuditEvent(action="signed in", facts={"way": "password"}))
    assert (await tables.AuditEvent.select().first())["facts"] == {"way": "password"}


async def test_transaction_rolls_back_on_an_exception(database: str) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with engine.transaction():
            await engine.execute("insert into account (name) values ('a')")
            async with engine.transaction():  # joins
                await tables.User(name="b").save()
                assert await engine.fetchval("select count(*) from account") == 2
            raise ZeroDivisionError
    assert await engine.fetchval("select count(*) from account") == 0


async def test_inner_exception_passes_through_a_joined_transaction(database: str) -> None:
    async with engine.transaction():
        with pytest.raises(ZeroDivisionError):
            async with engine.transaction():
                raise ZeroDivisionError
        await engine.execute("insert into account (name) values ('a')")
    assert await engine.fetchval("select count(*) from account") == 1


async def test_an_ended_transaction_does_not_live_on_in_a_task_started_inside(database: str) -> None:
    go = asyncio.Event()

    async def later() -> int:
        await go.wait()
        return await engine.fetchval("select 7")

    async with engine.transaction():
        task = asyncio.create_task(later())
    go.set()
    assert await task == 7


async def test_connections_come_back_after_failures(database: str) -> None:
    for _ in range(30):  # more than the pool has
        with pytest.raises(engine.CheckViolation):
            async with engine.transaction():
                await engine.execute("insert into account (name) values ('')")
        with pytest.raises(asyncio.CancelledError):
            async with engine.transaction():
                raise asyncio.CancelledError
    assert await engine.fetchval("select 1") == 1


async def test_deferred_failure_at_commit_gives_the_connection_back(database: str) -> None:
    await engine.execute("create table t (n int unique deferrable initially deferred)")
    for _ in range(30):
        with pytest.raises(engine.UniqueViolation):
            async with engine.transaction():
                await engine.execute("insert into t values (1), (1)")
    assert await engine.fetchval("select count(*) from t") == 0


async def test_retrying_passes_a_deadlock(database: str) -> None:
    await engine.execute("insert into account (name) values ('a'), ('b')")
    both, tries = asyncio.Barrier(2), {"ab": 0, "ba": 0}

    async def change(order: str) -> None:
        tries[order] += 1
        async with engine.transaction():
            await engine.execute("set local deadlock_timeout = '50ms'")
            await engine.execute("update account set admin = true where name = $1", order[0])
            if tries[order] == 1:
                await both.wait()
            await engine.execute("update account set admin = true where name = $1", order[1])

    await asyncio.gather(*(engine.retrying(lambda order=order: change(order)) for order in tries))
    assert sum(tries.values()) == 3


async def test_call_brings_a_thread_to_the_main_loop(database: str) -> None:
    assert await asyncio.to_thread(lambda: engine.call(engine.fetchval("select 5"))) == 5


async def test_notifications_arrive_after_the_commit_and_long_ones_in_parts(database: str) -> None:
    with events.subscribe() as heard:
        async with engine.transaction():
            await notifications.notify("download", {"id": 1})
        assert await asyncio.wait_for(heard.get(), 5) == ("download", {"id": 1})
        rows = [[number, "x" * 100] for number in range(300)]
        await notifications.notify("progress", rows)
        got: list[object] = []
        while len(got) < len(rows):
            kind, part = await asyncio.wait_for(heard.get(), 5)
            assert kind == "progress" and len(json.dumps(part)) < 8000
            got += part
        assert got == rows
        await notifications.notify("big", {"text": "x" * 9000})
        assert await asyncio.wait_for(heard.get(), 5) == ("big", None)


async def test_a_server_that_sends_us_away_is_database_away_and_then_back(database: str) -> None:
    with events.subscribe() as heard:
        with pytest.raises(errors.DatabaseUnavailable):  # noqa: PT012
            async with engine.transaction():
                await engine.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                )
                await engine.execute("select pg_terminate_backend(pg_backend_pid())")
        assert (await asyncio.wait_for(heard.get(), 10)).kind == "reconnected"
        await notifications.notify("download", {"id": 2})
        assert await asyncio.wait_for(heard.get(), 5) == ("download", {"id": 2})


async def test_no_server_is_database_away(database: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    await engine.close()
    with pytest.raises(errors.DatabaseUnavailable):
        await engine.fetchval("select 1")
    with pytest.raises(errors.DatabaseUnavailable):
        await engine.connect(f"postgresql://a@/b?host={tmp_path}")
    await engine.connect(database)
    assert await engine.fetchval("select 1") == 1
