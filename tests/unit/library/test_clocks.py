"""Jumps of the clocks, by readings: of the clock since boot, of this machine's, of the database's."""

from pathlib import Path

import pytest

from mediafetcher.db import engine
from mediafetcher.library.catalog import trash
from mediafetcher.library.storage import blob_store, clock_guard, sweeper
from tests.unit.library.conftest import path

HOUR, DAY = 3600.0, 86_400.0

pytestmark = pytest.mark.promise(16)


def _reading(boot: float, ours: float = 0.0, theirs: float = 0.0) -> clock_guard.Reading:
    """`ours` and `theirs`: how far these clocks are off."""
    return clock_guard.Reading(boot, 1e9 + boot + ours, 1e9 + boot + theirs, running=boot)


@pytest.fixture
def watch(tmp_path: Path) -> clock_guard._Watch:
    made = clock_guard._Watch(tmp_path / "clock.json")
    assert made.take(_reading(0))
    return made


def test_time_that_passes_is_no_jump_however_long(watch: clock_guard._Watch) -> None:
    assert all(watch.take(_reading(boot)) for boot in (5, 60, DAY, 400 * DAY))
    assert not watch.moved


@pytest.mark.parametrize("off", [HOUR + 1, -HOUR - 1, DAY, -DAY, 3650 * DAY])
@pytest.mark.parametrize("clock", ["ours", "theirs"])
def test_a_jump_of_either_clock_holds_until_it_is_right_again(
    watch: clock_guard._Watch, clock: str, off: float
) -> None:
    assert not watch.take(_reading(60, **{clock: off})) and watch.moved
    assert not watch.take(_reading(120, **{clock: off}))
    assert watch.take(_reading(180))


def test_a_small_step_holds_nothing(watch: clock_guard._Watch) -> None:
    assert watch.take(_reading(60, ours=HOUR - 1, theirs=300.0)) and watch.moved


def test_a_clock_that_stands_for_a_day_is_believed(watch: clock_guard._Watch) -> None:
    assert not watch.take(_reading(60, ours=DAY, theirs=DAY))
    assert not watch.take(_reading(DAY, ours=DAY, theirs=DAY))
    assert watch.take(_reading(DAY + 120, ours=DAY, theirs=DAY))
    assert not watch.take(_reading(DAY + 180))  # back: a jump as well


def test_a_second_jump_needs_another_hour(watch: clock_guard._Watch) -> None:
    assert not watch.take(_reading(60, ours=DAY))
    assert not watch.take(_reading(DAY, ours=3 * DAY))
    assert not watch.take(_reading(DAY + 120, ours=3 * DAY))
    assert watch.take(_reading(DAY + HOUR + 120, ours=3 * DAY))
    assert watch.ended == 60


def _later_start(watch: clock_guard._Watch, running: float) -> clock_guard._Watch:
    """Another start, after so many seconds of running, on a machine whose clock says 1971 until it is set."""
    fresh = clock_guard._Watch(watch.file)
    assert not fresh.take(clock_guard.Reading(20, 1e7, 1e7, running))
    return fresh


def test_doubt_of_many_short_starts_ends_after_a_day_of_running_added_up(watch: clock_guard._Watch) -> None:
    assert watch.take(_reading(120))
    for number in range(1, 12):  # two hours each
        _later_start(watch, number * 2 * HOUR)
    last = _later_start(watch, 25 * HOUR)
    assert last.take(clock_guard.Reading(20 + 2 * HOUR, 1e7 + 2 * HOUR, 1e7 + 2 * HOUR, 27 * HOUR))
    assert last.ended == 2 * HOUR


def test_clock_that_is_set_after_the_start_is_right_again(watch: clock_guard._Watch) -> None:
    assert watch.take(_reading(120))
    for number in range(1, 3):  # the first is stopped before its clock is set
        fresh = _later_start(watch, number * HOUR)
    assert fresh.moved and fresh.take(clock_guard.Reading(50, 1e9 + 2 * DAY, 1e9 + 2 * DAY, 2 * HOUR + 30))
    assert fresh.ended == HOUR


def test_doubt_whose_stamps_were_not_corrected_outlives_a_crash(watch: clock_guard._Watch) -> None:
    assert not watch.take(_reading(60, ours=DAY))
    assert watch.take(_reading(180)) and watch.ended == 60
    again = clock_guard._Watch(watch.file)
    assert not again.take(_reading(200)) and again.doubted_from == 60
    watch.settle()
    assert clock_guard._Watch(watch.file).take(_reading(200))


@pytest.mark.parametrize(("gap", "believed"), [(DAY, True), (29 * DAY, True), (31 * DAY, False), (-2 * HOUR, False)])
def test_across_a_stop(watch: clock_guard._Watch, gap: float, believed: bool) -> None:
    assert watch.take(_reading(120))  # what is noted for the next start
    assert clock_guard._Watch(watch.file).take(_reading(150, ours=gap, theirs=gap)) is believed


def test_a_doubt_outlives_a_restart(watch: clock_guard._Watch) -> None:
    assert not watch.take(_reading(60, ours=2 * DAY))
    assert not clock_guard._Watch(watch.file).take(_reading(90, ours=2 * DAY))


async def test_item_aged_by_a_clock_jump_stays(owner: int, put, use, run_for) -> None:  # type: ignore[no-untyped-def]
    use(trash_days=0, grace_hours=1)
    await trash.trash(await put(b"film"), owner)
    await engine.execute("update media_file set unreferenced_at = now() - interval '2 hours'")  # of a clock ahead
    await run_for(HOUR)
    media_file = await engine.fetchval("select id from media_file")
    believed = await clock_guard.now()
    assert believed is not None
    assert not await sweeper.delete_unreferenced(media_file, believed.theirs - 2 * HOUR) and path(b"film").exists()
    assert blob_store.age(path(b"film"), believed.ours - HOUR) == 0
    assert await sweeper.delete_unreferenced(media_file, believed.theirs) and not path(b"film").exists()
