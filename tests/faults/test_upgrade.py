"""A newer program on older data: a backup first, then all of the change or none of it, whenever it dies (P17)."""

import hashlib
import json
import lzma
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from mediafetcher.db import dump, migrate
from mediafetcher.library.storage import mount
from tests.conftest import cloned
from tests.faults.program import REPOSITORY
from tests.waiting import eventually

OLD = Path(__file__).with_name("m0002.mfbackup.xz")  # as the second version wrote it: 2 users, 9 files, 18 items
PAUSE_LOCK = 4711

# The changes pause at this lock, so that the program can be killed between two of them.
CLOSE = f"""
create sequence pause_count;
create function pause() returns event_trigger language plpgsql as $$
  begin if nextval('pause_count') = 2 then perform pg_advisory_lock({PAUSE_LOCK}); end if; end $$;
"""
TRIGGER = "create event trigger pause on ddl_command_end execute function pause()"  # a superuser's alone
OPEN = "drop event trigger pause"


def _put_back(server) -> None:
    file = server.state.parent / "old.mfbackup"
    file.write_bytes(lzma.decompress(OLD.read_bytes()))
    done = server.command("restore-backup", str(file), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["items"] == 18


async def _lay_media(media: Path, dsn: str) -> None:
    """The files that the old rows name. Only the database is old: bytes under their hash have not changed."""
    (media / "incoming").mkdir(parents=True)
    connection = await asyncpg.connect(dsn)
    sentinel = await connection.fetchval("select sentinel from store_root")
    await connection.close()
    (media / mount.SENTINEL).write_text(f"{sentinel}\n")
    for number in range(1, 10):
        data = f"film {number}".encode()
        name = hashlib.sha256(data).hexdigest()
        place = media / "store" / name[:2] / f"{name}.mp4"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


async def _versions(dsn: str) -> list[str]:
    return (await dump.facts(dsn)).schema


async def _as_admin(server, dsn: str, statement: str) -> None:
    admin = await asyncpg.connect(dump.renamed(server.admin_dsn, dump.name_of(dsn)))
    try:
        await admin.execute(statement)
    finally:
        await admin.close()


async def _becomes(connection: asyncpg.Connection, wanted: int, query: str) -> None:
    await eventually(lambda: connection.fetchval(query), lambda found: found == wanted)


@pytest.mark.promise(17)
@pytest.mark.timeout(120)
async def test_data_of_an_older_version_is_there_after_the_upgrade(server, program, folder):
    async with cloned(server) as dsn:
        running = program(database_url=dsn, media=folder / "media", trash_days=30)
        _put_back(running)
        await _lay_media(folder / "media", dsn)
        listed = running.command("list", "--json", "--user", "owner")  # the newer program brings the data up to date
        assert listed.returncode == 0, listed.stderr
        items = [json.loads(line) for line in listed.stdout.splitlines()]
        assert len(items) == 8  # one of nine is in the trash
        assert {item["folder"] for item in items} == {"Été"}
        assert {item["media"]["ref_count"] for item in items} == {2}
        checked = running.command("check", "--read-data")
        assert checked.returncode == 0, checked.stdout
        back = running.command("restore", "3", "--user", "owner")
        assert back.returncode == 0, back.stderr


@pytest.mark.promise(17)
@pytest.mark.timeout(120)
async def test_killed_in_the_middle_of_an_upgrade_the_data_is_the_old_and_then_the_new(server, program):
    async with cloned(server) as dsn:
        running = program(database_url=dsn, trash_days=30)
        _put_back(running)
        old = await _versions(dsn)
        if old == migrate.known():
            pytest.skip("this is the version that the old data was made by")
        holder = await asyncpg.connect(dsn)
        await holder.execute(CLOSE)
        await _as_admin(server, dsn, TRIGGER)
        await holder.execute("select pg_advisory_lock($1)", PAUSE_LOCK)
        process = subprocess.Popen(
            [sys.executable, "-m", "mediafetcher", "serve"], cwd=REPOSITORY, env=running.environment
        )
        try:
            await _becomes(holder, 1, "select count(*) from pg_locks where locktype = 'advisory' and not granted")
        finally:
            process.kill()
            process.wait()
        await holder.execute("select pg_advisory_unlock_all()")
        others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        await _becomes(holder, 0, f"{others} and backend_type = 'client backend'")
        assert await _versions(dsn) == old
        assert len(list((running.state / "backups").glob("before-*.mfbackup"))) == 1
        await _as_admin(server, dsn, OPEN)
        await holder.execute("drop function pause(); drop sequence pause_count")
        await holder.close()
        done = running.command("list", "--json", "--user", "owner")
        assert done.returncode == 0, done.stderr
        assert await _versions(dsn) == migrate.known()
        assert len(done.stdout.splitlines()) == 8
