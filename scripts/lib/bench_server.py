"""The server under downloads: response times, and leftovers of many of them."""

import asyncio
import statistics
import time
from contextlib import suppress
from pathlib import Path

from bench_fetch import AT_ONCE, films, make_film, ours, served
from bench_program import AS_SHIPPED
from figures import MIB, Client, Figure, cpu, percentile, program, proportional, scratch

from tests.faults.program import Program, below, until
from tests.site import Site


def health(*, quick: bool = False) -> list[Figure]:
    """Measure /api/health while four downloads and a conversion run."""
    seconds = 4.0 if quick else 10.0
    with scratch() as folder, program(max_downloads=5, max_downloads_per_site=5) as running, Site(folder) as site:
        make_film(folder / "film.mp4")
        make_film(folder / "long.mkv", 60 if quick else 150, "1280x720", "-c:v", "mpeg4", "-q:v", "5")
        converting = running.submit(site.url("/media/long.mkv"))
        running.reach(converting, "convert")
        names = [link.rpartition("/")[2] for link in films("", folder, "slow", 4, 64 * MIB)]
        downloading = [running.submit(site.url(f"/slow/2000/{name}")) for name in names]
        for one in downloading:
            running.reach(one, "download")
        times = asyncio.run(_feel(running, seconds))
        stages = {row["id"]: row["stage"] for row in running.downloads()}
        assert stages == {converting: "convert"} | dict.fromkeys(downloading, "download"), stages
    worst, middle = percentile(times, 0.99) * 1e3, statistics.median(times) * 1e3
    what = "/api/health under 4 downloads and a conversion"
    return [
        Figure(f"{what}, median", f"{middle:.1f} ms", "", good=True),
        Figure("· 99th percentile", f"{worst:.1f} ms", "<= 20 ms", worst <= 20),
    ]


async def _feel(running: Program, seconds: float) -> list[float]:
    times, end = [], time.monotonic() + seconds
    async with Client(running.port) as client:
        while time.monotonic() < end:
            began = time.perf_counter()
            assert (await client.ask("/api/health"))[0] == 200
            times.append(time.perf_counter() - began)
            await asyncio.sleep(0.01)
    return times


_WARM = "from mediafetcher.fetch import prefork; prefork.IDLE_SECONDS = 5.0"  # it would stay for a minute


def endurance(*, quick: bool = False) -> list[Figure]:
    """Run many downloads in a row: the server's memory, and leftovers."""
    count = 60 if quick else 100
    with (
        scratch() as folder,
        served(folder) as base,
        program(_WARM, max_downloads=AT_ONCE, max_downloads_per_site=AT_ONCE, **AS_SHIPPED) as running,
    ):
        assert running.process is not None
        server = running.process.pid
        make_film(folder / "film.mp4")
        ours(running, films(base, folder, "warm", 50, 64 << 10))
        before, memory = len(_others(running)), proportional(server)
        ours(running, films(base, folder, "row", count, 64 << 10))
        grown = proportional(server) / memory
        # The prefork program ends after a while; the remaining children existed before.
        until(lambda: len(_others(running)) < before, 30, "the warm program left")
        more = len(_others(running)) - (before - 1)
        work, incoming = running.work(), list((running.state / "media" / "incoming").iterdir())
        spent = cpu({server})
        time.sleep(10)
        idle = (cpu({server}) - spent) / 10
    left = max(0, more) + len(work) + len(incoming)
    return [
        Figure(f"memory of the server after {count} more downloads", f"{grown:.2f} x", "<= 1.1 x", grown <= 1.1),
        Figure("· children, folders and half files left behind", str(left), "0", left == 0),
        Figure("· CPU of the server at rest afterwards", f"{idle:.1%}", "<= 1 %", idle <= 0.01),
    ]


def _others(running: Program) -> set[int]:
    """Return the children of the program without PostgreSQL, which has any number of processes."""
    assert running.process is not None
    found = set()
    for pid in below(running.process.pid):
        with suppress(OSError):
            if "postgres" not in Path(f"/proc/{pid}/comm").read_text():
                found.add(pid)
    return found
