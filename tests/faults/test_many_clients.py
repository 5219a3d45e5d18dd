"""P19, P20: a burst of links and many clients. Nothing is refused, lost or doubled.

How fast it is, `scripts/bench burst people` says.
"""

import asyncio
import itertools
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import deep
from tests.faults.program import TLS, Program

HANDS = 16
BROWSE, WATCH, SUBMIT = 200, 20, 10
MUCH = 64 << 20  # bytes that a crowd may make the server grow by, however long it stays


def _client(server: Program) -> httpx.AsyncClient:
    head = {"Authorization": f"Bearer {server._token}"}
    return httpx.AsyncClient(base_url=server.url, headers=head, timeout=120, trust_env=False, verify=TLS)


@pytest.fixture
def silence() -> Iterator[str]:
    """A site that never answers: who asks it keeps its slot."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.promise(19)
@pytest.mark.timeout(600)
async def test_a_burst_of_links_is_taken_whole(program, silence):
    count = deep.count(19, 500)
    server = program(max_downloads=1).start()
    numbers, taken = iter(range(count)), set()

    async def hand() -> None:
        async with _client(server) as client:
            for number in numbers:
                answer = await client.post("/api/downloads", json={"url": f"{silence}/film/{number}"})
                assert answer.status_code == 201, answer.text
                taken.add(answer.json()["id"])

    await asyncio.gather(*(hand() for _ in range(HANDS)))
    assert len(taken) == count
    listed, cursor = [], ""
    async with _client(server) as client:
        while cursor is not None:
            page = (await client.get(f"/api/downloads?limit=200{cursor and f'&cursor={cursor}'}")).json()
            listed += [row["id"] for row in page["downloads"]]
            cursor = page["next"]
    assert sorted(listed) == sorted(taken)


@pytest.mark.promise(20)
@pytest.mark.timeout(1200)
async def test_a_crowd_is_served(program, films_site, silence):
    seconds = deep.count(20, 8)
    (film,) = films_site(1)
    server = program(max_downloads=1).start()
    server.submit(film)
    server.all_ended(60)
    (item,) = server.items()
    whole = httpx.get(f"{server.url}/media/{item['id']}", headers={"Authorization": f"Bearer {server._token}"}).content
    end, answers, numbers = time.monotonic() + seconds, [0], itertools.count()

    async def one(pause: float, ask) -> None:
        await asyncio.sleep(random.random() * pause)
        async with _client(server) as client:
            while time.monotonic() < end:
                answer = await ask(client)
                assert answer.status_code < 400, (answer.url, answer.text[:200])
                answers[0] += 1
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))

    async def browse(client: httpx.AsyncClient) -> httpx.Response:
        return await client.get(
            random.choice(["/api/items?limit=50", "/api/downloads", "/api/folders", "/api/items?q=fox"])
        )

    async def watch(client: httpx.AsyncClient) -> httpx.Response:
        start = random.randrange(len(whole))
        answer = await client.get(f"/media/{item['id']}", headers={"Range": f"bytes={start}-"})
        assert answer.content == whole[start:]
        return answer

    async def submit(client: httpx.AsyncClient) -> httpx.Response:
        return await client.post("/api/downloads", json={"url": f"{silence}/{next(numbers)}"})

    before = _memory(server)
    crowd = [one(4, browse) for _ in range(BROWSE)] + [one(1, watch) for _ in range(WATCH)]
    await asyncio.gather(*crowd, *(one(2, submit) for _ in range(SUBMIT)))
    assert answers[0] >= BROWSE
    assert _memory(server) - before < MUCH


def _memory(server: Program) -> int:
    """Bytes of the server itself, without its children."""
    text = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text()
    return int(text.split("Pss:")[1].split()[0]) * 1024
