"""The server's catalogue: its databases, roles and tables, and the migrations that Piccolo has recorded."""

from typing import Any

from piccolo.columns import BigInt, Boolean, Text, Timestamptz
from piccolo.table import Table

from mediafetcher.db import statements
from mediafetcher.db.engine import DB
from mediafetcher.db.expressions import is_false, is_true


class DatabaseName(Table, tablename="pg_database", schema="pg_catalog", db=DB):
    """A database of the server."""

    datname = Text()
    datistemplate = Boolean()
    datallowconn = Boolean()


class Role(Table, tablename="pg_roles", schema="pg_catalog", db=DB):
    """A role of the server."""

    oid = BigInt()
    rolname = Text()


class TableName(Table, tablename="pg_tables", schema="pg_catalog", db=DB):
    """A table of the present database."""

    schemaname = Text()
    tablename = Text()


class AppliedMigration(Table, tablename="migration", schema="public", db=DB):
    """A migration that Piccolo has applied."""

    name = Text()
    app_name = Text()
    ran_on = Timestamptz()


async def tables(connection: Any) -> list[str]:
    """Return the names of our tables, in their order."""
    ours = TableName.select(TableName.tablename).where(TableName.schemaname == "public")
    return [row["tablename"] for row in await statements.rows(connection, ours.order_by(TableName.tablename))]


async def has_table(connection: Any, name: str) -> bool:
    """Return whether the database has a table of this name in our schema."""
    return await statements.function(connection, "to_regclass", f"public.{name}") is not None


async def databases(connection: Any) -> list[str]:
    """Return the names of the databases that take connections, without templates, in their order."""
    table = DatabaseName
    open_ones = table.select(table.datname).where(is_false(table.datistemplate), is_true(table.datallowconn))
    return [row["datname"] for row in await statements.rows(connection, open_ones.order_by(table.datname))]
