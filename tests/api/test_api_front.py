"""The server itself: ports, stopping, and clients that behave badly."""

import asyncio
import contextlib
import dataclasses
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mediafetcher.api import connection, openapi, rsgi_asgi, server
from mediafetcher.core import errors, settings
from tests import floods
from tests.waiting import eventually


async def raw(port: int, request: bytes, seconds: float = 5) -> bytes:
    """Return the answer to exactly these bytes, up to the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.read(65536), seconds)
    finally:
        writer.transport.abort()


@pytest.mark.parametrize("options", [(), (socket.SO_REUSEPORT,), (socket.SO_REUSEPORT, socket.SO_REUSEADDR)])
async def test_a_held_port_is_said(database: str, state: Path, options: tuple[int, ...]) -> None:
    with socket.socket() as holder:
        for option in options:
            holder.setsockopt(socket.SOL_SOCKET, option, 1)
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        own = dataclasses.replace(settings.get(), host="127.0.0.1", port=holder.getsockname()[1])
        with pytest.raises(errors.PortInUse, match=str(own.port)):
            await server.serve(own, lambda: pytest.fail("it said ready"), asyncio.Event())


async def test_an_address_that_is_not_ours(database: str, state: Path) -> None:
    for host in ("192.0.2.1", "no.such.host.invalid"):
        own = dataclasses.replace(settings.get(), host=host)
        with pytest.raises(errors.BadSetting):
            await server.serve(own, lambda: pytest.fail("it said ready"), asyncio.Event())


async def test_stop_and_start_again_on_the_same_port(web: Any, alice: Any) -> None:
    assert (await alice.http.get("/api/health")).status_code == 200  # leaves a connection open
    start = time.monotonic()
    await web.stop()
    assert time.monotonic() - start < 5
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", web.port)
    web.stopping.clear()
    await web.start()
    assert (await web.client().get("/api/health")).status_code == 200


async def test_stop_while_a_client_sends_nothing(web: Any, alice: Any) -> None:
    """Half a request, a reader that does not read, an idle connection: none holds the stop up."""
    half = await asyncio.open_connection("127.0.0.1", web.port)
    half[1].write(b"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                  b"Content-Length: 100\r\n\r\n{")  # fmt: skip
    idle = await asyncio.open_connection("127.0.0.1", web.port)
    await alice.http.get("/api/health")
    start = time.monotonic()
    web.stopping.set()
    await asyncio.wait_for(asyncio.shield(web.task), 5)
    assert time.monotonic() - start < 5
    for _, writer in (half, idle):
        writer.close()


async def test_a_client_that_leaves_while_it_sends(web: Any, alice: Any) -> None:
    for _ in range(20):
        _, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(b"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 100\r\n\r\n{\"name\"")  # fmt: skip
        await writer.drain()
        writer.transport.abort()
    assert (await alice.http.get("/api/items")).status_code == 200


GARBAGE = [
    b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: \xff\xfe\x80\r\n\r\n",
    b"GET /api/items HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: mf_session=\xff\xfe\r\n\r\n",
    b"GET /api/items HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer mf_\xff\r\n\r\n",
    b"GET /api/health HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
    b"GET /api/health HTTP/1.1\r\n\r\n",
    b"GET /api/health?a=\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /media/%ff%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\n",
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-B: \xe9\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
]


@pytest.mark.parametrize("request_bytes", GARBAGE, ids=range(len(GARBAGE)))
async def test_garbage_is_survived(web: Any, alice: Any, request_bytes: bytes) -> None:
    answer = b""
    with contextlib.suppress(TimeoutError):
        answer = await raw(web.port, request_bytes, 2)
    assert b"HTTP/1.1 5" not in answer
    assert b"Traceback" not in answer
    assert b"root:" not in answer
    assert (await alice.http.get("/api/items")).status_code == 200


async def test_nothing_but_http_1_is_spoken(web: Any, alice: Any) -> None:
    upgrade = (
        b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    for asked in (floods.PREFACE + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00", upgrade):
        said = b""
        with contextlib.suppress(OSError, TimeoutError):
            said = await raw(web.port, asked, 3)
        assert said == b"" or said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 401"))
    assert (await alice.http.get("/api/items")).status_code == 200


async def test_accepted_connections_have_the_limits_of_the_listening_socket(web: Any) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", web.port)
    client = "{}:{}".format(*writer.get_extra_info("sockname"))
    found = await eventually(lambda: connection.find(client, web.port))
    assert found is not None
    own = found._socket
    assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
    assert own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    found.close()
    writer.close()


async def test_two_hosts_are_refused(web: Any) -> None:
    for second in ("127.0.0.1", "evil.example"):
        asked = f"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: {second}\r\nConnection: close\r\n\r\n"
        assert (await raw(web.port, asked.encode())).startswith(b"HTTP/1.1 400")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server that starts after this waits a second where it would wait fifteen and twenty."""
    monkeypatch.setattr(server, "_HEADER_WAIT", 1000)
    monkeypatch.setattr(rsgi_asgi, "_BODY_WAIT", 1.0)
    monkeypatch.setattr(rsgi_asgi, "_BODY_TIME", 2.0)


