"""Serve a file of 2 GB: whole, in random pieces, to several viewers; compared with nginx with sendfile."""

import asyncio
import hashlib
import os
import random
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from figures import GIB, MIB, Client, Figure, bearer, cpu, leave_out, percentile, program, request, scratch, sql

from tests.faults.program import Program, free_port, until
from tests.proxies import binary, nginx_config

SEEKS, CONNECTIONS, ROUNDS = 200, 4, 5
VIEWERS, RATE, WATCHED = 3, 40_000_000, 8.0  # viewers, bytes per second of each, seconds

_SERVED = """sendfile on; tcp_nopush on; default_type video/mp4;
server {{ listen 127.0.0.1:{port}; root {root}; }}"""


def serving(*, quick: bool = False) -> list[Figure]:
    size = GIB // 4 if quick else 2 * GIB
    with program() as running, sql(running) as database:
        item, file = stored(running, database, size)
        ours = (running.port, f"/media/{item}", bearer(running), {running.process.pid} if running.process else set())
        with _nginx(file) as peer:
            figures = asyncio.run(_seeks(ours, peer, size)) + asyncio.run(_whole(ours, peer, size))
            return figures + asyncio.run(_watched(ours, peer, size, WATCHED / 4 if quick else WATCHED))


def stored(running: Program, database: Any, size: int) -> tuple[int, Path]:
    """Store a file of noise (which cannot be compressed) and its rows, without a download."""
    name = hashlib.sha256(b"a large file").hexdigest()
    path = running.state / "media" / "store" / name[:2] / f"{name}.mp4"
    aside = running.state.parent / name  # in the store before its row is, it would be swept as unreferenced
    with aside.open("wb") as file:
        for _ in range(size // (16 * MIB)):
            file.write(os.urandom(16 * MIB))
    media = database.execute(
        "insert into media_file (sha256, size, kind, ext) values (decode(%s, 'hex'), %s, 'video/mp4', '.mp4')"
        " returning id",
        (name, size),
    ).fetchone()[0]
    item = database.execute(
        "insert into library_item (owner, media_file, title) select min(id), %s, 'large' from account returning id",
        (media,),
    ).fetchone()[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    aside.rename(path)
    return item, path


Server = tuple[int, str, dict[str, str], set[int]]  # port, path, headers, processes


async def _seek(server: Server, size: int, seed: int) -> float:
    """Fetch random pieces of 1 MiB over some connections. Returns: how many per second."""
    port, path, headers, _ = server
    chance, left = random.Random(seed), iter(range(SEEKS))

    async def viewer() -> None:
        async with Client(port, headers) as client:
            for _ in left:
                start = chance.randrange(size - MIB)
                status, got, _ = await client.ask(path, Range=f"bytes={start}-{start + MIB - 1}")
                assert (status, got) == (206, MIB), (status, got)

    began = time.perf_counter()
    await asyncio.gather(*(viewer() for _ in range(CONNECTIONS)))
    return SEEKS / (time.perf_counter() - began)


async def _seeks(ours: Server, peer: Server | None, size: int) -> list[Figure]:
    mine, other = [], []
    for number in range(ROUNDS):
        mine.append(await _seek(ours, size, number))
        if peer:
            other.append(await _seek(peer, size, number))
    rate = statistics.median(mine)
    figures = [Figure("random pieces of 1 MiB of a large file", f"{rate:.0f} /s", "", good=True)]
    if peer:
        ratio = rate / statistics.median(other)
        figures.append(Figure("· beside nginx with sendfile", f"{ratio:.2f} x", ">= 1 x", ratio >= 1))
    return figures


async def _whole(ours: Server, peer: Server | None, size: int) -> list[Figure]:
    costs: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(ROUNDS):
        for mine, server in ((True, ours), (False, peer)):
            if server is None:
                continue
            port, path, headers, pids = server
            before = cpu(pids)
            async with Client(port, headers) as client:
                status, got, _ = await client.ask(path)
                assert (status, got) == (200, size), (status, got)
            costs[mine].append((cpu(pids) - before) * GIB / size)
    cost = statistics.median(costs[True])
    figures = [Figure("CPU to serve 1 GiB whole", f"{cost:.2f} s", "", good=True)]
    if peer:
        ratio = cost / max(0.01, statistics.median(costs[False]))
        figures.append(Figure("· beside nginx with sendfile", f"{ratio:.1f} x", "<= 2 x", ratio <= 2))
    return figures


async def _watched(ours: Server, peer: Server | None, size: int, seconds: float) -> list[Figure]:
    """Serve some viewers at 40 MB/s each, and measure their rate, the CPU time, and the responses of /api/health."""
    health: list[float] = []
    feeling = asyncio.create_task(_feel(ours[0], health))
    rate, used = await _viewers(ours, size, seconds)
    feeling.cancel()
    worst = percentile(health, 0.99) * 1e3
    figures = [
        Figure(f"{VIEWERS} viewers, MB/s each of 40 asked", f"{rate:.0f}", ">= 38", rate >= 38),
        Figure("· 99th percentile of /api/health meanwhile", f"{worst:.0f} ms", "<= 20 ms", worst <= 20),
        Figure("· CPU for them", f"{used:.0%} of a core", "", good=True),
    ]
    if peer:
        _, other = await _viewers(peer, size, seconds)
        figures.append(Figure("· · of nginx with sendfile", f"{other:.0%} of a core", "", good=True))
    return figures


async def _feel(port: int, times: list[float]) -> None:
    async with Client(port) as client:
        while True:
            began = time.perf_counter()
            assert (await client.ask("/api/health"))[0] == 200
            times.append(time.perf_counter() - began)
            await asyncio.sleep(0.02)


async def _viewers(server: Server, size: int, seconds: float) -> tuple[float, float]:
    """Return the MB/s of each viewer, and the fraction of a core that the server takes."""
    port, path, headers, pids = server
    got, before, began = 0, cpu(pids), time.monotonic()

    async def watch(start: int) -> None:
        nonlocal got
        mine = 0
        async with Client(port, headers) as client:
            while (now := time.monotonic() - began) < seconds:
                if mine > RATE * now:
                    await asyncio.sleep((mine - RATE * now) / RATE)
                first = (start + mine) % (size - MIB)
                status, count, _ = await client.ask(path, Range=f"bytes={first}-{first + MIB - 1}")
                assert (status, count) == (206, MIB), (status, count)
                mine, got = mine + count, got + count

    await asyncio.gather(*(watch(number * size // VIEWERS) for number in range(VIEWERS)))
    took = time.monotonic() - began
    return got / took / VIEWERS / 1e6, (cpu(pids) - before) / took


# ---- nginx -----------------------------------------------------------------------------------------------


@contextmanager
def _nginx(file: Path) -> Iterator[Server | None]:
    nginx = binary("nginx")
    if nginx is None:
        leave_out("nginx is not to be had here.")
        yield None
        return
    port = free_port()
    with scratch() as folder:
        config = folder / "nginx.conf"
        config.write_text(nginx_config(folder, _SERVED.format(port=port, root=file.parent)))
        process = subprocess.Popen([nginx, "-c", config, "-p", folder, "-e", folder / "error.log"])

        def answers() -> bool:
            assert process.poll() is None
            try:
                return request(port, "HEAD", f"/{file.name}")[0] == 200
            except OSError:
                return False

        try:
            until(answers, 20, "nginx answers")
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            yield port, f"/{file.name}", {}, {process.pid, *map(int, children)}
        finally:
            process.terminate()
            process.wait()
