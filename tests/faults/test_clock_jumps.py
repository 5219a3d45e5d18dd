"""P16: the clocks of the machine jump, the program's and its database's, as libfaketime makes them.

Nothing goes for its age while they are in doubt, downloads are resumed at once, and each is done once.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mediafetcher.db import embedded
from tests import deep
from tests.faults.program import NAME, PASSWORD, Program, until
from tests.postgres import as_user

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
HOUR, DAY, YEAR = 3600, 86_400, 31_557_600
JUMPS = (HOUR + 120, -HOUR - 120, DAY, -DAY, 10 * YEAR, -YEAR)
AGE = {"trash_days": 0.03, "grace_hours": 0.7}  # 43 and 42 minutes: each jump ahead passes over them

pytestmark = [
    pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed"),
    pytest.mark.promise(16),
    pytest.mark.timeout(3600),
]


class Clock:
    """The time of every process that was started with `environment`: off by `jump` seconds."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.jump(0)
        self.environment = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",  # else each process would jump at another moment
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def jump(self, seconds: int) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.chmod(0o644)
        fresh.replace(self._file)


@contextlib.contextmanager
def _database(server: Program, clock: Clock) -> Iterator[str]:
    """The database of this program, run by us with that clock. Returns: its DSN."""
    home = embedded.Cluster(server.state)
    owner = os.stat(home.data)
    user = as_user(None if os.geteuid() == owner.st_uid else owner.st_uid)
    faked = ["env", *(f"{name}={value}" for name, value in clock.environment.items())]  # the first to fake it owns it
    options = ["-D", str(home.data), "-k", str(home.socket), "-c", "listen_addresses=", "-c", f"hba_file={home.rules}"]
    program = [*user, *faked, str(embedded.programs() / "postgres"), *options]
    with (server.state / "logs" / "clock.log").open("a") as log:
        process = subprocess.Popen(program, env={"TZ": "UTC", "PATH": os.defpath}, cwd=home.data, stderr=log)
    try:
        until((home.socket / ".s.PGSQL.5432").exists, 90, "the database runs")
        yield home.dsn
    finally:
        process.send_signal(signal.SIGINT)  # without waiting for those who are connected
        process.wait(30)


def _held(server: Program) -> int:
    return server.log.read_text().count("the clock is doubted")


def _settled(server: Program) -> int:
    return server.log.read_text().count("stamps of a wrong clock corrected")


def _rounds(server: Program, count: int) -> None:
    """Wait until housekeeping was done this many times more."""
    before = server.log.read_text().count("housekeeping done")
    until(lambda: server.log.read_text().count("housekeeping done") >= before + count, 90, "housekeeping is done")


def test_clocks_jump_and_nothing_goes_for_its_age(program, folder, films_site):
    chance = deep.chance("clock")
    count = deep.count(16, 6)
    jumps = [JUMPS[number % len(JUMPS)] for number in range(count)]
    chance.shuffle(jumps)
    first = program(**AGE).start()
    port, token = first.port, first._token
    first.stop()
    clock = Clock(folder)
    with _database(first, clock) as dsn:
        server = program(**AGE, database_url=dsn, housekeeping_seconds=0.3, log_level="debug", port=port)
        server.port, server.url, server._token = port, f"http://127.0.0.1:{port}", token
        server.environment |= clock.environment
        server.start()
        trashed, forgotten, *urls = films_site(2 + len(jumps), slow=True)
        for url in (trashed, forgotten):
            server.submit(url)
        server.all_ended(60)
        one, two = server.items()
        assert server.ask("DELETE", f"/items/{one['id']}").status_code == 200
        assert server.ask("DELETE", f"/items/{two['id']}").status_code == 200
        assert server.ask("DELETE", "/trash", {"items": [two["id"]]}).json() == {"purged": 1}
        files = sorted((server.state / "media/store").rglob("*.mp4"))
        assert len(files) == 2
        for jump, url in zip(jumps, urls, strict=True):
            held, settled = _held(server), _settled(server)
            id = server.submit(url)
            time.sleep(chance.uniform(0.0, 1.0))
            clock.jump(jump)
            until(lambda held=held: _held(server) > held, 90, f"the jump of {jump} s is seen")
            _rounds(server, 3)
            assert [path for path in files if not path.exists()] == [], f"gone by a jump of {jump} s"
            assert [item["id"] for item in server.ask("GET", "/trash").json()["items"]] == [one["id"]]
            try:
                until(lambda id=id: server.download(id)["state"] == "done", 60, "done")
            except AssertionError as error:
                said = f"not done after a jump of {jump} s: {server.download(id)}\n{server.log.read_text()[-6000:]}"
                raise AssertionError(said) from error
            clock.jump(0)
            until(lambda held=held: server.log.read_text().count("is right again") > held, 90, "it is right again")
            # Only then does the doubt end for the next start too: a program that ends before that still doubts.
            until(lambda settled=settled: _settled(server) > settled, 90, "the stamps are corrected")
        # Off at a stop, and years ahead at the next start.
        assert server.stop() < 60
        held = _held(server)
        clock.jump(10 * YEAR)
        server.start()
        until(lambda: _held(server) > held, 90, "it is seen at the start")
        _rounds(server, 2)
        assert all(path.exists() for path in files)
        clock.jump(0)
        rows, items = server.downloads(), server.items()
        assert {row["state"] for row in rows} == {"done"} and len(rows) == 2 + len(jumps)
        assert len(items) == len(jumps) and {item["media"]["ref_count"] for item in items} == {1}
        server.stop()


def _sign_in(server: Program, password: str) -> int:
    head = {"Origin": server.url}
    return httpx.post(f"{server.url}/api/session", json={"name": NAME, "password": password}, headers=head).status_code


def test_times_of_a_wrong_clock_are_not_believed_later(program, folder, films_site):
    first = program(**AGE).start()
    port, token = first.port, first._token
    first.stop()
    clock = Clock(folder)
    with _database(first, clock) as dsn:
        server = program(**AGE, database_url=dsn, housekeeping_seconds=0.3, log_level="debug", port=port)
        server.port, server.url, server._token = port, f"http://127.0.0.1:{port}", token
        server.environment |= clock.environment
        server.start()
        for url in films_site(2):
            server.submit(url)
        server.all_ended(60)
        one, two = server.items()
        for jump in (-YEAR, DAY):
            held = _held(server)
            clock.jump(jump)
            until(lambda held=held: _held(server) > held, 90, f"the jump of {jump} s is seen")
            if jump < 0:
                assert server.ask("DELETE", f"/items/{one['id']}").status_code == 200
                assert server.ask("DELETE", f"/items/{two['id']}").status_code == 200
                assert server.ask("DELETE", "/trash", {"items": [two["id"]]}).json() == {"purged": 1}
            else:
                assert [_sign_in(server, "a wrong password") for _ in range(8)] == [401] * 8
            right = server.log.read_text().count("is right again")
            clock.jump(0)
            until(lambda right=right: server.log.read_text().count("is right again") > right, 90, "it is right again")
            _rounds(server, 3)
            assert len(list((server.state / "media/store").rglob("*.mp4"))) == 2
            assert [item["id"] for item in server.ask("GET", "/trash").json()["items"]] == [one["id"]]
        assert _sign_in(server, PASSWORD) in (200, 201)
        server.stop()