async def test_two_hundred_slow_clients_block_no_other_and_are_dropped(impatient: None, web: Any, alice: Any) -> None:
    slow = [await asyncio.open_connection("127.0.0.1", web.port) for _ in range(200)]
    for number, (_, writer) in enumerate(slow):
        writer.write((b"GET /api/health HTTP/1.1\r\nHost: 127.0.", b"")[number % 2])
    start = time.monotonic()
    assert (await web.client().get("/api/health")).status_code == 200
    assert time.monotonic() - start < 5

    async def drip(writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while True:
                writer.write(b"0")  # never a whole header
                await writer.drain()
                await asyncio.sleep(0.2)

    dripping = [asyncio.create_task(drip(writer)) for _, writer in slow[::2]]
    ended = await asyncio.wait_for(
        asyncio.gather(*(reader.read() for reader, _ in slow[::2]), return_exceptions=True), 20
    )
    assert len(ended) == 100 and not any(b"200 OK" in answer for answer in ended if isinstance(answer, bytes))
    for task in dripping:
        task.cancel()
    for _, writer in slow:
        writer.transport.abort()
    assert (await alice.http.get("/api/items")).status_code == 200


@pytest.mark.parametrize("drips", [False, True])
async def test_a_slow_body_is_given_up(
    impatient: None, web: Any, alice: Any, caplog: pytest.LogCaptureFixture, drips: bool
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(
        f"POST /api/folders HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {alice.token}\r\n"
        'Content-Type: application/json\r\nContent-Length: 900000\r\n\r\n{"path": "'.encode()
    )
    answer = asyncio.create_task(reader.read(65536))
    start = time.monotonic()
    while not answer.done() and time.monotonic() - start < 15:
        if drips:
            with contextlib.suppress(OSError):
                writer.write(b"x")
        await asyncio.wait({answer}, timeout=0.2)
    assert answer.done()
    said = answer.result()
    assert b"HTTP/1.1 408" in said and b'"too_slow"' in said
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    writer.transport.abort()
    assert (await alice.http.get("/api/items")).status_code == 200


async def test_a_gigabyte_that_is_announced_is_refused_before_it_comes(web: Any, alice: Any) -> None:
    for size in (1 << 30, 1 << 40, 10**30):
        said = await raw(
            web.port,
            f"POST /api/folders HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {alice.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n".encode(),
        )
        assert said.startswith((b"HTTP/1.1 413", b"HTTP/1.1 400"))
    assert (await alice.http.get("/api/items")).status_code == 200


async def test_headers_without_end_are_refused(web: Any, alice: Any) -> None:
    for flood in (b"X-A: " + b"x" * (4 << 20), b"\r\n".join(b"X-%d: 1" % number for number in range(20_000))):
        said = b""
        with contextlib.suppress(OSError, TimeoutError):
            said = await raw(web.port, b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n" + flood + b"\r\n\r\n")
        assert b"200 OK" not in said
    assert (await alice.http.get("/api/items")).status_code == 200


async def test_api_description_is_served_to_users(web: Any) -> None:
    """It is served, is what the program writes without a database, and names every route and its problems."""
    served = (await web.client().get("/api/schema/openapi.json")).json()
    written = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "mediafetcher.api.openapi"], capture_output=True, check=True
    )
    assert json.loads(written.stdout) == served == json.loads(openapi.document())
    for path, methods in served["paths"].items():
        assert path.startswith("/api/")
        for operation in methods.values():
            assert operation["operationId"]
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    schema = answer["content"]["application/problem+json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}
