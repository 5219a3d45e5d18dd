"""P21, the whole program: bombs and broken media end by a limit, and the server answers as before."""

import time

import pytest

from tests import deep
from tests.faults.program import ENDED, until

BOMBS = ("/endless/4000/x.mp4", "/gzipbomb", "/endless-page", "/evil/endless.m3u8")
SLOWER = 0.5  # seconds that the slowest answers may take on a busy machine, or five times what they took before

pytestmark = [pytest.mark.promise(21), pytest.mark.timeout(3600)]


def _answers(server, busy) -> float:
    """p95 of /api/health while `busy()`, at least 40 times; in seconds."""
    took = []
    while len(took) < 40 or busy():
        began = time.monotonic()
        assert server.ask("GET", "/health").status_code == 200
        took.append(time.monotonic() - began)
    return sorted(took)[int(0.95 * len(took))]


def test_hostile_pages_hurt_only_their_own_download(program, films_site):
    chance = deep.chance("hostile")
    server = program(max_file_size="64M", max_attempts=1, stall_seconds=20).start()
    before = _answers(server, lambda: False)
    asked = []
    for number in range(deep.count(21, 10)):
        url = films_site.url(BOMBS[number]) if number < len(BOMBS) else films_site.fuzzed(chance, number)
        asked.append(server.submit(url))
    (good,) = films_site(1)
    asked.append(server.submit(good))

    def busy() -> bool:
        return not all(server.download(id)["state"] in (*ENDED, "needs_action") for id in asked)

    during = _answers(server, busy)
    rows = [server.download(id) for id in asked]
    assert rows[-1]["state"] == "done", rows[-1]
    for row in rows[: len(BOMBS)]:
        assert row["state"] == "failed" and row["error"]["code"] != "internal", row
    for row in rows:
        assert row["state"] == "done" or row["error"]["code"] != "internal", row
    assert during < max(SLOWER, 5 * before), f"p95 {before:.3f} s before, {during:.3f} s meanwhile"
    until(lambda: not any(server.at_work(id) for id in asked), 20, "nothing of them runs")
    server.assert_clean()
    print(f"p95 {before * 1000:.0f} ms before, {during * 1000:.0f} ms meanwhile")
