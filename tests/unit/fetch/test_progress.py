"""The progress of a fetch over all its files, and how long a stall is tolerated."""

from dataclasses import replace
from pathlib import Path

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.fetch.child_events import Progressed
from mediafetcher.fetch.progress import Meter

Report = tuple[int, int | None, float | None, float | None]


@pytest.fixture
def told(state: Path) -> list[Report]:
    settings.use(replace(settings.get(), max_file_size=1000, stall_seconds=10.0, live_outage_seconds=60.0))
    return []


def _meter(told: list[Report], *, live: bool = False) -> Meter:
    return Meter(lambda *given: told.append(given), live=live)


def _at(file: str, done: float, total: float | None = None) -> Progressed:
    return Progressed(file=file, done=done, total=total, speed=5.0, eta=2.0)


def test_files_of_one_download_are_added_up(told: list[Report]) -> None:
    meter = _meter(told)
    meter.progress(_at("picture", 100, 400))
    meter.progress(_at("sound", 50, 100))
    meter.progress(_at("picture", 300, 400))
    assert told == [(100, 400, 5.0, 2.0), (150, 500, 5.0, 2.0), (350, 500, 5.0, 2.0)]


def test_total_is_unknown_until_each_file_has_one(told: list[Report]) -> None:
    meter = _meter(told)
    meter.progress(_at("picture", 100, 400))
    meter.progress(_at("sound", 50))
    assert meter.total is None and meter.done == 150


@pytest.mark.parametrize(("done", "total"), [(1001, None), (5, 1001)])
def test_file_that_is_or_will_be_too_large_ends_the_fetch(told: list[Report], done: int, total: int | None) -> None:
    with pytest.raises(errors.TooLarge):
        _meter(told).progress(_at("picture", done, total))


def test_size_that_a_live_stream_announces_does_not_count(told: list[Report]) -> None:
    _meter(told, live=True).progress(_at("recording", 5, 5000))
    assert told == [(5, 5000, 5.0, 2.0)]


def test_patience_counts_from_the_last_byte(told: list[Report]) -> None:
    meter = _meter(told)
    meter.progress(_at("picture", 100))
    meter._moved -= 8.0  # seconds ago
    meter.progress(_at("picture", 100))
    assert meter.patience() == pytest.approx(2.0, abs=0.5)
    meter.progress(_at("picture", 101))
    assert meter.patience() == pytest.approx(10.0, abs=0.5)
    meter._moved -= 60.0
    assert meter.patience() == 0.05


def test_live_stream_is_given_two_outages_more(told: list[Report]) -> None:
    assert _meter(told, live=True).patience() == pytest.approx(130.0, abs=0.5)
