"""The gateway of the children: one that misbehaves holds up no other, and a gateway that dies is replaced."""

import asyncio
import contextlib
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from mediafetcher.core import settings
from mediafetcher.fetch import client, gateway
from mediafetcher.fetch.options import Options
from tests.waiting import eventually


@pytest.fixture
def on_loopback(monkeypatch: pytest.MonkeyPatch):
    """Without a network of its own it listens where the test can reach it."""
    monkeypatch.setenv("MF_WITHOUT", "namespace")
    gateway.kind.cache_clear()
    yield
    monkeypatch.undo()
    gateway.kind.cache_clear()


async def asked(admitted: gateway.Pass, host: bytes, port: int, command: int = 1) -> int:
    """Ask for a connection. Returns: the number of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", admitted.way.port)
    token = admitted.way.token.encode()
    writer.write(b"\x05\x01\x02\x01\x02mf" + bytes([len(token)]) + token)
    writer.write(bytes([5, command, 0, 3, len(host)]) + host + port.to_bytes(2))
    async with asyncio.timeout(20):
        answer = await reader.readexactly(14)
    writer.close()
    return answer[5]


async def test_flood_of_silent_connections_holds_up_no_other(state, site, on_loopback):
    admitted = await gateway.admit(["127.0.0.1"], [])
    try:
        assert await asked(admitted, b"127.0.0.1", site.port) == 0
        with contextlib.ExitStack() as silent:
            for _ in range(600):
                silent.enter_context(socket.create_connection(("127.0.0.1", admitted.way.port), 5))
            began = time.monotonic()
            assert await asked(admitted, b"127.0.0.1", site.port) == 0
            assert time.monotonic() - began < 5
    finally:
        await admitted.close()


@pytest.mark.parametrize("host", [b"a\x00b", b"\xff", b"." * 255, b" "])
async def test_name_that_is_none_answered_and_the_next_served(state, site, on_loopback, host):
    admitted = await gateway.admit(["127.0.0.1"], [])
    try:
        assert await asked(admitted, host, 80) == 4
        assert await asked(admitted, b"127.0.0.1", site.port) == 0
    finally:
        await admitted.close()


async def test_proxy_that_was_named_is_the_only_place(state, site, on_loopback):
    admitted = await gateway.admit(["127.0.0.1"], [], f"127.0.0.1:{site.port}")
    try:
        assert await asked(admitted, b"127.0.0.1", site.port) == 0
        assert await asked(admitted, b"127.0.0.1", site.port + 1) == 2
        assert await asked(admitted, b"example.org", 80) in (2, 4)
    finally:
        await admitted.close()


async def test_token_that_was_dropped_opens_nothing(state, site, on_loopback):
    kept, dropped = await gateway.admit(["127.0.0.1"], []), await gateway.admit(["127.0.0.1"], [])
    try:
        await dropped.close()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await asked(dropped, b"127.0.0.1", site.port)
        assert await asked(kept, b"127.0.0.1", site.port) == 0
    finally:
        await kept.close()


async def test_gateway_that_died_is_replaced_for_the_next_fetch(state, site):
    held = await gateway.admit([], [])
    os.kill(held.gateway._program.pid, signal.SIGKILL)
    await eventually(lambda: held.gateway.ended)
    async with client.Fetch(site.url("/media/ok.mp4"), Options(), settings.get().work / "1") as source:
        await source.info()
        assert (await source.download()).size
    await held.close()
    assert gateway._gateway is None


async def test_gateway_gets_at_no_file_of_ours(state, on_loopback):
    """The process that reads requests of a hostile child is confined too."""
    admitted = await gateway.admit([], [])
    try:
        with contextlib.suppress(Exception):
            await asked(admitted, b"x.invalid", 1)
        status = Path(f"/proc/{admitted.gateway._program.pid}/status").read_text()
        assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status
    finally:
        await admitted.close()


async def test_kept_gateway_leaves_when_there_is_nothing_to_do(state, site, monkeypatch):
    monkeypatch.setattr(gateway, "IDLE_SECONDS", 0.2)
    gateway.keep()
    try:
        first = await gateway.admit([], [])
        await first.close()
        second = await gateway.admit([], [])  # in time
        assert second.gateway is first.gateway
        await asyncio.sleep(0.4)
        assert gateway._gateway is second.gateway
        await second.close()
        await eventually(lambda: second.gateway.ended, seconds=5)
        assert gateway._gateway is None
    finally:
        await gateway.close()


async def test_start_that_is_cancelled_leaves_nothing_open(state):
    await (await gateway.Gateway.start()).close()  # what is loaded once is open from here on
    before = len(os.listdir("/proc/self/fd"))
    for number in range(24):
        starting = asyncio.create_task(gateway.Gateway.start())
        await asyncio.sleep(0.002 * number)
        starting.cancel()
        for made in await asyncio.gather(starting, return_exceptions=True):
            if isinstance(made, gateway.Gateway):
                await made.close()
    await eventually(lambda: len(os.listdir("/proc/self/fd")) <= before)
