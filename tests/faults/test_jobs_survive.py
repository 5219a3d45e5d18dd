"""Every download is done, once, whatever is killed or stopped meanwhile (P1, P10, P11, P12, P13)."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads.worker import wakeup
from tests import deep
from tests.faults.program import ENDED, REPOSITORY, alive, until

KILLS, CANCELS = deep.count(1, 5), deep.count(13, 6)


@pytest.fixture
def chance():
    return deep.chance()


def _whole(program, urls: list[str]) -> None:
    """Every wish is done, once, and the library holds exactly its files."""
    rows = program.downloads()
    assert sorted(row["url"] for row in rows) == sorted(urls)
    assert {row["state"] for row in rows} == {"done"}, rows
    items = program.items()
    assert sorted(item["id"] for item in items) == sorted(row["item"] for row in rows)
    assert len({item["media"]["sha256"] for item in items}) == len(urls)
    assert {item["media"]["ref_count"] for item in items} == {1}
    program.assert_clean()


@pytest.mark.promise(1)
@pytest.mark.timeout(3600)
def test_kill_9_of_everything_loses_and_doubles_nothing(program, films_site, chance):
    urls = films_site(24, slow=True)
    server = program().start()
    asked: list[str] = []
    left = list(urls)
    for kill in range(KILLS):
        for _ in range(min(len(left), 3)):
            url = left.pop()
            server.submit(url)  # answered: from here on it may not be forgotten
            asked.append(url)
        time.sleep(chance.uniform(0.0, 2.0))
        server.kill()
        server.start()
        assert len(server.downloads()) == len(asked), f"kill {kill}"
    for url in left:
        server.submit(url)
    _retry_parked(server, 180)
    server.all_ended(180)
    _whole(server, urls)
    assert server.stop() < 30


def _retry_parked(server, seconds: float) -> None:
    """Retry what so many kills in a row made suspect: it is parked with a reason, and not forgotten."""

    def settled() -> bool:
        rows = server.downloads()
        for row in rows:
            if row["state"] == "needs_action" and row["error"]["code"] == "kills_server":
                server.ask("POST", f"/downloads/{row['id']}/retry")
        return all(row["state"] in ENDED for row in rows)

    until(settled, seconds, "all downloads ended")


@pytest.mark.promise(10)
@pytest.mark.timeout(1200)
async def test_no_job_is_done_twice(database, state, folder):
    """Two processes of eight slots, each wake-up sent three times: each download gets one item at its first attempt."""
    count = deep.count(10, 800)
    media = settings.get().media
    await engine.execute("insert into account (name) values ('ada'), ('bob')")
    await engine.execute(
        "insert into media_file (sha256, size, kind, ext)"
        " select sha256(n::text::bytea), 1, 'video/mp4', '.mp4' from generate_series(1, $1::int) n",
        count,
    )
    await engine.execute("insert into library_item (owner, media_file, title) select 2, id, 'Held' from media_file")
    await engine.execute("insert into source (key, url, media_file) select id::text, 'u', id from media_file")
    await engine.execute(
        "insert into download (owner, url, site, source_key)"
        " select 1, 'https://films.example/' || id, 'films.example', id::text from media_file"
    )
    await wakeup.wake_workers(3 * count)
    machines = []
    for number in range(2):
        here = folder / f"machine{number}"
        (here / "work").mkdir(parents=True)
        machines.append(
            await asyncio.create_subprocess_exec(
                *(sys.executable, str(Path(__file__).with_name("claimer.py")), database, str(here), str(media), "8"),
                cwd=REPOSITORY,
                env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        )
    try:
        for machine in machines:
            assert await machine.stdout.readline() == b"ready\n"
        for machine in machines:
            machine.stdin.write(b"go\n")
        for machine in machines:
            assert await machine.stdout.readline() == b"done\n"
            assert await machine.wait() == 0
    finally:
        for machine in machines:
            if machine.returncode is None:
                machine.kill()
                await machine.wait()
    rows = await engine.fetch("select state, attempt, failures, item from download")
    assert {(row["state"], row["attempt"], row["failures"]) for row in rows} == {("done", 1, 0)}
    assert len({row["item"] for row in rows}) == count
    assert await engine.fetchval("select count(*) from library_item where owner = 1") == count
    assert await engine.fetchval("select count(*) from media_file where ref_count <> 2") == 0


@pytest.mark.promise(11)
@pytest.mark.timeout(1800)
def test_after_a_kill_work_goes_on_by_itself(program, films_site):
    server = program(lease_seconds=60).start()
    urls = films_site(deep.count(11, 3), slow=True)
    for url in urls:
        id = server.submit(url)
        server.reach(id, "download")
        server.kill()
        server.start()
        until(lambda id=id: server.download(id)["state"] in ("queued", "running", "done"), 5, "queued again")
    server.all_ended(60)
    _whole(server, urls)


@pytest.mark.promise(11)
@pytest.mark.timeout(120)
def test_a_child_that_hangs_is_ended(program, films_site):
    """Stopped (so that it ignores SIGTERM too), it is silent, then killed, and the job is tried again."""
    server = program(stall_seconds=2).start()
    (url,) = films_site(1, slow=True)
    id = server.submit(url)
    server.reach(id, "download")
    hung = server.at_work(id)
    assert hung
    for pid in hung:
        os.kill(pid, signal.SIGSTOP)
    until(lambda: not any(alive(pid) for pid in hung), 40, "the hanging child is gone")
    server.all_ended(60)
    _whole(server, [url])


@pytest.mark.promise(12)
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("stage", ["extract", "download", "convert", "store"] * max(1, deep.count(12, 4) // 4))
def test_stop_is_quick_and_costs_no_attempt(program, films_site, stage):
    server = program().start()
    url = films_site.slow_in(stage)
    id = server.submit(url)
    server.reach(id, stage)
    assert server.stop() <= 30
    server.start()
    if stage == "extract":  # it would hang for ever
        until(lambda: server.download(id)["state"] == "running", 20, "it goes on")
        assert server.download(id)["attempt"] == 1
        server.ask("POST", f"/downloads/{id}/cancel")
        server.all_ended(20)
        server.assert_clean()
        return
    (row,) = server.all_ended(200)
    assert (row["state"], row["attempt"]) == ("done", 1)
    _whole(server, [url])


@pytest.mark.promise(13)
@pytest.mark.timeout(3600)
def test_cancel_means_stopped(program, films_site, chance):
    server = program().start()
    cold, warm, *urls = films_site(CANCELS + 2, slow=True)
    for url in (cold, warm):
        began = time.monotonic()
        server.submit(url)
        server.all_ended(60)
        whole = time.monotonic() - began  # how long one takes here and now: the moments lie within it
    cancelled = 0
    for url in urls:
        id = server.submit(url)
        time.sleep(chance.uniform(0.0, 0.9 * whole))
        answer = server.ask("POST", f"/downloads/{id}/cancel")
        if answer.status_code == 409:
            row = server.download(id)
            assert row["state"] == "done", f"{row}\n{server.log.read_text()[-3000:]}"
            continue
        until(lambda id=id: server.download(id)["state"] == "cancelled", 10, "cancelled")
        until(lambda id=id: not server.at_work(id), 10, "its group is gone")
        until(lambda id=id: str(id) not in server.work(), 60, "its folder is gone")
        cancelled += 1
    assert cancelled >= CANCELS // 4
    assert len(server.items()) == 2 + CANCELS - cancelled
    server.assert_clean()


@pytest.mark.timeout(120)
def test_two_links_with_the_same_name_and_other_bytes_are_two_files(program, films_site):
    server = program().start()
    urls = films_site.same_name()
    for url in urls:
        server.submit(url)
    server.all_ended(60)
    _whole(server, urls)


@pytest.mark.timeout(120)
def test_the_same_link_and_another_link_with_the_same_bytes(program, films_site):
    server = program().start()
    first, second = films_site.same_bytes()
    id = server.submit(first)
    server.all_ended(60)
    asked = films_site.requests()
    again = server.ask("POST", "/downloads", {"url": first}).json()
    assert (again["state"], again["item"]) == ("done", server.download(id)["item"])
    assert films_site.requests() == asked  # answered without a download
    server.submit(second)
    server.all_ended(60)
    items = server.items()
    assert len(items) == 2 and len({item["media"]["sha256"] for item in items}) == 1
    stored = list((server.state / "media" / "store").rglob("*.mp4"))
    assert len(stored) == 1
    assert server.command("rm", str(items[0]["id"])).returncode == 0
    assert stored[0].exists()
    assert server.command("rm", str(items[1]["id"])).returncode == 0
    until(lambda: not stored[0].exists(), 30, "the file goes with its last holder")
    server.assert_clean()


@pytest.mark.promise(12)
@pytest.mark.timeout(300)
def test_stop_is_quick_while_others_are_on_the_control_socket(program, films_site):
    """A command that follows a download without end, and a client that says nothing."""
    server = program().start()
    follower = subprocess.Popen(
        [sys.executable, "-m", "mediafetcher", "get", films_site.slow_in("extract")],
        cwd=REPOSITORY,
        env=server.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: [row for row in server.downloads() if row["state"] == "running"], 60, "it is in work")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(server.state / "control.sock"))
        assert server.stop() < 30
    assert follower.wait(20) == 1


@pytest.mark.promise(24)
@pytest.mark.timeout(600)
def test_download_that_kills_the_program_is_parked_and_others_are_done(program, films_site):
    """Its file ends the whole process, as a fault in a library does."""
    poison = (
        "import os, signal; from mediafetcher.media import probe; real = probe.probe;"
        " probe.probe = lambda path, *more: os.kill(os.getpid(), signal.SIGKILL)"
        " if b'poison' in path.read_bytes() else real(path, *more)"
    )
    good, bad = films_site(2)
    name = bad.rpartition("/")[2]
    (films_site.site.root / name).write_bytes((films_site.site.root / name).read_bytes() + b"poison")
    server = program(max_downloads=2).start(poison)
    bad_id, good_id = server.submit(bad), server.submit(good)
    for _ in range(6):
        until(lambda: server.process.poll() is not None or _parked(server, bad_id), 120, "it died, or gave up")
        if server.process.poll() is None:
            break
        server.kill()
        server.start(poison)
    row = server.download(bad_id)
    assert (row["state"], row["error"]["code"]) == ("needs_action", "kills_server")
    assert row["attempt"] <= 4
    until(lambda: server.download(good_id)["state"] == "done", 60, "the other is done")
    server.stop()


def _parked(server, id: int) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return server.download(id)["state"] == "needs_action"
    return False
