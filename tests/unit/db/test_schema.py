"""Migrations, and that the classes of db/tables/ say what the database has."""

import importlib
import json

import asyncpg
import pytest
from huey.storage import PostgresStorage
from piccolo.columns.column_types import JSONB
from piccolo.querystring import QueryString
from piccolo.table import Table

from mediafetcher.core import errors
from mediafetcher.db import engine, migrate, migrations, tables
from mediafetcher.db.migrations import m0001_first

_TABLES = [
    value
    for value in vars(tables).values()
    if isinstance(value, type) and issubclass(value, Table) and value is not Table
]
_FOREIGN = ("huey_", "migration")  # Huey's and Piccolo's own


async def _columns(table: str) -> dict[str, tuple[str, bool]]:
    rows = await engine.fetch(
        "select column_name, data_type, is_nullable from information_schema.columns where table_name = $1", table
    )
    return {row["column_name"]: (row["data_type"], row["is_nullable"] == "YES") for row in rows}


async def test_an_empty_database_is_migrated_once(server) -> None:  # type: ignore[no-untyped-def]
    control = await asyncpg.connect(server.dsn.replace("/mediafetcher?", "/postgres?"))
    await control.execute("create database empty_one")
    await engine.connect(server.dsn.replace("/mediafetcher?", "/empty_one?"))
    try:
        assert await migrate.applied() == []
        assert await migrate.migrate() == migrate.known()
        assert await migrate.migrate() == []
    finally:
        await engine.close()
        await control.execute("drop database empty_one")
        await control.close()


async def test_each_migration_run_twice_changes_nothing_more(server) -> None:  # type: ignore[no-untyped-def]
    control = await asyncpg.connect(server.dsn.replace("/mediafetcher?", "/postgres?"))
    await control.execute("create database twice")
    await engine.connect(server.dsn.replace("/mediafetcher?", "/twice?"))
    try:
        for name in migrate.known():
            if name == "m0060_backoff_names":
                await engine.execute("insert into site_backoff (site, strikes, until) values ('a.test', 3, now())")
            for _ in range(2):
                manager = await importlib.import_module(f"{migrations.__name__}.{name}").forwards()
                async with engine.transaction():  # as `migrate` does
                    for step in manager.raw:
                        await step()
            if name == migrate.known()[0]:
                await engine.execute("insert into account (name) values ('kept')")
        assert await engine.fetchval("select name from account") == "kept"
        assert await engine.fetchval("select failures from site_backoff") == 3
        for table in _TABLES:
            assert await _columns(table._meta.tablename), table
    finally:
        await engine.close()
        await control.execute("drop database twice")
        await control.close()


async def test_a_newer_database_is_refused_in_words(database: str) -> None:
    await engine.execute("insert into migration (name, app_name) values ('m9999_future', 'mediafetcher')")
    with pytest.raises(errors.NewerSchema, match=r"m9999_future.*Install that version"):
        await migrate.migrate()


@pytest.mark.parametrize("table", _TABLES, ids=lambda table: table.__name__)
async def test_classes_and_tables_agree(database: str, table: type[Table]) -> None:
    there = await _columns(table._meta.tablename)
    said = {}
    for column in table._meta.columns:
        kind = column.column_type.lower()
        kind = {"bigserial": "bigint", "serial": "integer", "timestamptz": "timestamp with time zone"}.get(kind, kind)
        said[column._meta.db_column_name] = ("ARRAY" if kind.endswith("[]") else kind, column._meta.null)
    assert said == there


async def test_every_table_of_the_database_has_a_class(database: str) -> None:
    rows = await engine.fetch("select tablename as name from pg_tables where schemaname = 'public'")
    ours = {row["name"] for row in rows if not row["name"].startswith(_FOREIGN)}
    assert ours == {table._meta.tablename for table in _TABLES}


@pytest.mark.parametrize("table", _TABLES, ids=lambda table: table.__name__)
async def test_default_of_a_class_is_that_of_the_database(database: str, table: type[Table]) -> None:
    """Piccolo inserts every column, so a default that only the server knows would be lost."""
    rows = await engine.fetch(
        "select column_name as name, column_default as value from information_schema.columns"
        " where table_schema = 'public' and table_name = $1 and column_default is not null",
        table._meta.tablename,
    )
    columns = {column._meta.db_column_name: column for column in table._meta.columns}
    for row in rows:
        column = columns[row["name"]]
        said = table(_ignore_missing=True)[column._meta.name]
        if isinstance(said, QueryString):
            assert str(said) == "DEFAULT", row
        else:
            assert "(" not in row["value"], row
            value = await engine.fetchval(f"select {row['value']}")
            assert said == (json.dumps(value) if isinstance(column, JSONB) else value), row


async def test_hueys_tables_are_its_own(database: str) -> None:
    storage = PostgresStorage("mediafetcher", dsn=database, create_tables=False)
    ours = "".join(m0001_first.QUEUE.split())
    assert all("".join(statement.split()) in ours for statement in storage.ddl)


async def test_constraints_of_tables_hold(database: str) -> None:
    await engine.execute("insert into account (name) values ('Ada')")
    with pytest.raises(engine.UniqueViolation):
        await engine.execute("insert into account (name) values ('ada')")
    for name in ("", ".", "..", "a/b", "x" * 201):
        with pytest.raises(engine.CheckViolation):
            await engine.execute("insert into folder (owner, name) values (1, $1)", name)
    await engine.execute("insert into folder (owner, name) values (1, 'Music')")
    with pytest.raises(engine.UniqueViolation):
        await engine.execute("insert into folder (owner, name) values (1, 'MUSIC')")
    with pytest.raises(engine.CheckViolation):
        await engine.execute("insert into download (owner, url, source_key, state) values (1, 'u', 'k', 'running')")
    await engine.execute("insert into download (owner, url, source_key) values (1, 'u', 'k')")
    with pytest.raises(engine.UniqueViolation):
        await engine.execute("insert into download (owner, url, source_key) values (1, 'u', 'k')")
    with pytest.raises(engine.CheckViolation):
        await engine.execute(
            "insert into media_file (sha256, size, kind, ext) values ('\\x00', 1, 'video/mp4', '.mp4')"
        )


async def test_truncating_items_is_refused(database: str) -> None:
    with pytest.raises(asyncpg.RaiseError):
        await engine.execute("truncate library_item cascade")


_CONTIGUOUS_FROM = 44  # before it, numbers were allotted and not all of them used


def test_migrations_have_contiguous_numbers_of_their_own() -> None:
    numbers = [int(name[1:5]) for name in migrate.known()]
    assert numbers == sorted(set(numbers))
    assert [number for number in numbers if number >= _CONTIGUOUS_FROM] == list(
        range(_CONTIGUOUS_FROM, numbers[-1] + 1)
    )
