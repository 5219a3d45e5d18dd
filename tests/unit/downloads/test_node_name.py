"""The name of a state folder in the rows that it holds, and the lock that protects it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads import node_name
from tests.waiting import eventually


def test_name_lasts_and_is_that_of_its_folder(state: Path, tmp_path: Path) -> None:
    name = node_name.instance()
    assert name == (state / "instance").read_text() == node_name.instance()
    assert node_name.worker_id().startswith(f"{name}:")
    other = tmp_path / "other"
    other.mkdir()
    settings.use(replace(settings.get(), state=other))
    assert node_name.instance() == (other / "instance").read_text() != name
    settings.use(replace(settings.get(), state=state))
    assert node_name.instance() == name


async def _locked() -> int:
    return int(await engine.fetchval("select count(*) from pg_locks where classid = 77019 and granted"))


async def _sessions() -> int:
    """Count the connections to the database that were made, as the statistics of the server have it."""
    return int(await engine.fetchval("select sessions from pg_stat_database where datname = current_database()"))


async def test_lock_that_another_process_took_meanwhile_is_taken_when_it_ends(
    database: str, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_name, "_AGAIN", 0.05)
    lock = await node_name.hold()
    other = await asyncpg.connect(database)
    waits = asyncio.create_task(other.execute("select pg_advisory_lock(77019, hashtext($1))", node_name.instance()))
    await eventually(lambda: engine.fetchval("select count(*) from pg_locks where classid = 77019 and not granted"))
    keeping = asyncio.create_task(node_name.keep(lock))
    await engine.execute("select pg_terminate_backend(pid) from pg_locks where classid = 77019 and granted")
    await waits
    await eventually(lambda: lock.lost.is_set())
    tried = await _sessions()
    await eventually(_sessions, lambda found: found > tried)
    assert not keeping.done() and await _locked() == 1
    await other.close()
    await eventually(_locked, lambda found: found == 1 and not keeping.done())
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await eventually(_locked, lambda found: found == 0)


async def test_unreachable_database_is_asked_again_until_it_returns(
    database: str, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_name, "_AGAIN", 0.05)
    lock = await node_name.hold()
    reachable = dict(engine.DB.config)
    engine.DB.config = {"dsn": "postgresql://nobody@127.0.0.1:9/nothing"}
    try:
        keeping = asyncio.create_task(node_name.keep(lock))
        await engine.execute("select pg_terminate_backend(pid) from pg_locks where classid = 77019 and granted")
        await eventually(lambda: lock.lost.is_set())
        await eventually(_locked, lambda found: found == 0)
        assert not keeping.done()
    finally:
        engine.DB.config = reachable
    await eventually(_locked, lambda found: found == 1)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
