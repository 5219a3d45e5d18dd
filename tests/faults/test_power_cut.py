"""P3: the power goes at any moment, and the disk has of what was not synced as much or as little as it likes.

The media folder is a share that records what is surely on the disk (forgetful_share.py). At the cut it stops answering,
the program is killed, and what is left is laid out as another share. PostgreSQL promises that the database keeps what
it has committed; that this is asked for is checked here. Then everything must be as after any
crash: the checker is content, and after the sweeper the disk holds what the database says and nothing else.
"""

import asyncio
import contextlib
import dataclasses
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mediafetcher.core import files, settings
from mediafetcher.db import engine
from mediafetcher.library.storage import blob_store, mount, sweeper
from tests import deep
from tests.factories import add_user
from tests.faults import test_crash_points as crash

ROUNDS = deep.count(3, 5)  # of each scenario
HERE = Path(__file__).parent

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a share"),
    pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="there is no FUSE here"),
    pytest.mark.promise(3),
    pytest.mark.timeout(3600),
]


class Disk:
    """The share: `point` is where it is mounted, `kept` the folder behind it, another one after each cut."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.point = folder, folder / "share"
        self.point.mkdir()
        self.number = 0
        self.kept.mkdir()

    @property
    def kept(self) -> Path:
        return self.folder / f"disk{self.number}"

    async def up(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(HERE / "forgetful_share.py"), str(self.kept), str(self.point)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        if await self.said() != "mounted":
            pytest.skip("FUSE cannot be mounted here")

    async def said(self) -> str:
        assert self.process.stdout is not None
        return (await self.process.stdout.readline()).decode().strip()

    async def tell(self, words: str) -> list[str]:
        """-> what it says before its `ok`."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{words}\n".encode())
        lines = []
        while (line := await self.said()) != "ok":
            assert line, "the share has died"
            lines.append(line)
        return lines

    async def down(self) -> None:
        await self.tell("well")
        await self.tell("end")
        self.process.kill()
        await self.process.wait()

    async def power_goes(self, seed: str) -> None:
        """Changes that were not synced may be lost; after this call all exist as they are now."""
        before = self.kept
        self.number += 1
        self.kept.mkdir()
        await self.tell(f"lay {seed} {self.kept}")
        await self.down()
        shutil.rmtree(before)
        await self.up()
        # Files of this process may exist again, though it lives: as after any start, they are of a dead process.
        blob_store._abandoned.update(path.name for path in (self.point / "incoming").iterdir())
        assert (await mount.refresh()).state == "online"


@pytest.fixture
async def disk(database: str, state: Path, tmp_path: Path) -> AsyncIterator[Disk]:
    disk = Disk(tmp_path)
    await disk.up()
    try:
        settings.use(dataclasses.replace(settings.get(), media=disk.point, grace_hours=0, trash_days=0))
        await mount.prepare()
        yield disk
    finally:
        await disk.down()


