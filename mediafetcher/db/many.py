"""Insert or update many rows in one statement: each column is one array parameter, however many rows there are."""

from collections.abc import Mapping, Sequence
from typing import Any

from piccolo.columns import Array, Column
from piccolo.columns.column_types import JSONB
from piccolo.table import Table

from mediafetcher.db import engine

Values = Mapping[Column, Sequence[Any]]

# Rows are inserted in their order, so that their ids have it too.
_INSERT = """
insert into {table} ({columns}) select {values} from unnest({arrays}) with ordinality as r ({columns}, r_number)
  order by r_number {conflict} {returning}
"""
# A row is updated if it has the key of one of the values.
_UPDATE = """
update {table} as t set {changes} from unnest({arrays}) as r ({columns}) where t.{key} = r.{key} and {condition}
  returning t.{key}
"""


async def insert(
    table: type[Table], values: Values, *, conflict: str = "", returning: Sequence[Column] = ()
) -> list[dict[str, Any]]:
    """Insert a row for each place in these lists, in their order; other columns get the database's default.

    `conflict` is an `on conflict` clause. Returns: the columns of `returning`, of each row that was written.
    """
    columns = [_name(column) for column in values]
    statement = _INSERT.format(
        table=f'"{table._meta.tablename}"',
        columns=", ".join(columns),
        values=", ".join(f"r.{_name(column)}{_cast(column)}" for column in values),
        arrays=_arrays(values),
        conflict=conflict,
        returning=f"returning {', '.join(_name(column) for column in returning)}" if returning else "",
    )
    return await engine.fetch(statement, *values.values())


async def update(key: Column, keys: Sequence[Any], values: Values, *, condition: str = "true") -> list[Any]:
    """Give each row with one of these keys the values at the same place of the lists.

    `condition` says which rows are changed: `t` is the row, `r` has its new values. Returns: the keys of changed rows.
    """
    every: Values = {key: keys, **values}
    statement = _UPDATE.format(
        table=f'"{key._meta.table._meta.tablename}"',
        changes=", ".join(f"{_name(column)} = r.{_name(column)}{_cast(column)}" for column in values),
        arrays=_arrays(every),
        columns=", ".join(_name(column) for column in every),
        key=_name(key),
        condition=condition,
    )
    return [row[key._meta.db_column_name] for row in await engine.fetch(statement, *every.values())]


def _name(column: Column) -> str:
    return f'"{column._meta.db_column_name}"'


def _arrays(values: Values) -> str:
    return ", ".join(f"${number}::{_sent_as(column)}[]" for number, column in enumerate(values, 1))


def _sent_as(column: Column) -> str:
    """Return the type of a column's values on their way: those without an array of their own are text."""
    return "text" if isinstance(column, Array | JSONB) or column.column_type == "TSVECTOR" else _type(column)


def _cast(column: Column) -> str:
    """Return what makes a value of the column's type of one that was sent as text."""
    return f"::{_type(column)}" if _sent_as(column) != _type(column) else ""


def _type(column: Column) -> str:
    target = getattr(column, "_foreign_key_meta", None)
    if target is not None:
        return _type(target.resolved_target_column)
    name = str(column.column_type).lower()
    return {"bigserial": "bigint", "serial": "integer"}.get(name, name)
