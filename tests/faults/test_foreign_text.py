"""P21: text of other sites never stops the server, whatever it is and however often the server is started."""

import http.client
import time

import pytest

from tests import floods
from tests.faults.program import ENDED, until

pytestmark = [pytest.mark.promise(21), pytest.mark.timeout(600)]


def _percentile_99(server, busy) -> float:
    """p99 of /api/health while `busy()`, at least 100 times; in seconds."""
    took, asked_again = [], 0.0
    working = True
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    while len(took) < 100 or working:
        if time.monotonic() > asked_again:
            working, asked_again = busy(), time.monotonic() + 1
        began = time.monotonic()
        connection.request("GET", "/api/health")
        answer = connection.getresponse()
        answer.read()
        took.append(time.monotonic() - began)
        assert answer.status == 200
        time.sleep(0.01)
    connection.close()
    return sorted(took)[int(0.99 * len(took))]


def _submit_all(server, films_site) -> list[int]:
    ids = []
    for number, (name, text) in enumerate(floods.SUBTITLES.items()):
        (film,) = films_site(1, first=100 + number)
        root = films_site.site.root
        (root / name).write_text(text)
        (root / f"{name}.html").write_text(floods.SUBTITLES_PAGE.format(name=name, film=film.rpartition("/")[2]))
        wish = {"subtitles": ["en"], "start": 0.5, "end": 3.5}
        link = films_site.url(f"/media/{name}.html")
        answer = server.ask("POST", "/downloads", {"url": link, "options": wish})
        assert answer.status_code == 201, answer.text
        ids.append(answer.json()["id"])
    return ids


def test_foreign_subtitles_leave_the_server_free(program, films_site):
    server = program(max_attempts=1, encoder="software").start()
    before = _percentile_99(server, lambda: False)
    ids = _submit_all(server, films_site)

    def busy() -> bool:
        return not all(server.download(id)["state"] in (*ENDED, "needs_action") for id in ids)

    during = _percentile_99(server, busy)
    print(f"p99 of health: {before * 1000:.0f} ms before, {during * 1000:.0f} ms meanwhile")
    rows = [server.download(id) for id in ids]
    assert all(row["state"] == "done" for row in rows), rows
    # The fault was 41 s. How near p99 comes to 50 ms on an idle machine is measured by `scripts/bench`.
    assert during < max(0.25, 4 * before), f"p99 {before:.3f} s before, {during:.3f} s meanwhile"
    assert server.stop() < 10


def test_kill_during_the_parsing_hangs_no_later_start(program, films_site):
    server = program(encoder="software").start()
    ids = _submit_all(server, films_site)
    server.reach(ids[0], "download")
    server.kill()
    server.start()
    assert _percentile_99(server, lambda: False) < 1
    until(lambda: all(server.download(id)["state"] in ENDED for id in ids), 120, "all ended")
