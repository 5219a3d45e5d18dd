"""A backup of strangers: loading it runs no program, neither here nor in the server."""

import subprocess
from pathlib import Path

import asyncpg
import pytest

from mediafetcher.core import errors
from mediafetcher.db import dump, embedded
from tests.conftest import Server, cloned

LONG = 200  # bytes of a comment in the dump, which another statement of that length replaces


async def _dump_with(server: Server, folder: Path, planted: str) -> None:
    """A dump with `planted` in the place of one of its own statements, as its maker can write it."""
    async with cloned(server) as dsn:
        connection = await asyncpg.connect(dsn)
        await connection.execute("create table told (line text)")
        await connection.execute(f"comment on table told is '{'x' * LONG}'")
        await connection.close()
        await dump.dump(dsn, folder)
    file = folder / dump.DUMP
    data = file.read_bytes()
    own = f"COMMENT ON TABLE public.told IS '{'x' * LONG}';\n".encode()
    assert own in data
    words = planted.encode()
    file.write_bytes(data.replace(own, words + b" " * (len(own) - len(words) - 1) + b"\n"))


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
        "copy public.told from program 'touch {marker}';",
        "\\! touch {marker}",
        "\\copy public.told from program 'touch {marker}'",
        "select 1 \\g | touch {marker}",
        "select '`touch {marker}`' \\gset\n\\set x `touch {marker}`",
    ],
)
async def test_statement_of_a_foreign_backup_runs_no_program(
    server: Server, tmp_path: Path, marker: Path, planted: str
) -> None:
    folder = tmp_path / "backup"
    folder.mkdir()
    await _dump_with(server, folder, planted.format(marker=marker))
    with pytest.raises(errors.RestoreFailed):
        await dump.restore(server.dsn, folder, "foreign")
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
    command = [str(embedded.programs() / "pg_restore"), "--file=-", str(tmp_path / dump.DUMP)]
    assert "\nselect 'planted here';" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
