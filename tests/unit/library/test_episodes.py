"""Numbers of episodes that are made of a date."""

from datetime import UTC, datetime

from mediafetcher.library.export import episodes
from mediafetcher.library.export.rows import ItemRow

_MOMENT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def _row(item: int, *, exact: bool = True) -> ItemRow:
    row = ItemRow(id=item, owner=1, folder=None, title=f"film {item}", sha256="00" * 32)
    row.show, row.season = "A show", 2026
    row.episode = episodes.of_moment(_MOMENT, item, exact=exact)
    return row


def test_number_is_made_of_month_day_and_minute_or_of_the_item() -> None:
    assert episodes.of_moment(_MOMENT, 7, exact=True) == 1_050_570
    assert episodes.of_moment(_MOMENT, 7, exact=False) == 1_051_447


def test_second_item_of_a_minute_has_a_number_above_those_of_minutes() -> None:
    season, first, second = episodes.Season([]), _row(1), _row(2)
    for row in (first, second):
        season.settle(row)
    assert (first.episode, second.episode) == (1_050_570, 1_051_442)
    assert second.name == "A show - S2026E1051442 - film 2"


def test_item_keeps_the_number_that_its_files_have() -> None:
    season, row = episodes.Season([(2, "A show - S2026E1051442 - film 2"), (3, "without a number")]), _row(2)
    season.settle(row)
    assert row.episode == 1_051_442
