"""P2: an item is whole or not there, wherever the program is killed.

The driver runs once under strace, which lists every call that changes something. Then it runs once for each of them
(the test command takes a third, by chance) and is killed (`kill -9`) exactly there. After each kill the checker must be
content, and after the sweeper the disk must hold what the database says and nothing else.

The test command does so with the path of the store, from the file to the row and back; a deep run also with all that a
download does once its file is fetched, and there the next start must bring it to its end.
"""

import asyncio
import math
import re
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, node_name, requeue
from mediafetcher.downloads.worker import checkpoint, workspace
from mediafetcher.downloads.worker import runner as downloading
from mediafetcher.fetch.models import Info, Result
from mediafetcher.library.catalog import items
from mediafetcher.library.storage import blob_store, check, mount, ownership, staging, sweeper
from tests import deep
from tests.factories import add_user
from tests.waiting import eventually

CALLS = (
    "access,openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,"
    "chmod,fchmod,fchmodat,fchown,ftruncate,sendto,sendmsg"
)
MARK = "/crash-points-begin-here"
DRIVER = Path(__file__).with_name("crash_driver.py")
ROOT = Path(__file__).parents[2]
LINE = re.compile(r"^(\w+)\((.*)$")
# The film takes two buffers, so that there is a point between two writes.
CONTENT = {"film": b"film " * 300_000, "poster": b"poster", "subtitles": b"WEBVTT"}
Point = tuple[str, int]


async def _run(strace: list[str], scenario: str, dsn: str, work: Path) -> tuple[int, str]:
    """The driver under strace. Returns: its exit status (negative: the signal), and what it said."""
    program = shutil.which("strace")
    if program is None:
        pytest.fail("strace is not installed, and without it no crash point can be tried: apt-get install strace")
    process = await asyncio.create_subprocess_exec(
        *(program, "-qq", *strace, sys.executable, "-B", str(DRIVER)),  # its main thread alone, not FFmpeg
        *(scenario, dsn, str(mount.root()), str(work)),
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def _points(scenario: str, dsn: str, work: Path) -> list[Point]:
    """Every call that changes something, after the mark: its name, and which one of that name it is."""
    log = work / "strace.log"
    status, said = await _run(["-o", str(log), "-e", f"trace={CALLS}"], scenario, dsn, work)
    if status != 0:
        pytest.fail(f"the driver does not run under strace (is ptrace allowed here?):\n{said}")
    counts: Counter[str] = Counter()
    points, begun = [], False
    for line in log.read_text().splitlines():
        match = LINE.match(line)
        if not match:
            continue
        name, rest = match[1], match[2]
        counts[name] += 1
        begun = begun or MARK in rest
        reading = name == "access" or (name == "openat" and not re.search("O_CREAT|O_WRONLY|O_RDWR", rest))
        if begun and not reading:
            points.append((name, counts[name]))
    return points


async def _alone() -> None:
    """Wait until the server has noticed that the killed program has ended, and rolled its transaction back."""
    await eventually(
        lambda: engine.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and application_name = ''"
            " and pid <> pg_backend_pid() and backend_type = 'client backend' and pid <> all($1::int[])",
            _ours,
        ),
        lambda found: not found,
        seconds=20,
    )


_ours: list[int] = []


async def _know_ours() -> None:
    _ours[:] = [row["pid"] for row in await engine.fetch("select pid from pg_stat_activity")]


async def _verify() -> None:
    """After a kill: whole or not there. After the sweeper: exactly what the database says."""
    await _alone()
    found = [finding for finding in await check.check(read_data=True) if finding.kind != "leftover"]
    # A side file placed beside a file that another item holds, before the commit: nothing is wrong or unknown.
    assert [finding for finding in found if finding.kind != "unlisted_side_file"] == []
    await sweeper.sweep()
    await check.repair(found)
    assert await check.check(read_data=True) == []
    rows = await engine.fetch("select sha256, ext, poster, subtitles, ref_count from media_file")
    assert all(row["ref_count"] > 0 for row in rows)
    expected = set()
    for row in rows:
        names = [row["ext"], *(["poster.jpg"] if row["poster"] else []), *(f"{lang}.vtt" for lang in row["subtitles"])]
        expected |= {blob_store.path_of(row["sha256"], name) for name in names}
    there = {path for path in (mount.root() / "store").rglob("*") if path.is_file()}
    assert there == expected
    assert list(mount.incoming().iterdir()) == []


async def _settle_claims(count: int) -> None:
    """From here on each claim makes one file and removes one: each run makes the same calls."""
    for _ in range(count):
        await ownership.claim_next()


async def _reset(work: Path) -> None:
    await engine.execute("delete from library_item")
    await sweeper.sweep()
    assert await engine.fetchval("select count(*) from media_file") == 0
    await engine.execute("delete from download")
    await engine.execute("delete from source")
    await _settle_claims(2)
    for folder in (mount.root() / "store", settings.get().work):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()


async def _put(work: Path, data: bytes) -> int:
    (work / "other").write_bytes(data)
    return await items.add_media(
        owner=await engine.fetchval("select min(id) from account"),
        staged=await blob_store.stage(work / "other"),
        facts=items.MediaFacts("video/mp4", ".mp4"),
        entry=items.Entry("There before"),
        side_files={"poster.jpg": work / "poster"},
    )


