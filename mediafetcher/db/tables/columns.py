"""Columns that the tables have in common."""

from typing import Any, TypeVar

from piccolo.columns import Column, Text, Timestamptz
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.querystring import QueryString

_C = TypeVar("_C", bound=Column)


class ServerNow(TimestamptzNow):
    """The database's clock, where Piccolo would send the clock of this machine."""

    def python(self) -> Any:
        return QueryString("DEFAULT")


class TSVector(Column):
    """A column of full-text search, in the text form of a `tsvector`."""

    value_type = str


def by_server(column: _C) -> _C:
    """Let an insert use the database's default of this column, because only the server can compute it."""
    column.default = lambda: QueryString("DEFAULT")
    return column


def now() -> Timestamptz:
    """Return a column that gets the time of the insertion, by the clock of the database."""
    return Timestamptz(default=ServerNow())


def null_time() -> Timestamptz:
    """Return a column for a time that may be null."""
    return Timestamptz(default=None, null=True)


def null_text() -> Text:
    """Return a column for text that may be null."""
    return Text(default=None, null=True)
