"""The embedded PostgreSQL: its life, and what crashes leave behind."""

import asyncio
import contextlib
import os
import shutil
import signal
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from mediafetcher.core import errors
from mediafetcher.db import cluster_setup, embedded, file_system
from mediafetcher.sandbox import process
from tests import places
from tests.waiting import eventually


@pytest.fixture
def folder() -> Iterator[Path]:
    """A state folder that only its owner may enter, as `mktemp -d` makes them."""
    path = places.make("mf-cluster-")
    yield path
    shutil.rmtree(path)


@pytest.fixture
async def running(folder: Path) -> AsyncIterator[embedded.Cluster]:
    made = embedded.Cluster(folder / "state")
    await made.start()
    yield made
    await made.stop()


async def _value(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_made_private_with_checksums_and_without_network(running: embedded.Cluster) -> None:
    assert await _value(running.dsn, "show data_checksums") == "on"
    assert await _value(running.dsn, "show listen_addresses") == ""
    assert await _value(running.dsn, "show fsync") == "on"
    assert stat.S_IMODE(running.socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(running.data.stat().st_mode) == 0o700
    owner = Path(f"/proc/{running.pid}").stat().st_uid
    account = process.service_account()
    assert owner == (account.uid if account else os.geteuid()) != 0


async def test_a_restart_keeps_the_data(running: embedded.Cluster) -> None:
    await _value(running.dsn, "create table kept (n int)")
    await running.stop()
    await running.start()
    assert await _value(running.dsn, "select count(*) from kept") == 0


async def test_started_again_when_it_is_killed(running: embedded.Cluster) -> None:
    first = running.pid
    assert first
    os.kill(first, signal.SIGKILL)
    assert await eventually(lambda: _value(running.dsn, "select 1"), ignore=(OSError, asyncpg.PostgresError)) == 1
    assert running.pid != first


_PROGRAM = """
import asyncio, sys
from pathlib import Path
from mediafetcher.db import embedded, file_system
async def main():
    started = embedded.Cluster(Path(sys.argv[1]))
    await started.start()
    print(started.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


async def _started(state: Path) -> tuple[asyncio.subprocess.Process, int]:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROGRAM, str(state), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    assert program.stdout
    return program, int(await program.stdout.readline())


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def test_it_ends_with_us_however_we_end(folder: Path) -> None:
    program, pid = await _started(folder / "state")
    program.kill()
    await program.wait()
    assert await embedded._gone(pid, folder / "state/postgres/18", 10)


async def test_kill_of_everything_and_a_lock_of_another_process(folder: Path) -> None:
    program, pid = await _started(folder / "state")
    for victim in (program.pid, pid, *_children(pid)):
        with contextlib.suppress(ProcessLookupError):  # a child of a dead server may be gone by itself
            os.kill(victim, signal.SIGKILL)
    await program.wait()
    again = embedded.Cluster(folder / "state")
    lock = again.data / "postmaster.pid"
    lines = lock.read_text().split("\n")
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]))  # a pid that lives and is not PostgreSQL
    (again.socket / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    dsn = await again.start()
    try:
        assert await _value(dsn, "select 1") == 1
    finally:
        await again.stop()


async def test_an_orphan_is_stopped_first(folder: Path) -> None:
    first, second = embedded.Cluster(folder / "state"), embedded.Cluster(folder / "state")
    await first.start()
    old = first._process
    assert old and first._supervisor
    first._supervisor.cancel()  # as if its parent had vanished
    try:
        assert await _value(await second.start(), "select 1") == 1
        assert await asyncio.wait_for(old.wait(), 10) == 0
    finally:
        await second.stop()


async def test_half_a_creation_is_begun_again(folder: Path) -> None:
    rest = folder / "state/postgres/.new-1"
    rest.mkdir(parents=True)
    (rest / "PG_VERSION").write_text("18\n")
    made = embedded.Cluster(folder / "state")
    try:
        assert await _value(await made.start(), "select 1") == 1
        assert not rest.exists()
    finally:
        await made.stop()


async def test_a_deep_folder_gets_a_short_socket(folder: Path) -> None:
    made = embedded.Cluster(folder / ("d" * 120) / "state")
    try:
        assert await _value(await made.start(), "select 1") == 1
        assert len(str(made.socket)) < 100
    finally:
        await made.stop()
        shutil.rmtree(made.socket, ignore_errors=True)


async def test_a_socket_folder_that_is_no_folder_is_refused(folder: Path) -> None:
    (folder / "run").symlink_to("/tmp")
    with pytest.raises(errors.InvalidStateDir):
        cluster_setup.private(folder / "run")


@pytest.mark.parametrize(
    ("magic", "kind", "name"),
    [
        (0x6969, "nfs4", "NFS"),
        (0xFF534D42, "cifs", "SMB"),
        (0xFF534D42 - (1 << 32), "cifs", "SMB"),  # as a signed number
        (0x65735546, "fuse.sshfs", "fuse.sshfs"),
        (0x65735546, "fuseblk", None),  # NTFS on a local disk
        (0xEF53, "ext4", None),
        (0x01021994, "tmpfs", None),
    ],
)
def test_network_file_systems_are_known(magic: int, kind: str, name: str | None) -> None:
    assert file_system.network_name(magic, kind) == name


def test_this_disk_is_local(folder: Path) -> None:
    assert file_system.network_file_system(folder) is None
    assert file_system.network_file_system(Path("/dev/shm")) is None


def _recovering(pid: int | None) -> int | None:
    """The process of this server that recovers from a crash; None when there is none."""
    for child_pid in _children(pid) if pid else []:
        with contextlib.suppress(OSError):
            if b"startup" in Path(f"/proc/{child_pid}/cmdline").read_bytes():
                return child_pid
    return None


@pytest.mark.timeout(120)
async def test_recovery_that_takes_long_is_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, pid = await _started(folder / "state")
    again = embedded.Cluster(folder / "state")
    await _value(again.dsn, "create table kept as select n, repeat('x', 100) from generate_series(1, 100000) n")
    for victim in (program.pid, pid, *_children(pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    await program.wait()
    monkeypatch.setattr(embedded, "_START", 1.0)
    starting = asyncio.create_task(again.start())
    recovering = await eventually(
        lambda: _recovering(again.pid), lambda pid: pid is not None or starting.done(), pause=0
    )
    assert recovering is not None
    os.kill(recovering, signal.SIGSTOP)
    try:
        await asyncio.sleep(4)
        assert not starting.done()  # four times as long as a server may take that says nothing
    finally:
        os.kill(recovering, signal.SIGCONT)
    try:
        assert await _value(await starting, "select count(*) from kept") == 100_000
    finally:
        await again.stop()
