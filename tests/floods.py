"""Connections that clients open in order to keep others out: connections that are silent, half, or never read."""

import asyncio
import contextlib
import random
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

from tests.waiting import eventually

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HALF_HEADER = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0."
FULL_HEADER = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-A: " + b"x" * 15_000  # and no end

# Subtitles that took quadratic time, and a page that has them.
_DIGITS = "1" * 60_000
_CUE = "00:01.000 --> 00:02.000\nHello\n"
SUBTITLES = {
    "digits.vtt": f"WEBVTT\n\n{_DIGITS}\n{_CUE}",
    "megabytes.vtt": f"WEBVTT\n\n{'1' * 3_000_000}\n{_CUE}",
    "colons.vtt": f"WEBVTT\n\n{'1:' * 30_000} --> {'1:' * 30_000}\nx\n\n{_CUE}",
    "blocks.vtt": "WEBVTT\n\n" + "a\n\n" * 1_000_000 + _CUE,
}
SUBTITLES_PAGE = (
    '<html><title>{name}</title><video src="/media/{film}"><track srclang="en" src="/media/{name}"></video></html>'
)


class Flood:
    """`count` connections that send `first` and nothing more; one that the server ends is opened again.

    A connection that is closed is opened again after `again` seconds: the flood takes slots, not the processor.
    """

    def __init__(self, port: int, count: int, first: bytes = b"", again: float = 2) -> None:
        self._port, self._count, self._first, self._again = port, count, first, again
        self.opened = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Flood":
        self._tasks = [asyncio.create_task(self._hold()) for _ in range(self._count)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def all_open(self, seconds: float = 30) -> None:
        """Wait until each of them was connected once."""
        await eventually(lambda: self.opened >= self._count, seconds=seconds)

    async def _hold(self) -> None:
        while True:
            writer, begun = None, time.monotonic()
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                self.opened += 1
                writer.write(self._first)
                await reader.read()
            except OSError:
                pass
            finally:
                if writer is not None:
                    writer.transport.abort()
            pause = self._again * random.uniform(0.5, 1.5)  # real clients are not synchronous
            await asyncio.sleep(max(0.0, begun + pause - time.monotonic()))


def _frame(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + body


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def hpack_bomb(streams: int = 40, names: int = 2000) -> bytes:
    """Requests over HTTP/2 whose headers refer `names` times to one of 4,000 bytes that was sent once."""

    def number(value: int, prefix: int, first: int) -> bytes:
        most = (1 << prefix) - 1
        if value < most:
            return bytes((first | value,))
        out, value = bytearray((first | most,)), value - most
        while value >= 128:
            out.append(value % 128 | 128)
            value //= 128
        return bytes(out) + bytes((value,))

    value = b"x" * 4000
    insert = b"\x40" + number(1, 7, 0) + b"a" + number(len(value), 7, 0) + value
    # POST, http, :path, :authority, content-type: a request that then waits for its body
    start = b"\x83\x86\x04\x0c/api/session\x01\x09127.0.0.1\x0f\x10\x10application/json"
    sent = PREFACE + _frame(4, 0, 0)
    for number_of in range(streams):
        block = start + (insert if number_of == 0 else b"") + b"\xbe" * names
        pieces = list(_pieces(block, 16_000))
        stream = 2 * number_of + 1
        for place, piece in enumerate(pieces):
            last = 4 if place == len(pieces) - 1 else 0
            sent += _frame(1 if place == 0 else 9, last, stream, piece)
    return sent


@contextlib.asynccontextmanager
async def stalled_reader(port: int, request: bytes) -> AsyncIterator[asyncio.StreamWriter]:
    """A connection that asks and then reads nothing of the answer."""
    connected = socket.socket()
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # else the kernels hold megabytes
    connected.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connected, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=connected, limit=1)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    writer.write(request)
    try:
        yield writer
    finally:
        writer.transport.abort()
        del reader


async def health(port: int, times: int, seconds: float = 2.0) -> list[float]:
    """Ask /api/health by a fresh connection each time. Returns: seconds of each answer, `inf` for none in time."""
    took = []
    for _ in range(times):
        begun, writer = time.monotonic(), None
        try:
            async with asyncio.timeout(seconds):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                said = await reader.readuntil(b"\r\n")
            took.append(time.monotonic() - begun if b" 200 " in said else float("inf"))
        except (TimeoutError, OSError, EOFError):
            took.append(float("inf"))
        finally:
            if writer is not None:
                writer.transport.abort()
    return took


def memory(pid: int) -> int:
    """Bytes of one process, without its children."""
    return int(Path(f"/proc/{pid}/smaps_rollup").read_text().split("Pss:")[1].split()[0]) * 1024


async def peak(pid: int, while_: Callable[[], Awaitable[object]]) -> int:
    """The most bytes that the process had while something ran."""
    most = memory(pid)

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, await asyncio.to_thread(memory, pid))
            await asyncio.sleep(0.1)

    watching = asyncio.create_task(watch())
    try:
        await while_()
    finally:
        watching.cancel()
    return max(most, memory(pid))
