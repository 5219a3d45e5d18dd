"""Times of a wrong clock are not believed later: age is counted in running time as well."""

import time
from collections.abc import Awaitable, Callable

import pytest

from mediafetcher.core import clock, settings
from mediafetcher.db import engine
from mediafetcher.library.catalog import trash
from mediafetcher.library.storage import clock_guard, running, scrub, sweeper
from tests.unit.library.conftest import path

HOUR, DAY = 3600.0, 86_400.0

pytestmark = pytest.mark.promise(16)
Run = Callable[[float], Awaitable[None]]


async def test_item_trashed_by_a_clock_that_was_behind_stays_for_a_day(owner: int, put, run_for: Run) -> None:  # type: ignore[no-untyped-def]
    item = await put(b"film")
    await trash.trash(item, owner)
    await engine.execute("update library_item set trashed_at = now() - interval '400 days'")
    assert await trash.purge_expired() == 0
    await run_for(23 * HOUR)
    assert await trash.purge_expired() == 0
    await run_for(2 * HOUR)
    assert await trash.purge_expired() == 1


async def test_file_unreferenced_by_a_clock_that_was_behind_stays_for_its_grace_period(
    owner: int, put, use, run_for: Run
) -> None:  # type: ignore[no-untyped-def]
    use(trash_days=0, grace_hours=2)
    await trash.trash(await put(b"film"), owner)
    await engine.execute("update media_file set unreferenced_at = now() - interval '400 days'")
    assert await sweeper.sweep() == 0 and path(b"film").exists()
    await run_for(1.9 * HOUR)
    assert await sweeper.sweep() == 0 and path(b"film").exists()
    await run_for(0.2 * HOUR)
    assert await sweeper.sweep() == 1 and not path(b"film").exists()


async def test_period_of_zero_is_over_at_once(owner: int, put, at_once: None) -> None:  # type: ignore[no-untyped-def]
    await trash.trash(await put(b"film"), owner)
    assert not path(b"film").exists()


class _Walls:
    """The wall clock of this machine, and the time since boot: `walls.jump(DAY)`, `walls.pass_time(HOUR)`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._off = self._passed = 0.0
        boot, wall = clock.since_boot, time.time
        monkeypatch.setattr(clock, "since_boot", lambda: boot() + self._passed)
        monkeypatch.setattr(time, "time", lambda: wall() + self._passed + self._off)

    def jump(self, seconds: float) -> None:
        self._off += seconds

    def pass_time(self, seconds: float) -> None:
        """As the database's clock does not follow, it seems to go back by as much."""
        self._passed += seconds


@pytest.fixture
def walls(monkeypatch: pytest.MonkeyPatch) -> _Walls:
    return _Walls(monkeypatch)


async def test_stamps_made_in_doubt_become_now_when_the_clock_is_right_again(
    owner: int, put, use, walls: _Walls, run_for: Run
) -> None:  # type: ignore[no-untyped-def]
    use(trash_days=0.5, grace_hours=12)
    before, meanwhile = await put(b"before"), await put(b"meanwhile")
    freed = await put(b"freed")
    await trash.trash(before, owner)
    assert await clock_guard.now() is not None
    await engine.execute("update library_item set trashed_at = now() - interval '13 hours' where id = $1", before)
    await run_for(HOUR)
    walls.jump(-400 * DAY)
    assert await clock_guard.now() is None
    await trash.trash(meanwhile, owner)
    await trash.delete_media(freed, owner)
    await engine.execute("update library_item set trashed_at = now() - interval '400 days' where id = $1", meanwhile)
    await engine.execute("update media_file set unreferenced_at = now() - interval '400 days' where ref_count = 0")
    await run_for(13 * HOUR)
    assert await trash.purge_expired() == 0
    walls.jump(400 * DAY)
    assert await trash.purge_expired() == 1, "only what was trashed before the clock was wrong"
    assert await sweeper.sweep() == 0 and path(b"freed").exists()
    ages = "select extract(epoch from now() - trashed_at)::float8 from library_item where id = $1"
    assert await engine.fetchval(ages, meanwhile) < 60


async def test_running_time_is_added_by_one_process(owner: int, walls: _Walls, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    (settings.get().state / "instance").write_text("ours")
    begin = await running.advance()
    walls.pass_time(100)
    assert 100 <= await running.advance() - begin < 110
    monkeypatch.setattr(running, "_PROCESS", "another")  # a later start of the same installation
    begin = await running.advance()
    walls.pass_time(50)
    assert 50 <= await running.advance() - begin < 60
    await engine.execute("update running_time set holder = 'elsewhere:1'")
    begin = await running.advance()
    walls.pass_time(30)
    assert await running.advance() == begin, "the other process adds"
    walls.pass_time(31)
    assert await running.advance() == begin, "that one is silent"
    walls.pass_time(10)
    assert 10 <= await running.advance() - begin < 20


async def test_file_read_by_a_clock_that_was_ahead_is_read_again(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    await put(b"film")
    await engine.execute("update media_file set checked_at = now() + interval '10 years'")
    await scrub.correct_times()
    assert await engine.fetchval("select checked_at <= now() from media_file")
