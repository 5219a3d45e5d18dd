"""Numbers of episodes made of a date: month, day and minute of the day, such as 1050570 on January 5 at 9:30.

The last four digits of an item of which only the day is known come from its id, and are above those of a minute.
The first item of a minute has the number of that minute, and another one takes a number above those of a minute. The
names in a tree hold the numbers, so an item keeps its own whatever is added or removed later.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from mediafetcher.library.export.rows import ItemRow

_DAY = 10_000  # numbers of a day
_MINUTES = 1440  # of a day; larger numbers are those of other items
_OTHERS = _DAY - _MINUTES
_EPISODE = re.compile(r" - S\d+E(\d+) - ")


def of_moment(moment: datetime, item: int, *, exact: bool) -> int:
    """Return the number that an item should have. `moment`: in UTC; `exact`: its minute is known."""
    within = moment.hour * 60 + moment.minute if exact else _other(item)
    return (moment.month * 100 + moment.day) * _DAY + within


def name(row: ItemRow, number: int) -> None:
    """Give an item of a show this number."""
    row.episode = number
    row.name = f"{row.show} - S{row.season:02}E{number:02} - {row.title}"


def _other(item: int) -> int:
    return _MINUTES + item % _OTHERS


def _candidates(row: ItemRow) -> Iterator[int]:
    """Return the numbers that an item may have: its own, then those of its day that are not of a minute."""
    assert row.episode is not None
    yield row.episode
    day, first = row.episode // _DAY * _DAY, _other(row.id) - _MINUTES
    yield from (day + _MINUTES + (first + step) % _OTHERS for step in range(_OTHERS))


class Season:
    """The numbers of one season that are in use. `named`: the items of a tree, and the names of their files."""

    def __init__(self, named: Iterable[tuple[int, str]]) -> None:
        self._items: dict[int, int] = {}  # by number
        self._numbers: dict[int, int] = {}
        for item, stem in sorted(named):
            found = _EPISODE.search(stem)
            if found and int(found[1]) not in self._items:
                self._take(item, int(found[1]))

    def settle(self, row: ItemRow) -> None:
        """Give an item its number: the one that it has, if it fits its day, else the first that is free."""
        assert row.episode is not None
        had = self._numbers.get(row.id)
        if had is not None and had // _DAY == row.episode // _DAY and had % _DAY >= _MINUTES:
            name(row, had)
            return
        for number in _candidates(row):
            if self._items.get(number, row.id) == row.id:
                break
        self._take(row.id, number)
        name(row, number)

    def _take(self, item: int, number: int) -> None:
        self._items[number] = item
        self._numbers[item] = number
