"""P25: something between us and the database forgets our connections. Nothing waits for ever."""

import threading
import time

import httpx
import pytest

from tests.conftest import cloned
from tests.faults.program import until
from tests.faults.relay import Relay


def _events(server, heard: list[str]) -> None:
    """Read the event stream until it ends."""
    head = {"Authorization": f"Bearer {server._token}"}
    try:
        with httpx.stream("GET", f"{server.url}/api/events", headers=head, timeout=120) as stream:
            heard.extend(line for line in stream.iter_lines() if line.startswith("event:"))
    except httpx.HTTPError:
        pass


@pytest.mark.promise(25)
@pytest.mark.timeout(300)
async def test_forgotten_connections_are_replaced_and_downloads_go_on(server, program, films_site):
    async with cloned(server) as dsn:
        with Relay(dsn) as relay:
            running = program(database_url=relay.dsn).start()
            first, second = films_site(2)
            id = running.submit(first)
            until(lambda: running.download(id)["state"] == "done", 60, "the first is done")
            relay.forget()
            began = time.monotonic()

            def submitted() -> int | None:
                answer = running.ask("POST", "/downloads", {"url": second, "folder": None})
                return answer.json()["id"] if answer.status_code == 201 else None

            id = until(lambda: _tried(submitted), 60, "a link is taken again")
            until(lambda: _tried(lambda: running.download(id)["state"] == "done"), 60, "the second is done")
            print("seconds until it worked again:", round(time.monotonic() - began, 1))
            lines = running.log.read_text().splitlines()
            assert sum("Traceback" in line or " trace=" in line for line in lines) == 0
            running.stop()


@pytest.mark.promise(25)
@pytest.mark.timeout(300)
async def test_sigterm_ends_the_server_when_the_database_says_nothing_more(server, program, films_site):
    async with cloned(server) as dsn:
        with Relay(dsn) as relay:
            running = program(database_url=relay.dsn).start()
            heard: list[str] = []
            threading.Thread(target=_events, args=(running, heard), daemon=True).start()
            (film,) = films_site(1)
            running.submit(film)
            relay.go_silent()
            time.sleep(3)
            assert running.stop() < 50


def _tried(ask):
    try:
        return ask()
    except (httpx.HTTPError, KeyError):
        return None
