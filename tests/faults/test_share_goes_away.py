"""P7, the whole program: the share goes away in every way, at any moment, and nothing is lost by it.

Its waiting times are short; a deep run takes those of real installations.
"""

import os
import time
from pathlib import Path

import asyncpg
import httpx
import pytest

from mediafetcher.db import embedded
from tests import deep
from tests.faults import share
from tests.faults.program import ENDED, Program, until

ROUNDS = deep.count(7, 3)
WAITS = {} if deep.deep(7) else {"mount_check_seconds": 0.3, "mount_timeout_seconds": 1.0}
STATES = {"read-only": ("read_only", "media_read_only")}
PAUSED, RESUMED = 15.0, 60.0  # seconds

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a share"),
    pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="there is no FUSE here"),
    pytest.mark.timeout(1800),
    pytest.mark.promise(7),
]


@pytest.fixture
def nas(folder: Path):
    with share.mounted(folder) as mounted:
        yield mounted


async def _rows(server: Program) -> dict[str, list]:
    """Read the library from the database."""
    connection = await asyncpg.connect(embedded.Cluster(server.state).dsn)
    try:
        return {
            "files": [tuple(row) for row in await connection.fetch("select * from media_file order by id")],
            "items": [tuple(row) for row in await connection.fetch("select * from library_item order by id")],
            "sources": [tuple(row) for row in await connection.fetch("select * from source order by id")],
        }
    finally:
        await connection.close()


def _media(server: Program, item: int) -> httpx.Response:
    head = {"Authorization": f"Bearer {server._token}"}
    return httpx.get(f"{server.url}/media/{item}", headers=head, timeout=30)


def _quick(server: Program) -> None:
    """The server itself is not held up."""
    began = time.monotonic()
    assert server.ask("GET", "/health").status_code == 200
    assert time.monotonic() - began < 2, "the share holds the server up"


async def test_the_share_goes_away_and_comes_back(nas, program, films_site):
    chance = deep.chance()
    server = program(media=nas.point, **WAITS).start()
    films = films_site(1 + ROUNDS * len(share.FAULTS))
    server.submit(films.pop())
    server.all_ended(60)
    (first,) = server.items()
    whole = _media(server, first["id"]).content
    rounds = [(fault, number) for fault in share.FAULTS for number in range(ROUNDS)]
    chance.shuffle(rounds)
    paused: dict[str, float] = dict.fromkeys(share.FAULTS, 0.0)
    resumed = dict(paused)
    for fault, number in rounds:
        state, code = STATES.get(fault, ("offline", "media_offline"))
        id = server.submit(films.pop())
        time.sleep(chance.uniform(0.0, 0.8))
        began = time.monotonic()
        nas.begin(fault)
        system = until(lambda state=state: _when(server, state), PAUSED, "it pauses")
        paused[fault] = max(paused[fault], time.monotonic() - began)
        assert system["mount"]["reason"] and system["queue"]["paused"] == code
        before = await _rows(server)
        _quick(server)
        played = _media(server, first["id"])
        if fault in ("read-only", "sentinel gone"):
            assert played.content == whole
        else:
            assert (played.status_code, played.json()["code"]) == (503, "media_offline")
        if number == 0:
            checked = server.command("check")
            if fault == "read-only":  # what was being written cannot be removed now, and that is said
                found = [
                    line for line in checked.stdout.splitlines() if line[:1].strip() and "No problems found" not in line
                ]
                assert all(line.startswith("leftover: ") for line in found), checked.stdout + checked.stderr
            else:
                assert checked.returncode == 1, checked.stdout + checked.stderr
        _quick(server)
        assert await _rows(server) == before
        if fault == "unmounted":
            assert nas.bare() == []
        began = time.monotonic()
        nas.end(fault)
        until(lambda: _when(server, "online"), RESUMED, "it resumes")
        resumed[fault] = max(resumed[fault], time.monotonic() - began)
        row = until(lambda id=id: _ended(server, id), 60, f"it goes on after: {fault}")
        assert row["state"] == "done", f"{fault}: {row}\n{server.log.read_text()[-4000:]}"
        assert server.download(id)["attempt"] == 1, fault
        assert (await _rows(server))["items"][: len(before["items"])] == before["items"]
    rows = await _rows(server)
    assert len(rows["items"]) == len(rows["files"]) == 1 + len(rounds)
    left = nas.kept / "incoming"
    try:
        until(lambda: not list(left.iterdir()), 70, "nothing half stored is left")
    except AssertionError:
        raise AssertionError(f"half stored: {[path.name for path in left.iterdir()]}") from None
    server.assert_clean()
    server.stop()
    nas.begin("unmounted")
    assert nas.bare() == []
    print({fault: (round(paused[fault], 1), round(resumed[fault], 1)) for fault in share.FAULTS})


def _ended(server: Program, id: int) -> dict:
    row = server.download(id)
    return row if row["state"] in ENDED else {}


def _when(server: Program, state: str) -> dict:
    system = server.ask("GET", "/system").json()
    return system if system["mount"]["state"] == state else {}


@pytest.mark.parametrize("fault", ["unmounted", "hangs"])
def test_a_start_without_the_share(fault, nas, program, films_site):
    server = program(media=nas.point, **WAITS).start()
    server.stop()
    nas.begin(fault)
    began = time.monotonic()
    server.start()
    assert time.monotonic() - began < 20
    system = server.ask("GET", "/system").json()
    assert system["mount"]["state"] == "offline" and str(nas.point) in system["mount"]["reason"]
    (url,) = films_site(1)
    id = server.submit(url)  # users may still submit links
    _quick(server)
    assert server.download(id)["state"] == "queued"
    nas.end(fault)
    until(lambda: server.download(id)["state"] == "done", 60, "it recovers")
    server.assert_clean()


def test_a_very_first_start_on_a_share_that_hangs(nas, program):
    nas.begin("hangs")
    said = program(media=nas.point, **WAITS).command("check")
    assert said.returncode == 1 and "media_offline" in said.stderr and "Traceback" not in said.stderr


def test_a_stop_while_the_share_hangs(nas, program, films_site):
    """In the middle of storing, with users waiting for media: it stops, and later everything is whole."""
    server = program(media=nas.point, **WAITS).start()
    first, second = films_site(2)
    server.submit(first)
    server.all_ended(60)
    (item,) = server.items()
    id = server.submit(second)
    nas.begin("hangs")
    assert _media(server, item["id"]).status_code == 503
    until(lambda: server.download(id)["stage"] in ("store", None), 60, "it stores, or waits")
    assert server.stop() <= 30
    nas.end("hangs")
    server.start()
    server.all_ended(60)
    assert server.download(id)["state"] == "done" and len(server.items()) == 2
    server.assert_clean()
