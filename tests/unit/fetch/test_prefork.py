"""Warm children are fetch children like others: confined, ended for sure, and cold ones where that does not work."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.fetch import client, prefork
from mediafetcher.fetch.options import Options
from mediafetcher.sandbox import process
from tests.waiting import eventually


@pytest.fixture(autouse=True)
async def _open(state):
    await prefork.open()
    yield
    await prefork.close()


@pytest.fixture
def folder(state: Path) -> Path:
    return settings.get().work / "1"


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


async def gone(pid: int) -> None:
    await eventually(lambda: not Path(f"/proc/{pid}").exists(), seconds=5)


async def bring(site, folder: Path, path: str = "/media/ok.mp4"):
    async with client.Fetch(site.url(path), Options(), folder) as source:
        await source.info()
        return await source.download()


async def test_many_downloads_one_warm_program(site, folder):
    for number in range(3):
        result = await bring(site, folder.with_name(str(number)))
        assert result.size
    first = prefork._pool._program.pid
    assert (await bring(site, folder, "/page/video")).size
    assert prefork._pool._program.pid == first


async def test_at_the_same_time(site, folder):
    results = await asyncio.gather(
        *(bring(site, folder.with_name(str(number)), f"/slow/400/ok.mp4?{number}") for number in range(5))
    )
    assert len({result.file for result in results}) == 5
    assert prefork._pool.alive == 0


async def test_a_fork_is_confined_as_a_cold_child_is(site, folder):
    async with client.Fetch(site.url("/hang/30/canary-url"), Options(), folder, "canary-cookie") as source:
        pid = source._child.pid
        assert parent(pid) == prefork._pool._program.pid
        found = status(pid)
        account = process.service_account()
        assert found["Uid"].split() == [str(account.uid if account else os.getuid())] * 4
        assert found["NoNewPrivs"] == "1"
        assert os.getpgid(pid) == prefork._pool._program.pid
        for name in ("cmdline", "environ"):
            assert b"canary" not in Path(f"/proc/{pid}/{name}").read_bytes()


async def test_network_filter_is_installed_in_a_fork(site, folder):
    for path in ("/redirect?to=http://127.0.0.2:1/film.mp4", "/evil/private.m3u8"):
        with pytest.raises(errors.BlockedAddress):
            await bring(site, folder, path)
    with pytest.raises(errors.Hostile):
        await bring(site, folder, "/evil/file.m3u8")


async def test_leaving_kills_the_fork_and_not_the_program(site, folder):
    async with client.Fetch(site.url("/hang/30/x"), Options(), folder) as source:
        pid = source._child.pid
    await gone(pid)
    assert prefork._pool._program.returncode is None
    assert (await bring(site, folder)).size


async def test_a_fork_that_is_killed_is_said_so(site, folder):
    async with client.Fetch(site.url("/hang/30/x"), Options(), folder) as source:
        os.kill(source._child.pid, 9)
        with pytest.raises(errors.Crashed):
            await source.info()


async def test_the_forks_end_with_the_program_and_the_next_is_a_new_one(site, folder):
    async with client.Fetch(site.url("/hang/30/x"), Options(), folder) as source:
        os.kill(prefork._pool._program.pid, 9)
        with pytest.raises(errors.Crashed):
            await source.info()
    assert (await bring(site, folder)).size


async def test_cold_where_it_does_not_work(site, folder, monkeypatch):
    monkeypatch.setattr(prefork, "program", lambda: ["/bin/false"])
    assert (await bring(site, folder)).size


async def test_it_leaves_when_there_is_nothing_to_do(site, folder, monkeypatch):
    monkeypatch.setattr(prefork, "IDLE_SECONDS", 0.05)
    await bring(site, folder)
    await eventually(lambda: prefork._pool._program is None, seconds=5)
    assert (await bring(site, folder)).size


async def test_close_ends_everything(site, folder):
    await bring(site, folder)
    pid = prefork._pool._program.pid
    await prefork.close()
    await gone(pid)
    assert (await bring(site, folder)).size  # cold


async def test_cancelled_start_spoils_nothing_for_the_next(site, folder):
    """Whatever moment: the next fork is answered with its own number."""
    for tries in range(12):
        starting = asyncio.create_task(bring(site, folder.with_name(str(tries))))
        await asyncio.sleep(0.002 * tries)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
    assert (await bring(site, folder)).size
    assert prefork._pool.alive == 0


async def test_after_many_forks_a_fresh_program_takes_over_and_the_old_one_ends_with_its_last(
    site, folder, monkeypatch
):
    monkeypatch.setattr(prefork, "MOST_FORKS", 2)
    assert (await bring(site, folder)).size
    first = prefork._pool._program.pid
    async with client.Fetch(site.url("/media/ok.mp4"), Options(), folder) as source:
        assert (await bring(site, folder.with_name("2"))).size
        assert prefork._pool._program.pid != first
        await source.info()  # of the first program, and not disturbed
        assert (await source.download()).size
    await gone(first)
    assert prefork._pool.alive == 0


async def test_stalled_program_fails_no_fetch_and_the_next_starts_cold(site, folder, monkeypatch):
    """Stopped as if it swapped or hung: running children continue, and the next ones need not wait for it."""
    monkeypatch.setattr(prefork, "_ANSWER_SECONDS", 0.3)
    async with client.Fetch(site.url("/slow/60/ok.mp4"), Options(), folder) as at_work:
        await at_work.info()
        stalled = prefork._pool._program.pid
        os.kill(stalled, signal.SIGSTOP)
        newcomers = [bring(site, folder.with_name(str(number)), f"/media/ok.mp4?{number}") for number in (2, 3)]
        assert all(result.size for result in await asyncio.gather(*newcomers))
        assert (await at_work.download()).size
    await gone(stalled)
    assert prefork._pool.alive == 0


async def test_program_that_does_not_start_is_not_waited_for_by_each_newcomer(site, folder, monkeypatch):
    monkeypatch.setattr(prefork, "_START_SECONDS", 0.3)
    started = []
    monkeypatch.setattr(prefork, "program", lambda: started.append(1) or ["/bin/sleep", "60"])
    for number in (1, 2, 3):
        assert (await bring(site, folder.with_name(str(number)), f"/media/ok.mp4?{number}")).size
    assert len(started) == 1
