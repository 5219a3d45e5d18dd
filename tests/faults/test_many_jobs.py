"""Ten thousand mixed downloads leave the program as it was: memory, descriptors, threads and tables stay flat (P25)."""

import contextlib
import gc
import os
import selectors
import shutil
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from mediafetcher.core import settings
from mediafetcher.db import embedded, engine
from mediafetcher.downloads import lifecycle
from mediafetcher.downloads.worker import active, pool
from tests import deep
from tests.factories import add_user
from tests.faults.films import Films
from tests.faults.program import ENDED, Program, until
from tests.site import Site
from tests.waiting import eventually

pytestmark = [pytest.mark.promise(25), pytest.mark.timeout(7200)]

_COUNT = deep.count(25, 120)
_PROGRAM_COUNT = deep.count(25, 60)
_BATCH = 20
_STALLED_SECONDS = 20.0  # between two times that pages which are not read are opened again
_SPARE = 16  # threads that may come and go
# Descriptors too: a page that reads nothing is held for up to a minute after it was closed, ten of them each time.
_SPARE_DESCRIPTORS = 64
_GROWTH = 32 << 20  # bytes of memory, between the middle and the end


class Used(NamedTuple):
    memory: int  # bytes
    descriptors: int
    threads: int


def _used() -> Used:
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return Used(resident, len(os.listdir("/proc/self/fd")), threading.active_count())


async def _batch(owner: int, site: Site, films: Films, first: int) -> None:
    """Missing pages, errors of the site, films that are known, one that is not, and some that are cancelled."""
    (film,) = films(1, first=first)
    links = [site.url(f"/status/404/{number}") for number in range(first, first + _BATCH - 4)]
    links += [site.url(f"/status/403/{first}"), site.url(f"/media/film-0.mp4?{first}"), film]
    rows = [await lifecycle.submit(owner, link) for link in links]
    await lifecycle.submit(owner, site.url(f"/hang/600/{first}"))
    hanging = await lifecycle.submit(owner, site.url(f"/hang/600/{first}"))
    await lifecycle.cancel(hanging["id"], owner)
    ids = [row["id"] for row in rows]
    await eventually(
        lambda: engine.fetchval(
            "select count(*) from download where id = any($1) and state in ('queued', 'running')", ids
        ),
        lambda found: not found,
        seconds=600,
    )


async def test_mixed_downloads_leave_memory_descriptors_threads_and_tables_flat(
    database, state, media_online, media_corpus, tmp_path
):
    settings.use(
        replace(settings.get(), max_downloads=8, max_downloads_per_site=8, retry_seconds=0.05, shutdown_seconds=2.0)
    )
    owner = await add_user("ada")
    root = tmp_path / "site"
    root.mkdir()
    shutil.copy(media_corpus / "ok.mp4", root)
    queue = pool.WorkerPool()
    middle = None
    with Site(root) as site:
        films = Films(site, root / "ok.mp4")
        films(1)
        await queue.start()
        try:
            for first in range(0, _COUNT, _BATCH):
                await _batch(owner, site, films, first)
                await engine.execute("update site_backoff set until = now()")
                if middle is None and first >= _COUNT // 2:
                    middle = _used()
        finally:
            await queue.stop()
    assert middle is not None
    end = _used()
    assert end.memory - middle.memory < _GROWTH
    assert end.descriptors <= middle.descriptors and end.threads <= middle.threads
    assert active.all_active() == []
    assert await engine.fetchval("select count(*) from huey_task") == 0
    assert await engine.fetchval("select max(n) from (select count(*) n from download_log group by download) x") <= 200
    assert [path.name for path in settings.get().work.iterdir()] == []
    print(f"{_COUNT} downloads: {middle} in the middle, {end} at the end")


# ---- the whole program, with pages open ------------------------------------------------------------------


