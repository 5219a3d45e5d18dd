"""Rows of a script that pg_restore wrote: they replace ours, and a script that holds anything else changes nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from mediafetcher.core import errors
from mediafetcher.db import foreign_rows
from tests.factories import add_user

# Folders before their owner.
FOLDERS = "COPY public.folder (id, owner, name) FROM stdin;\n7\t3\tFilms\n8\t3\tTab\\tand \\\\ slash\n\\.\n"
ACCOUNTS = 'COPY public."account" (id, name) FROM stdin;\n3\tÉmile\n\\.\n'
SEQUENCE = "SELECT pg_catalog.setval('public.account_id_seq', 41, true);\n"
AROUND = "--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n\\restrict abc123\n"


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    await add_user("Ada")
    made = await asyncpg.connect(database)
    yield made
    await made.close()


def _script(folder: Path, text: str) -> Path:
    made = folder / "script"
    made.write_text(text)
    return made


async def _accounts(connection: asyncpg.Connection) -> list[str]:
    return [row["name"] for row in await connection.fetch("select name from public.account order by id")]


async def test_rows_in_any_order_replace_all_that_were_there(connection: asyncpg.Connection, tmp_path: Path) -> None:
    await foreign_rows.load(connection, _script(tmp_path, AROUND + FOLDERS + ACCOUNTS + SEQUENCE))
    assert await _accounts(connection) == ["Émile"]
    names = await connection.fetch("select name from folder order by id")
    assert [row["name"] for row in names] == ["Films", "Tab\tand \\ slash"]
    assert await add_user("next") == 42


async def test_many_rows_are_loaded_in_several_batches(
    connection: asyncpg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign_rows, "_BATCH", 64)
    rows = "".join(f"{number}\tuser {number}\n" for number in range(1, 60))
    await foreign_rows.load(connection, _script(tmp_path, f"COPY public.account (id, name) FROM stdin;\n{rows}\\.\n"))
    assert len(await _accounts(connection)) == 59


@pytest.mark.parametrize(
    "line",
    [
        "DROP TABLE public.account;",
        "\\! touch /tmp/owned",
        "SELECT pg_catalog.setval('public.account_id_seq', 1, true); DROP TABLE account;",
        "COPY public.account (id, name) FROM PROGRAM 'id';",
        "COPY other.account (id, name) FROM stdin;",
        'COPY public."Account; drop" (id) FROM stdin;',
        "SET session_authorization = postgres; SELECT 1;",
        "x" * (64 << 10),
    ],
)
async def test_script_with_a_command_is_refused_and_changes_nothing(
    connection: asyncpg.Connection, tmp_path: Path, line: str
) -> None:
    with pytest.raises(errors.RestoreFailed, match="commands"):
        await foreign_rows.load(connection, _script(tmp_path, f"{ACCOUNTS}{line}\n"))
    assert await _accounts(connection) == ["Ada"]


@pytest.mark.parametrize("text", [FOLDERS, "COPY public.account (id, colour) FROM stdin;\n3\tred\n\\.\n"])
async def test_rows_that_do_not_fit_are_refused_and_change_nothing(
    connection: asyncpg.Connection, tmp_path: Path, text: str
) -> None:
    with pytest.raises(errors.RestoreFailed, match="do not fit"):
        await foreign_rows.load(connection, _script(tmp_path, text))
    assert await _accounts(connection) == ["Ada"]
    assert await connection.fetchval("select count(*) from pg_constraint where contype = 'f'") > 5
