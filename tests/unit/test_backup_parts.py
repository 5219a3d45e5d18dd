"""Backups of one database on one server: whole or refused in words, and the present database never half replaced."""

import contextlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path

import asyncpg
import pytest

from mediafetcher.core import errors, settings
from mediafetcher.db import dump, migrate
from mediafetcher.ops import backup
from tests.conftest import cloned


@pytest.fixture
async def dsn(server):
    async with cloned(server) as made:
        await _run(made, "insert into account (name) select 'person ' || n from generate_series(1, 5) n")
        await _run(
            made, "insert into media_file (sha256, size, kind, ext) values (sha256('a'), 1, 'video/mp4', '.mp4')"
        )
        await _run(made, "insert into library_item (owner, media_file, title) select id, 1, 'Été' from account")
        yield made
        for name in await _databases(made):
            await dump.drop(made, name)


async def _run(dsn: str, sql: str):
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(sql)
    finally:
        await connection.close()


async def _databases(dsn: str) -> list[str]:
    """List what was made next to the database itself."""
    rows = await _run(dump.renamed(dsn, "postgres"), "select datname from pg_database order by 1")
    return [row[0] for row in rows if row[0].startswith(dump.name_of(dsn) + "_")]


async def _backup(dsn: str, **given) -> io.BytesIO:
    file = io.BytesIO()
    await backup.write(dsn, settings.get(), file, **given)
    file.seek(0)
    return file


def _parts(file: io.BytesIO) -> dict[str, bytes]:
    with tarfile.open(fileobj=file) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}


async def test_restored_state_is_the_saved_one_and_the_present_one_is_kept(dsn, state):
    file = await _backup(dsn)
    await _run(dsn, "delete from library_item")
    done = await backup.restore(dsn, settings.get(), file)
    assert (await _run(dsn, "select count(*), sum(length(title)) from library_item"))[0] == (5, 15)
    assert (await _run(dsn, "select ref_count from media_file"))[0][0] == 5
    assert await _databases(dsn) == [done.kept]
    assert (await _run(dump.renamed(dsn, done.kept), "select count(*) from library_item"))[0][0] == 0
    await _run(dsn, "delete from library_item")  # its triggers came along
    assert (await _run(dsn, "select ref_count from media_file"))[0][0] == 0
    file.seek(0)
    again = await backup.restore(dsn, settings.get(), file)
    assert await _databases(dsn) == [again.kept]


async def test_neither_the_key_nor_secret_settings_are_in_it_unless_asked_for(dsn, state):
    (state / "key").write_text("the secret key")
    (state / "config.toml").write_text('database_url = "postgresql://a:pass@word/x"\nmax_downloads = 7\n')
    file = await _backup(dsn)
    assert set(_parts(file)) == {"manifest.json", "database.dump", "media.csv", "config.toml"}
    assert b"the secret key" not in file.getvalue()
    assert b"pass@word" not in file.getvalue()
    assert b"max_downloads = 7" in file.getvalue()
    keyed = await _backup(dsn, with_key=True)
    (state / "key").write_text("another key")
    (state / "config.toml").unlink()
    done = await backup.restore(dsn, settings.get(), keyed)
    assert (state / "key").read_text() == "the secret key"
    assert (state / "key").stat().st_mode & 0o777 == 0o600
    assert [path.read_text() for path in state.glob("key.before-*")] == ["another key"]
    assert "max_downloads = 7" in (state / "config.toml").read_text()
    assert len(done.notes) == 3


async def test_backup_without_the_key_leaves_out_the_password_of_the_proxy(dsn, state):
    """Also the one that was typed on the page, which is a row of the database."""
    await _run(dsn, """insert into setting (name, value) values ('proxy', '"socks5://me:pr0xypass@10.1.1.1:1080"')""")
    await _run(dsn, "insert into setting (name, value) values ('max_downloads', '7')")
    file = await _backup(dsn)
    held = backup.read_manifest(file)
    assert held.format == 2
    file.seek(0)
    done = await backup.restore(dsn, settings.get(), file)
    await _run(dsn, "create table whole as select name, value::text as value from setting")
    rows = {row[0]: row[1] for row in await _run(dsn, "select name, value from whole")}
    assert rows == {"proxy": '"socks5://10.1.1.1:1080"', "max_downloads": "7"}
    assert any("proxy" in note for note in done.notes)
    await _run(dsn, "drop table whole")


async def test_backup_with_the_key_keeps_the_password_of_the_proxy(dsn, state):
    await _run(dsn, """insert into setting (name, value) values ('proxy', '"http://me:pr0xypass@10.1.1.1:1080"')""")
    file = await _backup(dsn, with_key=True)
    assert backup.read_manifest(file).format == 1
    file.seek(0)
    await backup.restore(dsn, settings.get(), file)
    assert "pr0xypass" in (await _run(dsn, "select value::text from setting where name = 'proxy'"))[0][0]


