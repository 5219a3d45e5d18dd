"""Who gets into the embedded PostgreSQL, what they may do there, and how a cluster of earlier versions changes over."""

import asyncio
import contextlib
import os
import shutil
import signal
import stat
import sys
import tarfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from mediafetcher.db import credentials, dump, embedded
from mediafetcher.sandbox import process
from tests import places
from tests.conftest import Server, cloned
from tests.waiting import eventually

# Made by a program that still trusted every local user: 73 rows, and a database that a restored backup replaced.
EARLIER = Path(__file__).parents[2] / "faults" / "superuser_cluster.tar.xz"
ROWS = 73
KILLED_AFTER = (0.2, 0.5, 0.8, 1.2, 1.8, 3.0)  # seconds

_PROGRAM = """
import asyncio, sys
from pathlib import Path
from mediafetcher.db import embedded
async def main():
    await embedded.Cluster(Path(sys.argv[1])).start()
    print("started", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.fixture
def state() -> Iterator[Path]:
    path = places.make("mf-roles-")
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


pytestmark = pytest.mark.skipif("MF_TEST_POSTGRES" in os.environ, reason="about the embedded PostgreSQL")


@pytest.fixture
async def running(state: Path) -> AsyncIterator[embedded.Cluster]:
    made = embedded.Cluster(state)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def earlier(state: Path) -> Path:
    """A state folder with a cluster that trusts every local user, whose role is the bootstrap superuser."""
    with tarfile.open(EARLIER) as archive:
        archive.extractall(state)
    account = process.service_account()
    for path in (state / "postgres" / "18", *(state / "postgres" / "18").rglob("*")):
        if account:
            os.chown(path, account.uid, account.gid)
    return state


async def _fetch(dsn: str, sql: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


def _stranger(dsn: str, user: str, password: str = "") -> str:
    """The same server, for a client that does not know the password."""
    secret = f":{password}" if password else ""
    return f"postgresql://{user}{secret}@{dsn.partition('@')[2]}"


@pytest.mark.parametrize("user", ["mediafetcher", "postgres"])
@pytest.mark.parametrize("password", ["", "guessed"])
async def test_connection_without_the_password_is_refused(server: Server, user: str, password: str) -> None:
    with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError)):
        await _fetch(_stranger(server.dsn, user, password), "select 1")


async def test_rules_trust_no_connection(server: Server) -> None:
    rules = await _fetch(server.admin_dsn, "select type, auth_method from pg_hba_file_rules")
    assert rules == [("local", "scram-sha-256")]


async def test_everyday_role_is_no_superuser_and_runs_no_program(server: Server) -> None:
    async with cloned(server) as dsn:
        assert await _fetch(
            dsn, "select rolsuper, rolcreaterole, rolreplication, rolcreatedb from pg_roles where rolname = user"
        ) == [(False, False, False, True)]
        await _fetch(dsn, "create table told (line text)")
        for refused in (
            "copy told from program 'id'",
            "copy told from '/etc/passwd'",
            "select pg_read_file('/etc/passwd')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await _fetch(dsn, refused)


def test_passwords_are_for_their_owner_alone(state: Path) -> None:
    made = credentials.load_or_make(state)
    file = state / "postgres.secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    assert credentials.load(state) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made.user not in credentials.verifier(made.user)


async def test_lost_password_file_is_made_again_and_data_stays(running: embedded.Cluster, state: Path) -> None:
    await _fetch(running.dsn, "create table kept (n int)")
    before = credentials.load(state)
    assert before
    await running.stop()
    assert stat.S_IMODE((state / "logs" / "postgres.log").stat().st_mode) == 0o600
    for path in state.rglob("*"):
        if path.is_file() and path.name != "postgres.secret":
            data = path.read_bytes()
            assert before.user.encode() not in data and before.admin.encode() not in data, path
    (state / "postgres.secret").unlink()
    again = embedded.Cluster(state)
    dsn = await again.start()
    try:
        assert credentials.load(state) != before
        assert await _fetch(dsn, "select count(*) from kept") == [(0,)]
    finally:
        await again.stop()


# ---- clusters of earlier versions --------------------------------------------------------------------------

OWNERS = """
select relowner::regrole::text from pg_class where relnamespace = 'public'::regnamespace
union select proowner::regrole::text from pg_proc where pronamespace = 'public'::regnamespace
union select datdba::regrole::text from pg_database where datname = current_database()
"""


async def _assert_changed_over(state: Path) -> None:
    started = embedded.Cluster(state)
    dsn = await started.start()
    try:
        assert sum((await dump.facts(dsn)).counts.values()) == ROWS
        names = [
            row[0] for row in await _fetch(dsn, "select datname from pg_database where datname like 'mediafetcher%'")
        ]
        assert len(names) == 2
        for name in names:
            assert await _fetch(dump.renamed(dsn, str(name)), OWNERS) == [("mediafetcher",)]
        assert await _fetch(dsn, "select rolsuper from pg_roles where rolname = 'mediafetcher'") == [(False,)]
        assert await _fetch(dsn, "select rolname::text from pg_roles where rolsuper") == [("postgres",)]
        with pytest.raises(asyncpg.InvalidPasswordError):
            await _fetch(_stranger(dsn, "mediafetcher"), "select 1")
    finally:
        await started.stop()


@pytest.mark.timeout(120)
async def test_cluster_of_an_earlier_version_changes_over_with_all_its_data(earlier: Path) -> None:
    await _assert_changed_over(earlier)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seconds", KILLED_AFTER)
async def test_change_over_killed_at_any_time_goes_on_at_the_next_start(earlier: Path, seconds: float) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROGRAM, str(earlier), stdout=asyncio.subprocess.DEVNULL, cwd=Path(__file__).parents[3]
    )
    await eventually(lambda: (earlier / "postgres.secret").exists())
    await asyncio.sleep(seconds)
    victims = [program.pid, *_below(program.pid)]
    for victim in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    await program.wait()
    await _assert_changed_over(earlier)


def _below(pid: int) -> list[int]:
    found = []
    for entry in Path(f"/proc/{pid}/task").glob("*/children"):
        for word in entry.read_text().split():
            found += [int(word), *_below(int(word))]
    return found