# ---- what is there before each kill --------------------------------------------------------------------


async def _nothing(work: Path) -> None:
    """The file is new."""


async def _brought(work: Path) -> None:
    """The file is new, and belongs to this user alone."""
    (work / "film").unlink()
    (work / "film").write_bytes(CONTENT["film"])


async def _known(work: Path) -> None:
    """Another user has the same bytes already."""
    await _put(work, CONTENT["film"])


async def _dying(work: Path) -> None:
    """The same bytes exist, and the sweeper will take them next."""
    await _known(work)
    await engine.execute("delete from library_item")


async def _to_sweep(work: Path) -> None:
    """A file without holders, one that is held, and what a dead process left in incoming/."""
    await _put(work, b"held")
    await _dying(work)
    (mount.incoming() / f"{mount.installation()}.{staging.here()}.1.0.{'0' * 32}.part").write_bytes(b"half")


async def _two_items(work: Path) -> None:
    await _put(work, b"held")


async def _fetched(work: Path) -> None:
    """A download waits whose file was fetched by an earlier attempt, with subtitles; it has yet to be made playable."""
    row = await lifecycle.submit(await engine.fetchval("select min(id) from account"), "https://films.example/crash")
    folder = workspace.make(row["id"])
    film, text = folder / "media.mkv", folder / "media.fr.vtt"
    shutil.copyfile(work / "fetched.mkv", film)
    text.write_text("WEBVTT\n\n00:00.000 --> 00:01.000\nBonjour\n")
    info = Info("A film", "1", "Films", "https://films.example/crash", "films.example", "films 1")
    result = Result(film, film.stat().st_size, subtitles=(("fr", text),))
    checkpoint.save(folder, info, result, own=False)


SCENARIOS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a new file": ("add", _nothing),
    "a file that a download brought": ("bring", _brought),
    "a file that is there": ("add", _known),
    "a file that is about to go": ("add", _dying),
    "the sweeper": ("sweep", _to_sweep),
    "rm": ("remove", _two_items),
}
DEEP: dict[str, tuple[str, Callable[[Path], object]]] = {"a download": ("download", _fetched)}


async def _goes_on() -> None:
    """The next start brings the download to its end, once, and leaves nothing of it."""
    await requeue.recover_own()
    if claim := await leases.claim():
        await downloading.run(claim)
    await workspace.tidy()
    await _know_ours()
    await _verify()
    rows = await engine.fetch("select state, item from download")
    items = await engine.fetch(
        "select i.id, m.poster, m.subtitles from library_item i join media_file m on m.id = i.media_file"
    )
    assert [row["state"] for row in rows] == ["done"] and [item["id"] for item in items] == [rows[0]["item"]]
    assert items[0]["poster"] and items[0]["subtitles"] == ["fr"]
    assert list(settings.get().work.iterdir()) == []


@pytest.mark.promise(2)
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", SCENARIOS | DEEP)
async def test_killed_at_every_change(
    name: str, media_online: Path, database: str, tmp_path: Path, media_corpus: Path
) -> None:
    if name in DEEP and not deep.deep(2):
        pytest.skip("it takes minutes: a deep run does it (scripts/faults P2)")
    scenario, before = (SCENARIOS | DEEP)[name]
    work = tmp_path / "work"
    work.mkdir(mode=0o711)
    settings.use(replace(settings.get(), state=work, grace_hours=0, trash_days=0))
    settings.get().work.mkdir(mode=0o711)
    node_name.instance()  # its file is made once: each run makes the same calls
    shutil.copyfile(media_corpus / "h264_aac.mkv", work / "fetched.mkv")
    for file, content in CONTENT.items():
        (work / file).write_bytes(content)
    await add_user("Ada")

    await _settle_claims(12)
    await before(work)  # type: ignore[misc]
    await _know_ours()
    points = await _points(scenario, database, work)
    await _verify()
    kinds = {call for call, _ in points}
    print(f"{name}: {len(points)} points", dict(Counter(call for call, _ in points)))
    assert len(points) > 5 and "sendto" in kinds and kinds & {"unlink", "rename"}, points

    if not deep.deep(2):  # each run takes others; a deep run takes every one
        points = sorted(deep.chance(name).sample(points, math.ceil(len(points) / 3)))
    missed = 0
    for call, number in points:
        await _reset(work)
        await before(work)  # type: ignore[misc]
        await _know_ours()
        inject = ["-o", "/dev/null", "-e", f"trace={CALLS}", "-e", f"inject={call}:signal=SIGKILL:when={number}"]
        status, said = await _run(inject, scenario, database, work)
        if scenario == "download" and status == 0:
            missed += 1  # how often FFmpeg's end wakes the loop is chance: this run had ended before so many calls
        else:
            assert status in (-signal.SIGKILL, 128 + signal.SIGKILL), f"not killed at {call} {number}: {said}"
        try:
            await _verify()
            if scenario == "download":
                await _goes_on()
        except AssertionError as error:
            raise AssertionError(f"{name}, killed at {call} number {number}: {error}") from error
    assert missed <= 3, f"{missed} of {len(points)} were not reached"