class Pages:
    """Event streams of open pages: most are read, the others are never read and opened again when they are dropped."""

    def __init__(self, server: Program, count: int, stalled: int) -> None:
        self._server = server
        self._stop = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._read = [self._open() for _ in range(count - stalled)]
        for stream in self._read:
            self._selector.register(stream, selectors.EVENT_READ)
        self._stalled = [self._open(buffer=4096) for _ in range(stalled)]
        self.received = 0  # bytes
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _open(self, buffer: int | None = None) -> socket.socket:
        stream = socket.socket()
        if buffer:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        stream.connect(("127.0.0.1", self._server.port))
        head = f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{self._server.port}\r\nAuthorization: Bearer "
        stream.sendall(f"{head}{self._server._token}\r\nAccept: text/event-stream\r\n\r\n".encode())
        return stream

    def _run(self) -> None:
        renewed = time.monotonic()
        while not self._stop.is_set():
            for key, _ in self._selector.select(0.5):
                self._drain(key.fileobj)
            if time.monotonic() > renewed + _STALLED_SECONDS:
                renewed = time.monotonic()
                for stream in self._stalled:
                    stream.close()
                self._stalled = [self._open(buffer=4096) for _ in self._stalled]

    def _drain(self, stream: Any) -> None:
        data = b""
        with contextlib.suppress(OSError):
            data = stream.recv(1 << 16)
        self.received += len(data)
        if not data:
            self._selector.unregister(stream)
            stream.close()
            self._selector.register(self._open(), selectors.EVENT_READ)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        for stream in self._stalled:
            stream.close()


def _used_by(pid: int) -> Used:
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    threads = len(os.listdir(f"/proc/{pid}/task"))
    return Used(resident, len(os.listdir(f"/proc/{pid}/fd")), threads)


def _slope(points: list[tuple[int, float]]) -> float:
    """The slope of a line through the points, by least squares."""
    middle = sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
    return sum((x - middle[0]) * (y - middle[1]) for x, y in points) / sum((x - middle[0]) ** 2 for x, _ in points)


def _submit_batch(server: Program, site: Site, films: Films, first: int) -> list[int]:
    """The mix of `_batch`, over the API."""
    (film,) = films(1, first=first)
    links = [site.url(f"/status/404/{number}") for number in range(first, first + _BATCH - 4)]
    links += [site.url(f"/media/film-0.mp4?{first}"), film]
    ids = [server.submit(link) for link in links]
    cancelled = server.submit(site.url(f"/hang/600/{first}"))
    server.ask("POST", f"/downloads/{cancelled}/cancel")
    return [*ids, cancelled]


def test_program_with_fifty_pages_stays_flat_under_mixed_downloads(program, media_corpus, tmp_path):
    """Fifty pages are open, ten of which read nothing."""
    root = tmp_path / "site"
    root.mkdir()
    shutil.copy(media_corpus / "ok.mp4", root)
    samples: list[tuple[int, Used]] = []
    with Site(root) as site:
        films = Films(site, root / "ok.mp4")
        films(1)
        server = program(max_downloads=8, max_downloads_per_site=8, retry_seconds=0.05).start()
        pages = Pages(server, 50, 10)
        try:
            for first in range(0, _PROGRAM_COUNT, _BATCH):
                ids = _submit_batch(server, site, films, first)
                until(lambda ids=ids: all(server.download(id)["state"] in ENDED for id in ids), 900, "a batch")
                samples.append((first + _BATCH, _used_by(server.process.pid)))
                print(*samples[-1], flush=True)
        finally:
            pages.close()
        with psycopg.connect(embedded.Cluster(server.state).dsn, autocommit=True) as database:
            bells = database.execute("select count(*) from huey_task").fetchone()[0]
            running = database.execute("select count(*) from download where state = 'running'").fetchone()[0]
        server.stop()
    later = samples[len(samples) // 2 :]
    memory = _slope([(number, used.memory) for number, used in later])
    descriptors = _slope([(number, used.descriptors) for number, used in later])
    threads = _slope([(number, used.threads) for number, used in later])
    print(f"{_PROGRAM_COUNT} downloads: {samples[0]} to {samples[-1]}, {pages.received >> 20} MiB of events")
    print(
        f"for each 1,000: {1000 * memory / 2**20:.1f} MiB, {1000 * descriptors:.1f} descriptors, {1000 * threads:.1f}"
    )
    assert (bells, running) == (0, 0)
    assert later[-1][1].memory - later[0][1].memory < _GROWTH
    assert later[-1][1].descriptors - later[0][1].descriptors <= _SPARE_DESCRIPTORS
    assert later[-1][1].threads - later[0][1].threads <= _SPARE