async def test_the_media_files_that_are_not_there_are_named(dsn, state):
    done = await backup.restore(dsn, settings.get(), await _backup(dsn))
    (name,) = backup.missing(done.media, state / "media")
    place = state / "media" / "store" / name[:2] / f"{name}.mp4"
    place.parent.mkdir(parents=True)
    place.touch()
    assert backup.missing(done.media, state / "media") == []


@pytest.mark.parametrize("damage", ["changed", "cut", "empty", "no backup"])
async def test_a_damaged_backup_is_refused_before_anything_is_touched(dsn, state, damage):
    whole = bytearray((await _backup(dsn)).getvalue())
    if damage == "changed":
        whole[whole.index(b"PGDMP") + 2000] ^= 1
    elif damage == "cut":
        del whole[len(whole) // 2 :]
    else:
        whole = bytearray(b"" if damage == "empty" else b"root:x:0:0\n" * 1000)
    with pytest.raises(errors.BackupDamaged):
        await backup.restore(dsn, settings.get(), io.BytesIO(whole))
    assert (await _run(dsn, "select count(*) from library_item"))[0][0] == 5
    assert await _databases(dsn) == []
    assert list((state / "backups").iterdir()) == []


async def test_a_backup_of_a_newer_program_is_refused_in_words(dsn, state):
    await _run(dsn, "insert into migration (name, app_name) values ('m9999_future', 'mediafetcher')")
    with pytest.raises(errors.NewerSchema, match="m9999_future"):
        await backup.restore(dsn, settings.get(), await _backup(dsn))
    assert await _databases(dsn) == []


async def test_nothing_is_switched_under_a_connected_client(dsn, state):
    file = await _backup(dsn)
    other = await asyncpg.connect(dsn)
    try:
        with pytest.raises(errors.RestoreFailed, match="in use"):
            await backup.restore(dsn, settings.get(), file)
    finally:
        await other.close()
    assert (await _run(dsn, "select count(*) from library_item"))[0][0] == 5
    assert await _databases(dsn) == []


def test_a_file_that_cannot_be_finished_is_not_there(tmp_path: Path):
    target = tmp_path / "it"
    target.write_text("the backup of yesterday")
    with contextlib.suppress(KeyError), backup.replacing(target) as file:
        file.write(b"half of today's")
        raise KeyError
    assert [path.read_text() for path in tmp_path.iterdir()] == ["the backup of yesterday"]
    with pytest.raises(errors.BackupFailed, match="Cannot write"), backup.replacing(tmp_path / "no" / "it"):
        pass


async def test_before_a_migration_there_is_a_backup_and_otherwise_none(dsn, state):
    assert await backup.before_migration(dsn, settings.get()) is None
    await _run(dsn, f"delete from migration where name = '{migrate.known()[-1]}'")
    for _ in range(5):
        made = await backup.before_migration(dsn, settings.get())
        made.rename(made.with_stem(made.stem + str(_)))
    assert len(list((state / "backups").iterdir())) <= 4
    with next((state / "backups").iterdir()).open("rb") as file:
        assert backup.read_manifest(file).counts["library_item"] == 5


async def test_an_empty_database_needs_no_backup_before_its_first_migration(server, state):
    control = dump.renamed(server.dsn, "postgres")
    await _run(control, "create database quite_empty")
    try:
        assert await backup.before_migration(dump.renamed(server.dsn, "quite_empty"), settings.get()) is None
    finally:
        await dump.drop(server.dsn, "quite_empty")


def test_the_password_is_not_on_the_command_line():
    plain, secret = dump._without_password("postgresql://me:s%20cret@db.lan:5433/mf?sslmode=require")
    assert (plain, secret) == ("postgresql://me@db.lan:5433/mf?sslmode=require", {"PGPASSWORD": "s cret"})
    plain, secret = dump._without_password("postgresql://mf@/mf?host=%2Frun%2Fx&password=abc")
    assert (plain, secret) == ("postgresql://mf@/mf?host=%2Frun%2Fx", {"PGPASSWORD": "abc"})
    assert dump.renamed("postgresql:///mf?host=%2Frun", "other") == "postgresql:///other?host=%2Frun"


_WRITER = """
import sys
from pathlib import Path
from mediafetcher.core.settings import Settings
from mediafetcher.ops import backup

state = Path(sys.argv[1])
with backup._scratch(Settings(state=state)), backup.replacing(state / "backups" / "one.mfbackup") as file:
    file.write(b"half a backup")
    file.flush()
    print("writing", flush=True)
    sys.stdin.read()
"""


def test_drafts_of_killed_program_are_removed_at_the_next_start_and_those_of_others_stay(state):
    writers = []
    for _ in range(2):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout.readline() == "writing\n"
        writers.append(writer)
    folder = state / "backups"
    assert len(list(folder.iterdir())) == 4
    (folder / ".one.mfbackup.k2a_9x1z").touch()  # of an older version
    writers[0].kill()
    writers[0].communicate()
    backup.remove_leftovers(settings.get())
    assert len(list(folder.iterdir())) == 2
    writers[1].communicate("")
    assert [path.name for path in folder.iterdir()] == ["one.mfbackup"]
