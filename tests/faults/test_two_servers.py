"""Two web servers on one PostgreSQL and one share: whichever answers, it is the same library."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import postgres
from tests.faults.program import NAME, PASSWORD, Program, until


@pytest.fixture
def pair(folder: Path) -> Iterator[tuple[Program, Program]]:
    with postgres.running("18") as database:
        made = []
        for name in ("one", "two"):
            (folder / name).mkdir(mode=0o711)
            media = made[0].state / "media" if made else folder / "one" / "state" / "media"
            server = Program(folder / name, "127.0.0.1", database_url=database.socket_dsn, media=media, max_downloads=1)
            server._token = made[0]._token if made else ""
            made.append(server.start())
        yield made[0], made[1]
        for server in made:
            server.end()


class Ear:
    """Collect what a page on this server is sent: the states of downloads, in order, by their number."""

    def __init__(self, server: Program) -> None:
        self.heard: list[tuple[int, str]] = []
        self._server = server
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        head = {"Authorization": f"Bearer {self._server._token}"}
        with httpx.stream("GET", f"{self._server.url}/api/events", headers=head, timeout=None) as answer:
            self.heard.append((0, "listening"))
            for line in answer.iter_lines():
                found = json.loads(line[5:]) if line.startswith("data:") else None
                if isinstance(found, dict) and "state" in found:
                    self.heard.append((found["id"], found["state"]))


@pytest.mark.timeout(300)
def test_either_server_answers_with_the_same_library(pair, films_site):
    one, two = pair
    with httpx.Client(headers={"origin": one.url}) as browser:  # signed in here, known there
        signed = browser.post(f"{one.url}/api/session", json={"name": NAME, "password": PASSWORD})
        assert signed.status_code in (200, 201), signed.text
        assert browser.get(f"{two.url}/api/session").status_code == 200
    ear = Ear(two)
    until(lambda: ear.heard, 10, "the page on the second server listens")
    first, second, third = films_site(3, slow=True)
    id = one.submit(first)
    assert two.submit(first) == id  # the same wish is the same download
    until(lambda: (id, "done") in ear.heard, 60, "a page on the second server hears of what the first one took")
    (item,) = two.items()
    for server in pair:
        head = {"Authorization": f"Bearer {server._token}"}
        film = httpx.get(f"{server.url}/media/{item['id']}", headers=head)
        assert (film.status_code, len(film.content)) == (200, item["media"]["size"])

    ids = [one.submit(second), one.submit(third)]  # one slot each: each of them has one
    until(lambda: one.work() and two.work(), 60, "both work")
    until(lambda: {two.download(id)["state"] for id in ids} == {"running"}, 30, "both run")
    one.kill()
    until(
        lambda: {two.download(id)["state"] for id in ids} == {"done"}, 90, "what died with one goes on with the other"
    )
    assert len(two.items()) == 3
    two.assert_clean()
    two.stop()
