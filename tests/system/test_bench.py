"""Parts of `scripts/bench` that could report wrong figures: the APIs of other downloaders' servers, and the report."""

import http.server
import json
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts" / "lib"))
import bench_peers
import report
from figures import Figure

LINKS = [f"http://films.example/{number}.mp4" for number in range(3)]


class _Downloader(http.server.BaseHTTPRequestHandler):
    """Speaks both APIs; a link ends at the second look at it, three links fill two pages."""

    looks = 0
    taken: list[str] = []
    broken = ""

    def do_POST(self) -> None:
        wish = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path in ("/add", "/api/history")
        type(self).taken.append(wish["url"])
        self._say({"status": "ok"})

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        type(self).looks += 1
        done = [
            {"url": link, "status": "error" if link == self.broken else "finished"}
            for link in (self.taken if self.looks > 1 else [])
        ]
        if where.path == "/history":
            self._say({"queue": [], "pending": [], "done": done})
        else:
            asked = {name: value[0] for name, value in parse_qs(where.query).items()}
            assert (where.path, asked["type"]) == ("/api/history", "done")
            page = int(asked["page"])
            self._say({"pagination": {"has_next": 2 * page < len(done)}, "items": done[2 * page - 2 : 2 * page]})

    def _say(self, said: object) -> None:
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def downloader():
    kind = type("_One", (_Downloader,), {"taken": [], "looks": 0})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield kind, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", bench_peers.APIS)
def test_another_downloader_is_waited_for_until_it_has_all_of_them(downloader, name):
    kind, url = downloader
    began = time.monotonic()
    seconds, spent = bench_peers.Peer(f"{name}={url}").fetch(LINKS)
    assert kind.taken == LINKS and 0 < seconds <= time.monotonic() - began
    assert spent >= 0  # it runs on this machine, so its processes were found by its port


@pytest.mark.parametrize("name", bench_peers.APIS)
def test_one_that_failed_is_no_figure(downloader, name):
    kind, url = downloader
    kind.broken = LINKS[1]
    with pytest.raises(RuntimeError, match=LINKS[1]):
        bench_peers.Peer(f"{name}={url}").fetch(LINKS)


@pytest.mark.parametrize("given", ["metube", "metube=127.0.0.1:1", "unknown=http://127.0.0.1:1"])
def test_unknown_peer_is_refused(given):
    with pytest.raises(ValueError, match=r"NAME=URL"):
        bench_peers.Peer(given)


@pytest.mark.parametrize(
    ("value", "goal", "times"),
    [
        ("0.5 s", "< 2 s", 4),
        ("0.28 of 7.90 s", "<= 1", 1 / 0.28),
        ("1,000 /s", ">= 500 /s", 2),
        ("1/10", "<= 1/5", 2),
        ("99 / 100 / 100", ">= 95 / 100 / 100", 99 / 95),
        ("0 MB", "< 40 MB", 100),
        ("exact", "exact", None),
        ("0", "0", None),
    ],
)
def test_how_far_a_figure_is_from_its_goal(value, goal, times):
    found = report.beyond(Figure("", value, goal, True))
    assert found == (times if times is None else pytest.approx(times))


def test_the_report_names_what_is_not_met_and_the_picture_shows_every_goal():
    rows = {
        "burst": [Figure("links", "600 /s", ">= 500 /s", True), Figure("· the slowest", "400 /s", "", True)],
        "serving": [Figure("seeks", "900 /s", "", True), Figure("· beside <nginx>", "0.5 x", ">= 1 x", False)],
    }
    said = "\n".join(report._summary(rows))
    assert "1 of 2 goals are met" in said and "seeks, beside <nginx>: 0.5 x (goal >= 1 x)" in said
    words = [part.text or "" for part in ElementTree.fromstring(report.draw(rows)).iter()]
    assert any("600 /s, goal >= 500 /s" in word for word in words)
    assert any("0.5 x, goal >= 1 x: not met" in word for word in words)


def test_the_page_has_the_place_for_the_figures():
    assert report.PAGE.read_text().count(report._BEGIN) == report.PAGE.read_text().count(report._END) == 1
