"""The server's catalogue: databases that take connections, our tables, and applied migrations."""

from urllib.parse import urlsplit

import asyncpg

from mediafetcher.db import catalogue
from mediafetcher.db.catalogue import AppliedMigration


async def test_tables_are_ours_alone_and_in_order(connection: asyncpg.Connection) -> None:
    found = await catalogue.tables(connection)
    assert {"account", "library_item", "media_file"} <= set(found) and found == sorted(found)
    assert not any(name.startswith("pg_") for name in found)
    await connection.execute("create schema other; create table other.theirs (id int); create table mine (id int)")
    assert set(await catalogue.tables(connection)) - set(found) == {"mine"}
    assert await catalogue.has_table(connection, "mine") and not await catalogue.has_table(connection, "theirs")


async def test_databases_are_those_that_take_connections(database: str, connection: asyncpg.Connection) -> None:
    found = await catalogue.databases(connection)
    assert await connection.fetchval("select current_database()") in found
    assert not {"template0", "template1"} & set(found)
    assert urlsplit(database).scheme.startswith("postgres")


async def test_applied_migrations_are_recorded_by_name(database: str) -> None:
    rows = await AppliedMigration.select(AppliedMigration.name, AppliedMigration.app_name)
    assert rows and {row["app_name"] for row in rows} == {"mediafetcher"}
