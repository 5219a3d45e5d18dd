"""The scrub: what is due is read again at idle priority, rot is named, and a new start resumes where it was."""

import asyncio
import os
import threading
from collections.abc import Callable

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.catalog import blocklist, queries
from mediafetcher.library.storage import check, mount, scrub
from mediafetcher.sandbox.libc import LIBC
from tests.unit.library.conftest import clean, path
from tests.waiting import eventually


async def _all_due() -> None:
    await engine.execute("update media_file set created_at = now() - interval '40 days', checked_at = null")


def _spoil(data: bytes) -> None:
    path(data).chmod(0o644)
    path(data).write_bytes(data[:-1] + b"!")


async def test_only_what_is_due_is_read_oldest_first(owner: int, put, use: Callable[..., None]) -> None:  # type: ignore[no-untyped-def]
    await put(b"old"), await put(b"new"), await put(b"older")
    await engine.execute("update media_file set created_at = now() - interval '40 days' where size = 3")
    await engine.execute("update media_file set created_at = now() - interval '41 days' where size = 5")
    await engine.execute("update media_file set created_at = now() where sha256 = sha256('new')")
    before = await scrub.progress(owner)
    assert (before["total"], before["checked"], before["damaged"], before["finished_at"]) == (3, 1, 0, None)
    assert await scrub.scrub(0.0) == 0
    use(scrub_days=0)
    assert await scrub.scrub() == 0
    use(scrub_days=30.0)
    assert await scrub.scrub() == 2 and await scrub.scrub() == 0
    order = [row["size"] for row in await engine.fetch("select size from media_file order by checked_at")]
    assert order[:2] == [5, 3]
    after = await scrub.progress(owner)
    assert after["checked"] == 3 and after["finished_at"] is not None
    await clean()


@pytest.mark.promise(9)
async def test_rot_is_named_with_its_items_and_may_be_fetched_again(owner: int, other: int, put) -> None:  # type: ignore[no-untyped-def]
    source = await engine.fetchval(
        "insert into source (key, url) values ('url default http://a/', 'http://a/') returning id"
    )
    mine, theirs = await put(b"film", "Mine", source_id=source), await put(b"film", "Theirs", owner=other)
    await put(b"whole")
    await engine.execute("update source set media_file = (select media_file from library_item where id = $1)", mine)
    _spoil(b"film")
    await _all_due()
    assert await scrub.scrub() == 2
    said = await scrub.progress(owner)
    assert said["damaged"] == 1 and said["items"] == [{"id": mine, "title": "Mine"}]
    assert (await queries.get(theirs, other))["damaged"]
    assert await engine.fetchval("select media_file from source") is None
    (found,) = await check.check()  # without reading everything
    assert found.kind == "damaged_file" and "Mine, Theirs" in found.detail
    assert await blocklist.find(owner, ["url default http://a/"]) is None
    await put(b"film", owner=other)  # fetched again
    assert not (await queries.get(mine, owner))["damaged"]
    await clean()


@pytest.mark.parametrize(
    ("harm", "kind"), [("gone", "missing_file"), ("short", "wrong_size"), ("folder", "unreadable_file")]
)
async def test_other_damage_is_reported(owner: int, put, harm: str, kind: str) -> None:  # type: ignore[no-untyped-def]
    item = await put(b"film")
    path(b"film").unlink()
    if harm == "short":
        path(b"film").write_bytes(b"f")
    if harm == "folder":
        path(b"film").mkdir()
        await engine.execute("update media_file set size = $1", path(b"film").stat().st_size)
    await _all_due()
    assert await scrub.scrub() == 1
    assert (await queries.get(item, owner))["damaged"]
    assert [finding.kind for finding in await check.check()] == [kind]


async def test_many_missing_are_an_outage(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    for number in range(10):
        await put(bytes([number]))
        path(bytes([number])).unlink()
    await _all_due()
    assert await scrub.scrub() < 3
    assert (await scrub.progress(owner))["damaged"] < 3


@pytest.mark.parametrize("harm", ["gone", "empty"])
async def test_files_of_an_absent_share_are_never_marked_however_often_it_looks(owner: int, put, harm: str) -> None:  # type: ignore[no-untyped-def]
    for number in range(24):
        await put(bytes([number]))
        if number < 20:
            path(bytes([number])).unlink()
        if number < 20 and harm == "empty":
            path(bytes([number])).touch()
    await _all_due()
    for number in range(20):
        await scrub.scrub(0.001 if number % 2 else 20.0)
    assert (await scrub.progress(owner))["damaged"] == 0


async def test_few_missing_among_many_are_marked(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    for number in range(20):
        await put(bytes([number]))
    for number in (3, 4, 15):
        path(bytes([number])).unlink()
    await _all_due()
    assert await scrub.scrub() == 20
    assert (await scrub.progress(owner))["damaged"] == 3


async def test_a_share_that_is_away_is_no_rot(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    await put(b"film")
    await _all_due()
    (mount.root() / mount.SENTINEL).rename(mount.root() / "hidden")
    with pytest.raises(errors.MediaOffline):
        await scrub.scrub()
    assert (await mount.refresh()).state == "offline" and await scrub.scrub() == 0
    assert (await scrub.progress(owner))["damaged"] == 0


async def _checks_more_than(seen: int, owner: int, running: asyncio.Task[int]) -> None:
    await eventually(lambda: scrub.progress(owner), lambda now: now["checked"] != seen or running.done(), pause=0)


async def test_broken_off_it_goes_on_from_its_mark(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    for number in range(40):
        await put(bytes([number]) * (1 << 20))
    await _all_due()
    seen = 0
    while (await scrub.progress(owner))["checked"] < 40:
        running = asyncio.create_task(scrub.scrub())
        await _checks_more_than(seen, owner, running)
        running.cancel()
        ended = await asyncio.gather(running, return_exceptions=True)
        now = (await scrub.progress(owner))["checked"]
        assert now > seen, ended  # nothing is read twice
        seen = now
    await clean()


def test_its_reads_are_idle_and_only_its_own() -> None:
    def ask(who: int) -> int:
        return LIBC.syscall(scrub._CALLS[os.uname().machine] + 1, scrub._THIS_THREAD, who)

    before = ask(0)
    inside, done = threading.Event(), threading.Event()
    seen: list[int] = []

    def work() -> None:
        with scrub.idle():
            seen.append(ask(0))
            inside.set()
            done.wait(10)
        seen.append(ask(0))

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(10)
    others = ask(0)
    done.set()
    thread.join()
    assert seen[0] >> scrub._SHIFT == scrub._IDLE
    assert others == before and seen[1] >> scrub._SHIFT != scrub._IDLE


async def test_large_file_is_read_in_parts_and_stops_between_two(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    data = bytes(scrub._CHUNK) + b"the rest"
    await put(data)
    await _all_due()
    assert await scrub.scrub() == 1
    await clean()
    stop = threading.Event()
    stop.set()
    with pytest.raises(scrub._Stopped):
        scrub._hash(path(data), stop)


def test_processor_without_io_priorities_reads_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrub, "_CALLS", {})
    number = {"x86_64": 251, "aarch64": 30}[os.uname().machine] + 1
    before = LIBC.syscall(number, scrub._THIS_THREAD, 0)
    with scrub.idle():
        assert LIBC.syscall(number, scrub._THIS_THREAD, 0) == before
