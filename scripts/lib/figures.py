"""Shared helpers of the benchmark: a figure, a scratch folder, the running program, a plain client."""

import asyncio
import http.client
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from mediafetcher.db import embedded
from tests.faults.program import Program

MIB, GIB = 1 << 20, 1 << 30
_TICKS = os.sysconf("SC_CLK_TCK")


LEFT_OUT: list[str] = []  # parts that are unavailable here, as text


def leave_out(words: str) -> None:
    print(f"! {words}", file=sys.stderr)
    LEFT_OUT.append(words)


class Figure(NamedTuple):
    """One line of the table: the subject, the median, the goal as text, and whether it is met."""

    what: str
    value: str
    goal: str
    good: bool


@contextmanager
def scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mf-bench-", dir=os.environ.get("MEDIAFETCHER_BENCH", "/tmp")))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def program(before: str = "", **given: Any) -> Iterator[Program]:
    """Run the program in a folder of its own; `before` is Python that runs first in it."""
    with scratch() as folder:
        running = Program(folder, allow="127.0.0.1", **given)
        try:
            yield running.start(before)
        finally:
            running.end()


def median(rounds: int, once: Callable[[], float]) -> float:
    return statistics.median(once() for _ in range(rounds))


def percentile(times: list[float], part: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def proportional(pid: int) -> int:
    """Return the memory in bytes, shared pages divided by their users (Linux, smaps_rollup); 0 if it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def cpu(pids: set[int]) -> float:
    """Return the CPU seconds of these processes so far; proc_pid_stat(5)."""
    ticks = 0
    for pid in pids:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS


def children_cpu(work: Callable[[], object]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def bearer(running: Program) -> dict[str, str]:
    return {"Authorization": f"Bearer {running._token}"}


@contextmanager
def sql(running: Program) -> Iterator[psycopg.Connection[Any]]:
    """Connect to the database of the running program, to insert rows that would take hours to fetch."""
    with psycopg.connect(embedded.Cluster(running.state).dsn, autocommit=True) as connection:
        yield connection


def request(port: int, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, bytes]:
    """Send one request on a connection of its own. Returns: status, body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Client:
    """One persistent connection for sequential requests; as fast as Python allows."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self._port = port
        lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self._head = f"Host: 127.0.0.1:{port}\r\n{lines}"

    async def __aenter__(self) -> "Client":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=MIB)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(self, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> tuple[int, int, bytes]:
        """Send a request. Returns: status, bytes of the body, and the body itself if it is smaller than 1 MiB."""
        own = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        self._writer.write(f"{method} {path} HTTP/1.1\r\n{self._head}{own}{length}\r\n".encode() + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        size = int(head.split("content-length:")[1].split("\r\n")[0]) if "content-length:" in head else 0
        kept, left = b"", size
        if size < MIB:
            kept = await self._reader.readexactly(size)
        else:
            while left:
                left -= len(await self._reader.read(min(left, MIB)))
        return int(head.split()[1]), size, kept


async def hammer(port: int, headers: dict[str, str], paths: list[str], connections: int) -> tuple[float, list[float]]:
    """Request all the paths over this many connections. Returns: requests per second, seconds of each."""
    left, times = iter(paths), []

    async def one() -> None:
        async with Client(port, headers) as client:
            for path in left:
                began = time.perf_counter()
                status, _, body = await client.ask(path)
                times.append(time.perf_counter() - began)
                assert status in (200, 206), (path, status, body[:300])

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    return len(paths) / (time.perf_counter() - began), times
