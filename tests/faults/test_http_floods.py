"""P26: clients that connect and send nothing, send half, or do not read keep no other out and cost no memory.

The quick run holds 1,200 connections for a few seconds, the deep one 3,000 for a minute.
"""

import asyncio
import contextlib
import math
import socket

import httpx
import pytest

from tests import deep, floods
from tests.faults.program import until
from tests.waiting import eventually

MUCH = 64 << 20  # bytes that an attack may make the server grow by
CONNECTIONS = 1200

FLOODS = {
    "silent": b"",
    "half a preface of HTTP/2": floods.PREFACE[:10],
    "a preface of HTTP/2": floods.PREFACE,
    "half a header": floods.HALF_HEADER,
    "much of a header": floods.FULL_HEADER,
    "half a body": b"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Content-Length: 900000\r\n\r\n" + b"[" * 8000,
    "event streams of one account": b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Authorization: Bearer TOKEN\r\n\r\n",
}


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, math.ceil(len(values) * part) - 1)]


@pytest.mark.promise(26)
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", FLOODS.values(), ids=FLOODS)
async def test_flood_of_connections_blocks_no_client(program, first):
    seconds = deep.count(26, 4)
    count, much = (3000, 2 * MUCH) if seconds >= 60 else (CONNECTIONS, MUCH)
    if b"TOKEN" in first:  # this and the next: each is a request that Python answers
        count = CONNECTIONS if seconds >= 60 else CONNECTIONS // 2
    elif b"POST" in first:
        count = CONNECTIONS // 3
    server = program(max_downloads=1).start()
    first = first.replace(b"TOKEN", server._token.encode())
    await floods.health(server.port, 20)
    before = floods.memory(server.process.pid)
    took: list[float] = []

    async def attack() -> None:
        # Pages open a stream that was ended ever more slowly, up to every 15 s.
        async with floods.Flood(server.port, count, first, again=15 if b"events" in first else 2) as flood:
            await flood.all_open()
            await floods.health(server.port, 1, 30)  # the first requests of the flood are answered in their turn
            took.extend(await floods.health(server.port, 10))
            await asyncio.sleep(seconds)
            took.extend(await floods.health(server.port, 10))

    grown = await floods.peak(server.process.pid, attack) - before
    print(f"slowest {max(took) * 1000:.0f} ms, grown by {grown >> 20} MB")
    assert max(took) < 2
    assert grown < much
    assert max(await floods.health(server.port, 5)) < 2


@pytest.mark.promise(26)
@pytest.mark.timeout(120)
async def test_http2_headers_that_expand_take_no_memory(program):
    server = program(max_downloads=1).start()
    await floods.health(server.port, 20)
    before = floods.memory(server.process.pid)
    took: list[float] = []

    async def attack() -> None:
        bomb = floods.hpack_bomb()
        async with floods.Flood(server.port, 1, bomb) as flood:
            await flood.all_open()
            took.extend(await floods.health(server.port, 200))

    grown = await floods.peak(server.process.pid, attack) - before
    print(f"p99 {percentile(took, 0.99) * 1000:.0f} ms, grown by {grown >> 20} MB")
    assert grown < MUCH
    assert percentile(took, 0.99) <= (0.05 if deep.deep(26) else 0.5)  # other tests may share the processors


@pytest.mark.promise(26)
@pytest.mark.timeout(600)
async def test_pages_that_stop_reading_take_no_memory(program):
    """50 pages are open, 10 of them stalled, while thousands of changes of large rows are told.

    The stalled ones are cut after a while, which the deep run waits for.
    """
    changes = 6000 if deep.deep(26) else 2500
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as silence:
        server = program(max_downloads=1).start()
        link = f"http://127.0.0.1:{silence.getsockname()[1]}/" + "x" * 1900
        head = {"Authorization": f"Bearer {server._token}"}
        request = (
            f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {server._token}\r\n\r\n".encode()
        )
        async with contextlib.AsyncExitStack() as stack:
            client = httpx.AsyncClient(base_url=server.url, headers=head, timeout=60, trust_env=False, verify=False)
            await stack.enter_async_context(client)
            answers = [await client.post("/api/downloads", json={"url": f"{link}{number}"}) for number in range(30)]
            ids = [answer.json()["id"] for answer in answers][1:]
            read = [0] * 40
            reading = [asyncio.create_task(_read(server.port, request, read, place)) for place in range(40)]
            await eventually(lambda: all(read), seconds=60)
            before = floods.memory(server.process.pid)
            for _ in range(10):
                await stack.enter_async_context(floods.stalled_reader(server.port, request))

            async def change() -> None:
                numbers = iter(range(changes))

                async def hand() -> None:
                    for number in numbers:
                        answer = await client.patch(
                            f"/api/downloads/{ids[number % len(ids)]}", json={"priority": number % 9}
                        )
                        assert answer.status_code == 200

                await asyncio.gather(*(hand() for _ in range(8)))

            grown = await floods.peak(server.process.pid, change) - before
            if deep.deep(26):
                await asyncio.to_thread(
                    until, lambda: server.log.read_text().count("does not read was cut") >= 10, 90, "they are cut"
                )
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
    print(f"grown by {grown >> 20} MB, each page read {min(read) >> 10} kB and more")
    assert grown < 32 << 20
    assert min(read) > changes * 100  # those who read were told


async def _read(port: int, request: bytes, read: list[int], place: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        while piece := await reader.read(1 << 16):
            read[place] += len(piece)
    finally:
        writer.transport.abort()
