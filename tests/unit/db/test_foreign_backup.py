"""A hostile backup: loading it runs no program, neither here nor in the server."""

import re
import subprocess
from pathlib import Path

import asyncpg
import pytest

from mediafetcher.core import errors
from mediafetcher.db import dump, embedded
from tests.conftest import Server, cloned


async def _dump_with(server: Server, folder: Path, planted: str) -> list[str]:
    """A dump with `planted` instead of one of its own statements, as its maker can write it. Returns: its schema."""
    async with cloned(server) as dsn:
        held = await dump.dump(dsn, folder)
    file = folder / dump.DUMP
    data = file.read_bytes()
    found = re.search(rb"COPY public\.download \([^)]*\) FROM stdin;\n", data)
    assert found is not None
    own, words = found[0], planted.encode()
    assert len(words) < len(own)
    file.write_bytes(data.replace(own, words + b" " * (len(own) - len(words) - 1) + b"\n"))
    return held.schema


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """A file that is only made when a program ran."""
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o711)
    return tmp_path / "ran"


@pytest.mark.parametrize(
    "planted",
    [
        "copy public.account (name) from program 'touch {marker}';",
        "\\! touch {marker}",
        "\\copy public.account (name) from program 'touch {marker}'",
        "do $$ begin execute 'select 1'; end $$;",
        "COPY pg_catalog.pg_authid (rolname) FROM stdin;",
        "select 1 \\g | touch {marker}",
        "select '`touch {marker}`' \\gset\n\\set x `touch {marker}`",
    ],
)
async def test_statement_of_a_foreign_backup_runs_no_program(
    server: Server, tmp_path: Path, marker: Path, planted: str
) -> None:
    folder = tmp_path / "backup"
    folder.mkdir()
    schema = await _dump_with(server, folder, planted.replace("{marker}", str(marker)))
    with pytest.raises(errors.RestoreFailed, match="commands"):
        await dump.restore(server.dsn, folder, "foreign", schema)
    assert not marker.exists()
    names = await _names(server.dsn)
    assert "foreign" not in names


async def _names(dsn: str) -> set[str]:
    connection = await asyncpg.connect(dump.renamed(dsn, "postgres"))
    try:
        return {row[0] for row in await connection.fetch("select datname from pg_database")}
    finally:
        await connection.close()


async def test_planted_statement_reaches_the_script(server: Server, tmp_path: Path) -> None:
    """The tests above plant something that counts: it is in what pg_restore writes."""
    await _dump_with(server, tmp_path, "select 'planted here';")
    command = [str(embedded.programs() / "pg_restore"), "--data-only", "--file=-", str(tmp_path / dump.DUMP)]
    assert "\nselect 'planted here';" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


_PLANTED = """
create function told() returns trigger language plpgsql as $$
  begin insert into setting (name, value) values ('owned', '1') on conflict do nothing; return null; end $$;
create trigger told after insert on account execute function told();
create trigger told_later after delete on account execute function told();
create or replace function mf_count_reference() returns trigger language plpgsql as $$
  begin insert into setting (name, value) values ('owned', '2') on conflict do nothing; return null; end $$;
create view seen as select name from account;
alter table account alter column name set default 'owned';
"""


async def test_functions_and_triggers_of_a_foreign_backup_are_left_behind(server: Server, tmp_path: Path) -> None:
    async with cloned(server) as dsn:
        await _execute(dsn, "insert into account (name) values ('ada'), ('bob')")
        await _execute(dsn, _PLANTED)
        own = await _schema(server.dsn)
        held = await dump.dump(dsn, tmp_path)
    try:
        restored = await dump.restore(server.dsn, tmp_path, "foreign", held.schema)
        foreign = dump.renamed(server.dsn, "foreign")
        assert restored.counts == held.counts and restored.schema == held.schema
        assert await _schema(foreign) == own
        await _execute(foreign, "insert into account (name) values ('eve'); delete from account where name = 'bob'")
        connection = await asyncpg.connect(foreign)
        assert await connection.fetchval("select count(*) from setting where name = 'owned'") == 0
        names = await connection.fetch("select id, name from account order by id")
        await connection.close()
        assert [tuple(row) for row in names] == [(1, "ada"), (3, "eve")]  # the sequence came along
    finally:
        await dump.drop(server.dsn, "foreign")


async def _execute(dsn: str, statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


_SCHEMA = """
select concat('function ', oid::regprocedure, md5(prosrc)) from pg_proc where pronamespace = 'public'::regnamespace
union all select concat('trigger ', tgrelid::regclass, tgname, tgenabled) from pg_trigger where not tgisinternal
union all select concat('view ', viewname) from pg_views where schemaname = 'public'
union all select concat('constraint ', conrelid::regclass, conname, pg_get_constraintdef(oid)) from pg_constraint
  where connamespace = 'public'::regnamespace
union all select concat('index ', indexdef) from pg_indexes where schemaname = 'public'
union all select concat('column ', table_name, '.', column_name, column_default)
  from information_schema.columns where table_schema = 'public'
order by 1
"""


async def _schema(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    try:
        return [row[0] for row in await connection.fetch(_SCHEMA)]
    finally:
        await connection.close()
