"""Parts of Piccolo statements that it has no name for: the server's clock, and lists as one parameter.

The clock of this machine never decides: every time in a statement is the database's.
"""

from collections.abc import Collection
from typing import Any

from piccolo.columns import Column
from piccolo.columns.combination import Where, WhereRaw
from piccolo.columns.operators.comparison import Equal
from piccolo.querystring import QueryString

NOW = QueryString("now()")


def after(seconds: float) -> QueryString:
    """Return the time in so many seconds."""
    return QueryString("now() + make_interval(secs => {})", float(seconds))


def ago(seconds: float) -> QueryString:
    """Return the time so many seconds ago."""
    return QueryString("now() - make_interval(secs => {})", float(seconds))


def name_of(column: Column) -> str:
    """Return the quoted name of a column with its table, for an expression."""
    return f'"{column._meta.table._meta.tablename}"."{column._meta.db_column_name}"'


def among(column: Column, values: Collection[Any]) -> WhereRaw:
    """Return the condition that the column has one of these values, however many: they are one parameter."""
    return WhereRaw(f"{name_of(column)} = any({{}})", list(values))


def is_true(column: Column) -> Where:
    """Return the condition that a column of booleans is true."""
    return Where(column, value=True, operator=Equal)


def is_false(column: Column) -> Where:
    """Return the condition that a column of booleans is false, and not null."""
    return Where(column, value=False, operator=Equal)


def same(column: Column, value: Any) -> WhereRaw:
    """Return the condition that the column has this value, or is null if the value is None."""
    return WhereRaw(f"{name_of(column)} is not distinct from {{}}", value)


def differs(column: Column, value: Any) -> WhereRaw:
    """Return the condition that the column has another value, or one of both is null."""
    return WhereRaw(f"{name_of(column)} is distinct from {{}}", value)


def same_text(column: Column, text: str) -> WhereRaw:
    """Return the condition that the column has this text, regardless of case."""
    return WhereRaw(f"lower({name_of(column)}) = lower({{}})", text)
