"""Times that a user types, as bounds of a range."""

from datetime import UTC, datetime

import pytest

from mediafetcher.core import dates

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "end", "moment"),
    [
        ("2026-01-31", False, datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31", True, datetime(2026, 2, 1, tzinfo=UTC)),
        ("2026-01-31T18:00:00", True, datetime(2026, 1, 31, 18, tzinfo=UTC)),
        ("2026-01-31T18:00:00+02:00", False, datetime(2026, 1, 31, 16, tzinfo=UTC)),
        ("1d", False, datetime(2026, 2, 28, 12, tzinfo=UTC)),
        ("0d", True, NOW),
    ],
)
def test_time_that_is_typed_becomes_a_moment(text: str, end: bool, moment: datetime) -> None:
    assert dates.bound(text, NOW, end=end) == moment


@pytest.mark.parametrize("text", ["", "d", "-1d", "99999d99", "٣d", "2026-02-30", "9999-12-31", "99999d", "tomorrow"])
def test_time_that_is_none_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="2026-01-31"):
        dates.bound(text, datetime(2, 1, 1, tzinfo=UTC), end=True)
