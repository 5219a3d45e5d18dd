"""Load the rows of a backup, and nothing else of it, into a schema that our own migrations made.

A backup may come from anyone: its schema can hold triggers, functions and views that run as soon as a row is written.
So pg_restore only writes the data as a script, of which `COPY` blocks and the values of sequences are used. Any other
statement is refused. Rows go through asyncpg, so no program ever reads the script as commands.
"""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO, NamedTuple

import asyncpg

from mediafetcher.core import errors
from mediafetcher.db import catalogue, statements

_IDENTIFIER = r'(?:[a-z_][a-z0-9_]*|"[a-z_][a-z0-9_]*")'
_COPY = re.compile(rf"^COPY public\.({_IDENTIFIER}) \(({_IDENTIFIER}(?:, {_IDENTIFIER})*)\) FROM stdin;$")
_SEQUENCE = re.compile(rf"^SELECT pg_catalog\.setval\('public\.({_IDENTIFIER})', ([0-9]{{1,19}}), (true|false)\);$")
# The lines that pg_restore writes around the data: settings of its session, comments, and marks for psql.
_HARMLESS = re.compile(
    r"^(--.*|SET [a-z_]+ = [A-Za-z0-9'_-]+;|SELECT pg_catalog\.set_config\('search_path', '', false\);"
    r"|\\(un)?restrict [A-Za-z0-9]+|)$"
)
_MAX_STATEMENT = 64 << 10  # bytes of a line outside the data
_BATCH = 256 << 10  # bytes
_END = b"\\.\n"

# The server's catalogue; the rule of a key is a function's result.
_FOREIGN_KEYS = (
    "select conrelid::regclass::text as table, quote_ident(conname) as name, pg_get_constraintdef(oid) as rule"
    " from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace order by 1, 2"
)
# The names in a script are complete.
_NO_SEARCH_PATH = "set local search_path to ''"
# Rows are loaded in any order: keys are dropped before, and checked when they are added again.
_DROP_KEY = "alter table {table} drop constraint {name}"
# The same keys as before.
_ADD_KEY = "alter table {table} add constraint {name} {rule}"
# The rows are already final.
_SWITCH_TRIGGERS = "alter table {table} {switch} trigger user"
# All tables at once, because of their keys.
_EMPTY = "truncate {tables}"


class _Copy(NamedTuple):
    table: str
    columns: list[str]


class _Sequence(NamedTuple):
    name: str
    value: int
    called: bool


async def load(connection: asyncpg.Connection, script: Path) -> None:
    """Replace all rows by those of a script that `pg_restore --data-only` wrote, in one transaction.

    Triggers do not run, because the rows are already final. Foreign keys are checked at the end.

    Raises: `RestoreFailed` if the script contains anything but rows, or rows that do not fit.
    """
    try:
        async with connection.transaction():
            await connection.execute(_NO_SEARCH_PATH)
            tables = [f'public."{name}"' for name in await catalogue.tables(connection)]
            keys = await connection.fetch(_FOREIGN_KEYS)
            for key in keys:
                await connection.execute(_DROP_KEY.format(**key))
            for table in tables:
                await connection.execute(_SWITCH_TRIGGERS.format(table=table, switch="disable"))
            if tables:
                await connection.execute(_EMPTY.format(tables=", ".join(tables)))
            await _load_rows(connection, script)
            for table in tables:
                await connection.execute(_SWITCH_TRIGGERS.format(table=table, switch="enable"))
            for key in keys:
                await connection.execute(_ADD_KEY.format(**key))
    except (asyncpg.PostgresError, UnicodeDecodeError) as error:
        raise errors.RestoreFailed(f"The rows of the backup do not fit this program's tables: {error}.") from error


async def _load_rows(connection: asyncpg.Connection, script: Path) -> None:
    with script.open("rb") as file:
        for statement in _statements(file):
            if isinstance(statement, _Copy):
                await connection.copy_to_table(
                    statement.table,
                    schema_name="public",
                    columns=statement.columns,
                    source=_rows(file),
                    format="text",
                )
            else:
                name, value, called = statement
                await statements.function(connection, "pg_catalog.setval", f'public."{name}"', value, called)


def _statements(file: IO[bytes]) -> Iterator[_Copy | _Sequence]:
    """Yield the statements of a script; after a `_Copy`, its rows follow in the file. Raises: `RestoreFailed`."""
    while line := file.readline(_MAX_STATEMENT):
        text = line.decode().removesuffix("\n")
        if found := _COPY.match(text):
            yield _Copy(_plain(found[1]), [_plain(name) for name in found[2].split(", ")])
        elif found := _SEQUENCE.match(text):
            yield _Sequence(_plain(found[1]), int(found[2]), found[3] == "true")
        elif not _HARMLESS.match(text):
            raise errors.RestoreFailed(
                "The backup holds commands, not only rows, so it was not restored. Use a backup that MediaFetcher made."
            )


async def _rows(file: IO[bytes]) -> AsyncIterator[bytes]:
    """Yield the rows of a `COPY`, in batches, up to its end."""
    batch: list[bytes] = []
    size = 0
    while (line := file.readline()) and line != _END:
        batch.append(line)
        size += len(line)
        if size >= _BATCH:
            yield b"".join(batch)
            batch, size = [], 0
    if batch:
        yield b"".join(batch)


def _plain(identifier: str) -> str:
    return identifier.strip('"')
