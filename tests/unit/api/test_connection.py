"""The kernel's state of a connection: whether its client reads, and that it can be cut."""

import asyncio
import os
import socket

from mediafetcher.api import connection


def pair() -> tuple[socket.socket, socket.socket]:
    """(our end, the client's end) of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(listening.getsockname())
        return listening.accept()[0], client


def find(ours: socket.socket, client: socket.socket) -> connection.Connection | None:
    return connection.find("{}:{}".format(*client.getsockname()), ours.getsockname()[1])


def fill(ours: socket.socket) -> None:
    ours.setblocking(False)
    try:
        while True:
            ours.send(b"x" * 65536)
    except BlockingIOError:
        pass


async def test_client_that_does_not_read_is_seen_and_cut() -> None:
    ours, client = pair()
    found = find(ours, client)
    assert found is not None and found.is_writable() and await found.writable(0)
    fill(ours)
    assert not found.is_writable()
    assert not await found.writable(0.05)
    waiting = asyncio.create_task(found.writable(10))
    await asyncio.sleep(0)
    found.cut()
    assert await waiting  # a request that has ended is not waited for
    found.close()
    for each in (ours, client):
        each.close()


async def test_client_that_reads_again_is_waited_for() -> None:
    ours, client = pair()
    found = find(ours, client)
    assert found is not None
    fill(ours)
    waiting = asyncio.create_task(found.writable(10))
    client.setblocking(False)
    async with asyncio.timeout(10):
        while not waiting.done():
            try:
                client.recv(1 << 20)
            except BlockingIOError:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0)
    assert waiting.result()
    found.close()
    for each in (ours, client):
        each.close()


def test_closing_the_second_descriptor_leaves_the_connection_open() -> None:
    ours, client = pair()
    before = len(os.listdir("/proc/self/fd"))
    found = find(ours, client)
    assert found is not None
    found.close()
    assert len(os.listdir("/proc/self/fd")) == before
    ours.send(b"still")
    assert client.recv(10) == b"still"
    for each in (ours, client):
        each.close()


def test_connection_that_has_ended_is_not_found() -> None:
    ours, client = pair()
    address, port = "{}:{}".format(*client.getsockname()), ours.getsockname()[1]
    assert connection.find(address, port + 1) is None
    ours.close()
    client.close()
    assert connection.find(address, port) is None
