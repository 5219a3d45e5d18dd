"""P15: the database may restart under twenty downloads; every client is told to try again, and nothing is lost."""

import os
import signal
import time

import httpx
import pytest

from tests import deep
from tests.faults.program import Program, until

WAYS = ("immediate", "kill -9", "socket removed")
READY = 10.0  # seconds
WAIT = 8.0  # seconds for one answer

pytestmark = [pytest.mark.promise(15), pytest.mark.timeout(3600)]


def _postmaster(server: Program) -> int:
    (file,) = (server.state / "postgres").glob("*/postmaster.pid")
    return int(file.read_text().split("\n", 1)[0])


def _harm(server: Program, way: str) -> None:
    match way:
        case "immediate":
            os.kill(_postmaster(server), signal.SIGQUIT)
        case "kill -9":
            os.kill(_postmaster(server), signal.SIGKILL)
        case _:
            next((server.state / "run").glob(".s.PGSQL.*")).unlink()


def _try(server: Program, path: str) -> httpx.Response:
    began = time.monotonic()
    answer = server.ask("GET", path)
    assert time.monotonic() - began < WAIT, "the answer took long"
    assert answer.status_code in (200, 503), f"{answer.text}\n{server.log.read_text()[-5000:]}"
    if answer.status_code == 503:
        assert answer.json()["code"] == "database_away" and int(answer.headers["retry-after"]) > 0
    return answer


def test_the_database_restarts_under_twenty_downloads(program, films_site):
    chance = deep.chance("database")
    server = program().start()
    rounds = deep.count(15, 3)
    paths = ("/health", "/downloads", "/items", "/system")
    slowest, refused = 0.0, 0
    for number in range(rounds):
        way = WAYS[number % len(WAYS)]
        asked = [server.submit(url) for url in films_site(20, slow=True, first=20 * number)]
        until(lambda: any(row["state"] == "running" for row in server.downloads()), 30, "they run")
        time.sleep(chance.uniform(0.0, 1.5))
        before = _postmaster(server)
        _harm(server, way)
        began = time.monotonic()
        while not (_changed(server, before) and all(_try(server, path).status_code == 200 for path in paths)):
            assert time.monotonic() - began < READY, f"{way}: not ready within {READY} s"
            refused += _try(server, chance.choice(paths)).status_code == 503
        slowest = max(slowest, time.monotonic() - began)
        try:
            until(lambda asked=asked: _done(server) >= set(asked), 120, f"{way}: all done")
        except AssertionError as error:
            left = [row for row in server.downloads() if row["state"] != "done"]
            raise AssertionError(f"{error}: {left}\n{server.log.read_text()[-6000:]}") from error
    rows = server.downloads()
    assert {row["state"] for row in rows} == {"done"}
    items = server.ask("GET", "/items?limit=200").json()["items"]
    assert len({row["item"] for row in rows}) == len(rows)
    assert {item["media"]["ref_count"] for item in items} == {1}
    assert refused > 0
    server.assert_clean()
    assert server.stop() < 30
    print(f"ready again within {slowest:.1f} s, {refused} times refused with 503")


def _changed(server: Program, before: int) -> bool:
    """Whether another PostgreSQL runs than before."""
    try:
        return _postmaster(server) != before
    except (ValueError, FileNotFoundError, OSError):
        return False


def _done(server: Program) -> set[int]:
    return {row["id"] for row in server.downloads() if row["state"] == "done"}
