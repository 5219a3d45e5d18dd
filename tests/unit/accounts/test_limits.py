"""Ten tries at once, then one a minute, for each key."""

import pytest

from mediafetcher.accounts import limits
from mediafetcher.base import clock, errors


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, which the test moves."""
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    return now


def test_ten_and_then_one_a_minute(time: list[float]) -> None:
    for _ in range(10):
        limits.take("a")
    with pytest.raises(errors.TooManyRequests) as refused:
        limits.take("a")
    assert refused.value.facts["retry_after"] == 60
    limits.take("b")
    time[0] += 59
    with pytest.raises(errors.TooManyRequests) as refused:
        limits.take("a")
    assert refused.value.facts["retry_after"] == 1
    time[0] += 1
    limits.take("a")
    with pytest.raises(errors.TooManyRequests):
        limits.take("a")


def test_no_more_than_ten_are_saved_up(time: list[float]) -> None:
    limits.take("a")
    time[0] += 1e6
    for _ in range(10):
        limits.take("a")
    with pytest.raises(errors.TooManyRequests):
        limits.take("a")


def test_one_empty_bucket_refuses_and_takes_nothing_from_the_other(time: list[float]) -> None:
    for _ in range(10):
        limits.take("a")
    for _ in range(20):
        with pytest.raises(errors.TooManyRequests):
            limits.take("a", "b")
    for _ in range(10):
        limits.take("b")


def test_what_was_right_does_not_count(time: list[float]) -> None:
    for _ in range(100):
        limits.take("a")
        limits.give_back("a")


def test_memory_is_bounded_and_keeps_the_emptiest(time: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST", 100)
    for _ in range(10):
        limits.take("attacker")
    for number in range(1000):
        limits.take(f"address {number}")
    assert len(limits._buckets) <= 102
    with pytest.raises(errors.TooManyRequests):
        limits.take("attacker")
