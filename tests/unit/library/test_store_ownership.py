"""Ownership of the store: when claims are made or refused, and how processes follow each other's findings."""

import asyncio
import os
import shutil
import subprocess
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine, notifications
from mediafetcher.library.storage import claims, mount, ownership, ownership_watch, sweeper
from tests.unit.library.conftest import Put, stored
from tests.waiting import eventually

pytestmark = pytest.mark.promise(22)


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _highest() -> int:
    return (await mount.run_io(claims.read)).number


def _frozen_for() -> str | None:
    found = ownership.frozen()
    return found.reason if found is not None else None


async def test_server_claims_when_a_worker_asks_also_after_an_outage(
    owner: int, put: Put, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    await put(b"film")
    sentinel, away = mount.root() / mount.SENTINEL, mount.root() / "away"
    async with _running(ownership_watch.follow()):
        before = await _highest()
        await notifications.notify("ownership", "wanted")
        await eventually(_highest, lambda number: number > before)
        sentinel.rename(away)
        await notifications.notify("ownership", "wanted")
        await eventually(lambda: "ownership waits" in caplog.text)
        away.rename(sentinel)
        before = await _highest()
        await notifications.notify("ownership", "wanted")
        await eventually(_highest, lambda number: number > before)


async def test_follower_survives_an_error_of_the_database(
    owner: int, put: Put, caplog: pytest.LogCaptureFixture
) -> None:
    await put(b"film")
    async with _running(ownership_watch.follow()):
        await engine.execute("alter table installation rename to elsewhere")
        await notifications.notify("ownership")
        await eventually(lambda: "following the ownership of the store failed" in caplog.text)
        await engine.execute("alter table elsewhere rename to installation")
        await engine.execute("update installation set frozen_reason = 'foreign', frozen_at = now()")
        await notifications.notify("ownership")
        await eventually(lambda: _frozen_for() == "foreign")


async def test_row_of_an_emptied_table_is_made_again(owner: int) -> None:
    await engine.execute("delete from installation")
    assert await ownership.refresh() is None
    assert await engine.fetchval("select count(*) from installation") == 1


async def test_worker_that_would_make_a_claim_is_a_mistake_of_the_caller(
    owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership, "_claims_here", False)
    with pytest.raises(RuntimeError, match="worker"):
        await ownership.claim_next()


async def test_frozen_installation_makes_no_claim(owner: int, put: Put) -> None:
    await put(b"film")
    before = await _highest()
    # Another process froze it, and this one has not heard of that yet.
    await engine.execute("update installation set frozen_reason = 'foreign', frozen_at = now()")
    with pytest.raises(errors.StoreFrozen):
        await ownership.claim_next()
    assert await _highest() == before


async def test_store_whose_claims_disappeared_was_set_back(owner: int, put: Put) -> None:
    await put(b"film")
    shutil.rmtree(claims.folder())
    await ownership_watch.look()
    assert _frozen_for() == "rolled_back"
    with pytest.raises(errors.StoreFrozen):
        await put(b"another")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
async def test_full_disk_is_freed_by_its_owner_without_a_new_claim(owner: int, put: Put, at_once: None) -> None:
    item = await put(b"film")
    await engine.execute("delete from library_item where id = $1", item)
    folder = claims.folder()
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    options = ("-t", "tmpfs", "-o", "size=64k,mode=0755", "tmpfs")
    subprocess.run(["mount", *options, str(folder)], check=True)
    try:
        for name, data in kept.items():
            (folder / name).write_bytes(data)
        with pytest.raises(OSError):
            (folder / "filling").write_bytes(bytes(128 << 10))
        before = await _highest()
        assert await sweeper.sweep() == 1 and stored() == []
        assert await _highest() == before
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_claim_that_another_installation_makes_in_the_same_moment_is_contested(
    owner: int, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(b"film")
    run_io = mount.run_io

    async def overtaken(function: Callable[..., Any], *args: Any, **given: Any) -> Any:
        if function is claims.make:
            await run_io(claims.make, args[0], uuid.uuid4(), uuid.uuid4())
        return await run_io(function, *args, **given)

    monkeypatch.setattr(mount, "run_io", overtaken)
    with pytest.raises(errors.StoreFrozen):
        await ownership.claim_next()
    assert _frozen_for() == "contested"


async def test_watch_goes_on_after_outages_and_freezes_at_a_foreign_claim(
    owner: int, put: Put, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    await put(b"film")
    monkeypatch.setattr(ownership_watch, "WATCH", 0.02)
    sentinel, away = mount.root() / mount.SENTINEL, mount.root() / "away"
    async with _running(ownership_watch.watch()):
        sentinel.rename(away)
        await eventually(lambda: "looking for foreign claims waits" in caplog.text)
        away.rename(sentinel)
        await engine.execute("alter table installation rename to elsewhere")
        await eventually(lambda: "looking for foreign claims failed" in caplog.text)
        await engine.execute("alter table elsewhere rename to installation")
        await mount.run_io(claims.make, await _highest() + 1, uuid.uuid4(), uuid.uuid4())
        await eventually(lambda: _frozen_for() == "foreign")
