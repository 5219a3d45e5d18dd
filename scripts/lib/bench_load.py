"""Load: a burst of downloads, many pages with live progress, many users, many writers of the same references."""

import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any

from bench_bytes import stored
from bench_lists import plant
from figures import Client, Figure, bearer, cpu, percentile, program, proportional, scratch, sql

from mediafetcher.db import embedded
from tests.faults.program import REPOSITORY, Program


@contextmanager
def silent_site() -> Iterator[str]:
    """Run a site that accepts connections and never answers: all slots are busy, the rest waits. Yields: its URL."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


# ---- a burst of downloads --------------------------------------------------------------------------------

PAGE = 50


def burst(*, quick: bool = False) -> list[Figure]:
    """Submit thousands of links at once, and measure lists and claims before and after.

    One long round: each thousand is a measurement, and the slowest is reported.
    """
    count = 2_000 if quick else 10_000
    with silent_site() as site, program(max_downloads=1) as running:
        asyncio.run(_submit(running, site, range(-4 * PAGE, 0)))
        few, claimed = asyncio.run(_look(running)), _claims(running)
        took, ends = asyncio.run(_submit(running, site, range(count)))
        many, claimed_then = asyncio.run(_look(running)), _claims(running)
    rate, step = count / took, count // 10
    slowest = max(last - first for first, last in pairwise([0.0, *ends[step - 1 :: step]]))
    ratio, claims = many / few, claimed_then / claimed
    return [
        Figure(f"{count:,} downloads accepted in a burst", f"{rate:.0f} /s", ">= 500 /s", rate >= 500),
        Figure("· the slowest tenth of them", f"{step / slowest:.0f} /s", "", good=True),
        Figure(f"list of downloads, {count:,} waiting / {4 * PAGE}", f"{ratio:.1f} x", "<= 1.5 x", ratio <= 1.5),
        Figure("the queue takes the next, the same", f"{claims:.1f} x", "<= 1.5 x", claims <= 1.5),
        Figure("· how long that takes", f"{claimed_then * 1e3:.1f} ms", "", good=True),
    ]


async def _submit(running: Program, site: str, numbers: range) -> tuple[float, list[float]]:
    """Return the seconds, and the time at which each was accepted."""
    left, ends = iter(numbers), []

    async def one() -> None:
        async with Client(running.port, bearer(running)) as client:
            for number in left:
                body = json.dumps({"url": f"{site}/film/{number}"}).encode()
                status, _, said = await client.ask("/api/downloads", "POST", body)
                assert status == 201, said
                ends.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(16)))
    return ends[-1], ends


async def _look(running: Program) -> float:
    times = []
    async with Client(running.port, bearer(running)) as client:
        for _ in range(60):
            began = time.perf_counter()
            assert (await client.ask(f"/api/downloads?limit={PAGE}"))[0] == 200
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def _claims(running: Program) -> float:
    """Return the seconds in which another worker finds and claims a due row; it releases the row."""
    with scratch() as folder:
        argv = [
            sys.executable,
            str(REPOSITORY / "scripts/lib/claim_downloads.py"),
            embedded.Cluster(running.state).dsn,
            str(folder),
        ]
        return float(subprocess.run(argv, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout)


# ---- live progress ---------------------------------------------------------------------------------------

JOBS, TIMES, PAGES = 20, 10, 50  # downloads, updates of each per second, open pages


def live(*, quick: bool = False) -> list[Figure]:
    """Send progress of many downloads to many pages: measure CPU time and delay."""
    with program() as running:
        rounds = [asyncio.run(_live(running, 3)) for _ in range(1 if quick else 5)]
    used = statistics.median(part for part, _ in rounds)
    slow = statistics.median(percentile(late, 0.95) for _, late in rounds) * 1e3
    return [
        Figure(f"{JOBS} jobs, {TIMES}/s each, to {PAGES} pages", f"{used:.1%} of a core", "<= 5 %", used <= 0.05),
        Figure("· how late it is, 95th percentile", f"{slow:.0f} ms", "<= 400 ms", slow <= 400),
    ]


async def _live(running: Program, seconds: int) -> tuple[float, list[float]]:
    assert running.process is not None
    server, late, ready = {running.process.pid}, [], asyncio.Semaphore(0)

    async def page() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port, limit=1 << 20)
        words = "".join(f"{name}: {value}\r\n" for name, value in bearer(running).items())
        writer.write(f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\n{words}\r\n".encode())
        name = b""
        async for line in reader:
            if line.startswith(b"event: "):
                name = line[7:].strip()
                if name == b"snapshot":
                    ready.release()
            elif line.startswith(b"data: ") and name == b"progress":
                sent = max(row["speed"] or 0.0 for row in json.loads(line[6:]))  # the moment travels as the speed
                late.append(time.monotonic() - sent)

    pages = [asyncio.create_task(page()) for _ in range(PAGES)]
    for _ in pages:
        await asyncio.wait_for(ready.acquire(), 30)
    with sql(running) as database:
        owner = database.execute("select min(id) from account").fetchone()[0]
        before, began = cpu(server), time.monotonic()
        for tick in range(seconds * TIMES):
            await asyncio.sleep(max(0.0, began + tick / TIMES - time.monotonic()))
            now = time.monotonic()
            rows = [[number, "download", tick % 100 / 100, now, 10.0, owner] for number in range(JOBS)]
            database.execute("select pg_notify('mediafetcher', %s)", (json.dumps(["progress", rows]),))
        await asyncio.sleep(1)
        used = (cpu(server) - before) / (time.monotonic() - began)
    for task in pages:
        task.cancel()
    return used, late


# ---- users -----------------------------------------------------------------------------------------------


def people(*, quick: bool = False, minutes: float = 1.0) -> list[Figure]:
    """Run 200 users who browse, 20 who watch, 10 who submit: response times, failures, and memory growth."""
    with silent_site() as site, program(max_downloads=1) as running:
        assert running.process is not None
        plant(running, 1, 10_000)
        with sql(running) as database:
            item, _ = stored(running, database, 64 << 20)
        asyncio.run(_crowd(running, site, item, 3.0))
        before = proportional(running.process.pid)
        times, failed = asyncio.run(_crowd(running, site, item, 5.0 if quick else minutes * 60))
        grown = proportional(running.process.pid) / before
    slow = percentile(times, 0.95) * 1e3
    return [
        Figure("200 browse, 20 watch, 10 submit: 95th percentile", f"{slow:.0f} ms", "<= 300 ms", slow <= 300),
        Figure("· failed requests", _counted(failed), "0", not failed),
        Figure("· memory after / before", f"{grown:.2f} x", "<= 1.1 x", grown <= 1.1),
    ]


async def _crowd(running: Program, site: str, item: int, seconds: float) -> tuple[list[float], Counter[int]]:
    """Return the seconds of each request; how many failed, by status."""
    end, times, failed = time.monotonic() + seconds, [], Counter[int]()

    async def one(pause: float, ask: Any) -> None:
        await asyncio.sleep(random.random() * pause)
        async with Client(running.port, bearer(running)) as client:
            while time.monotonic() < end:
                began = time.perf_counter()
                status = await ask(client)
                times.append(time.perf_counter() - began)
                if status >= 400:
                    failed[status] += 1
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))

    async def browse(client: Client) -> int:
        path = random.choice(["/api/items?limit=50", "/api/downloads", "/api/folders", "/api/items?limit=50&q=fox"])
        return (await client.ask(path))[0]

    async def watch(client: Client) -> int:
        start = random.randrange(60) << 20
        return (await client.ask(f"/media/{item}", Range=f"bytes={start}-{start + (1 << 20) - 1}"))[0]

    async def submit(client: Client) -> int:
        body = json.dumps({"url": f"{site}/film/{random.random()}"}).encode()
        return (await client.ask("/api/downloads", "POST", body))[0]

    crowd = [one(4.0, browse) for _ in range(200)] + [one(1.0, watch) for _ in range(20)]
    await asyncio.gather(*crowd, *(one(2.0, submit) for _ in range(10)))
    return times, failed


def _counted(failed: Counter[int]) -> str:
    return ", ".join(f"{count} x {status}" for status, count in failed.items()) or "0"


# ---- references ------------------------------------------------------------------------------------------


def references(*, quick: bool = False) -> list[Figure]:
    """Measure references added and removed per second by four processes ("four machines' worth of workers").

    With the database on one core and on two, alternating. On one hot file each waits for the one before, whatever
    the number of cores.
    """
    seconds, files, rounds = (1, 1_000, 1) if quick else (1, 10_000, 5)
    cores = sorted(os.sched_getaffinity(0))[:2]
    rates: dict[tuple[str, int, int], list[float]] = {}
    with program() as running, sql(running) as database:
        plant(running, 1, files)
        first, owner = database.execute("select min(m.id), min(a.id) from media_file m, account a").fetchone()
        for _ in range(rounds):
            for name, count in (("hot", 1), ("many", files)):
                for hands, used in ((4, 1), (4, 2)):
                    with _pinned(running, cores[:used]):
                        rate = _hands(running, hands, owner, first, count, seconds, cores[:used])
                    rates.setdefault((name, hands, used), []).append(rate)
        wrong = database.execute(
            "select count(*) from media_file m where ref_count <>"
            " (select count(*) from library_item where media_file = m.id)"
        ).fetchone()[0]
    median = {key: statistics.median(found) for key, found in rates.items()}
    figures = []
    for key, name in (("many", f"{files:,} files"), ("hot", "one hot file")):
        figures.append(
            Figure(
                f"references added and removed, {name}, 4 processes",
                f"{median[key, 4, 2]:.0f} /s",
                "no error",
                good=True,
            )
        )
        if len(cores) == 2:
            gain = median[key, 4, 2] / median[key, 4, 1]
            # One file's row is one lock: the goal there is that more writers do not make it slower.
            least = 1.8 if key == "many" else 0.9
            figures.append(Figure("· on two cores / on one", f"{gain:.2f} x", f">= {least} x", gain >= least))
    figures.append(Figure("· counts that are wrong afterwards", str(wrong), "0", wrong == 0))
    return figures


@contextmanager
def _pinned(running: Program, cores: list[int]) -> Iterator[None]:
    """Limit the server and its database to these cores; their children follow."""
    before = os.sched_getaffinity(0)
    try:
        for pid in running.everything():
            with suppress(OSError):
                os.sched_setaffinity(pid, cores)
        yield
    finally:
        for pid in running.everything():
            with suppress(OSError):
                os.sched_setaffinity(pid, before)


def _hands(running: Program, hands: int, owner: int, first: int, count: int, seconds: int, cores: list[int]) -> float:
    argv = ["taskset", "-c", ",".join(map(str, cores)), sys.executable, f"{REPOSITORY}/scripts/lib/hold_references.py"]
    numbers = [str(number) for number in (owner, first, count, seconds)]
    given = [embedded.Cluster(running.state).dsn, str(running.state), *numbers]
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen([*argv, *given], cwd=REPOSITORY, stdin=pipe, stdout=pipe, text=True) for _ in range(hands)
    ]
    for process in started:  # all of them begin at once
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    done = 0
    for process in started:
        said, _ = process.communicate(timeout=seconds + 60)
        assert process.returncode == 0, "an error was left to the caller"
        done += int(said)
    return done / seconds