async def _driver(disk: Disk, scenario: str, dsn: str, work: Path, cut: int) -> bool:
    """Run it until the share has seen so many changes. Returns: whether it came to its end."""
    await disk.tell(f"cut {cut}")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-B", str(crash.DRIVER), scenario, dsn, str(disk.point), str(work)),
        cwd=crash.ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(crash.ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    ended, dark = asyncio.ensure_future(process.communicate()), asyncio.ensure_future(disk.said())
    await asyncio.wait({ended, dark}, return_when=asyncio.FIRST_COMPLETED)
    if dark.done():
        assert dark.result() == "cut"
        process.kill()
        await ended
        return False
    dark.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await dark
    assert process.returncode == 0, ended.result()[0].decode()
    return True


async def _again(disk: Disk, before: object, work: Path) -> None:
    """An empty library whose disk has nothing on its way, and then what is there before the cut."""
    await engine.execute("delete from library_item")
    await sweeper.sweep()
    shutil.rmtree(disk.point / "store")
    (disk.point / "store").mkdir()
    files.sync_folder(disk.point)
    await before(work)  # type: ignore[operator]
    crash._ours[:] = [row["pid"] for row in await engine.fetch("select pid from pg_stat_activity")]


@pytest.fixture
async def work(disk: Disk, tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    for file, content in crash.CONTENT.items():
        (folder / file).write_bytes(content)
    await add_user("Ada")
    return folder


async def _items() -> int:
    return int(await engine.fetchval("select count(*) from library_item"))


@pytest.mark.parametrize("name", crash.SCENARIOS)
async def test_the_power_goes(name: str, disk: Disk, database: str, work: Path) -> None:
    scenario, before = crash.SCENARIOS[name]
    chance = deep.chance(name)
    await _again(disk, before, work)
    assert await _driver(disk, scenario, database, work, 1 << 60)
    changes = int((await disk.tell("changes"))[0])
    assert changes >= 5
    for number in range(ROUNDS):
        await _again(disk, before, work)
        there = await _items()
        cut = changes if number == 0 else chance.randrange(changes)  # the first: when all was answered for
        ended = await _driver(disk, scenario, database, work, cut)
        await crash._alone()
        now = await _items()
        assert not ended or now == there + {"add": 1, "bring": 1, "sweep": 0, "remove": -1}[scenario]
        seed = chance.randrange(1 << 32)
        await disk.power_goes(str(seed))
        try:
            await crash._verify()
            assert await _items() == now
        except AssertionError as error:
            raise AssertionError(f"{name}, cut after {cut} of {changes}, disk {seed}: {error}") from error


async def test_the_power_goes_after_a_kill(disk: Disk, database: str, work: Path) -> None:
    """A killed process's unsynced changes are not durable only because they are visible."""
    chance = deep.chance("kill")
    changes = 0
    for number in range(ROUNDS + 1):
        await _again(disk, crash._nothing, work)
        stopped = chance.randrange(changes) if changes else 1 << 60
        ended = await _driver(disk, "add", database, work, stopped)
        changes = changes or int((await disk.tell("changes"))[0])
        await crash._alone()
        await disk.tell(f"cut {1 << 60}")
        await disk.tell("well")
        assert await mount.refresh() and mount.state().state == "online"
        assert await _driver(disk, "add", database, work, 1 << 60)
        await disk.power_goes(f"{deep.SEED} {number}".replace(" ", "-"))
        try:
            await crash._verify()
            assert await _items() == ended + 1
        except AssertionError as error:
            raise AssertionError(f"killed after {stopped} of {changes}, round {number}: {error}") from error


async def test_the_share_forgets(disk: Disk) -> None:
    """Else nothing of the above would prove anything."""
    folder = disk.point / "folder"
    folder.mkdir()
    files.sync_folder(disk.point)
    for name in ("synced", "no name", "no bytes"):
        with (folder / name).open("wb") as file:
            file.write(name.encode())
            if name != "no bytes":
                file.flush()
                os.fsync(file.fileno())
        if name == "synced":
            files.sync_folder(folder)
    left = []
    for seed in range(30):
        there = disk.folder / f"look{seed}"
        there.mkdir()
        await disk.tell(f"lay {seed} {there}")
        left.append({path.name: path.read_bytes() for path in (there / "folder").iterdir()})
    assert all(found["synced"] == b"synced" for found in left)
    assert {found.get("no name") for found in left} == {None, b"no name"}
    assert {found.get("no bytes") for found in left} == {None, b"no bytes", b"", bytes(8)}


async def test_the_database_is_asked_to_keep_what_it_commits(database: str) -> None:
    rows = await engine.fetch("select name, setting from pg_settings where name = any($1::text[])", list(_SYNCED))
    assert {row["name"]: row["setting"] for row in rows} == dict.fromkeys(_SYNCED, "on")


_SYNCED = ("synchronous_commit", "full_page_writes")  # `fsync` itself is off in tests, and nowhere else
