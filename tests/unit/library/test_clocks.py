"""What a jump of the clocks means, by readings: of the clock since boot, of this machine's, of the database's."""

from pathlib import Path

import pytest

from mediafetcher.library import clocks

HOUR, DAY = 3600.0, 86_400.0

pytestmark = pytest.mark.promise(16)


def _reading(boot: float, ours: float = 0.0, theirs: float = 0.0) -> clocks._Reading:
    """`ours` and `theirs`: how far these clocks are off."""
    return clocks._Reading(boot, 1e9 + boot + ours, 1e9 + boot + theirs)


@pytest.fixture
def watch(tmp_path: Path) -> clocks._Watch:
    made = clocks._Watch(tmp_path / "clock.json")
    assert made.take(_reading(0))
    return made


def test_time_that_passes_is_no_jump_however_long(watch: clocks._Watch) -> None:
    assert all(watch.take(_reading(boot)) for boot in (5, 60, DAY, 400 * DAY))
    assert not watch.moved


@pytest.mark.parametrize("off", [HOUR + 1, -HOUR - 1, DAY, -DAY, 3650 * DAY])
@pytest.mark.parametrize("clock", ["ours", "theirs"])
def test_a_jump_of_either_clock_holds_until_it_is_right_again(watch: clocks._Watch, clock: str, off: float) -> None:
    assert not watch.take(_reading(60, **{clock: off})) and watch.moved
    assert not watch.take(_reading(120, **{clock: off}))
    assert watch.take(_reading(180))


def test_a_small_step_holds_nothing(watch: clocks._Watch) -> None:
    assert watch.take(_reading(60, ours=HOUR - 1, theirs=300.0)) and watch.moved


def test_a_clock_that_stands_for_a_day_is_believed(watch: clocks._Watch) -> None:
    assert not watch.take(_reading(60, ours=DAY, theirs=DAY))
    assert not watch.take(_reading(DAY, ours=DAY, theirs=DAY))
    assert watch.take(_reading(DAY + 120, ours=DAY, theirs=DAY))
    assert not watch.take(_reading(DAY + 180))  # back: a jump as well


def test_a_second_jump_begins_the_day_anew(watch: clocks._Watch) -> None:
    assert not watch.take(_reading(60, ours=DAY))
    assert not watch.take(_reading(DAY, ours=3 * DAY))
    assert not watch.take(_reading(DAY + 120, ours=3 * DAY))
    assert watch.take(_reading(2 * DAY + 120, ours=3 * DAY))


@pytest.mark.parametrize(("gap", "believed"), [(DAY, True), (29 * DAY, True), (31 * DAY, False), (-2 * HOUR, False)])
def test_across_a_stop(watch: clocks._Watch, gap: float, believed: bool) -> None:
    assert watch.take(_reading(120))  # what is noted for the next start
    assert clocks._Watch(watch.file).take(_reading(150, ours=gap, theirs=gap)) is believed


def test_a_doubt_outlives_a_restart(watch: clocks._Watch) -> None:
    assert not watch.take(_reading(60, ours=2 * DAY))
    assert not clocks._Watch(watch.file).take(_reading(90, ours=2 * DAY))
