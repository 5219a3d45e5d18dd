"""The server under attacks from outside: its response times, and the memory that they take."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

from bench_fetch import make_film
from figures import MIB, Figure, percentile, program, scratch

from tests import floods
from tests.faults.program import ENDED, Program
from tests.site import Site


def attacks(*, quick: bool = False) -> list[Figure]:
    """Measure /api/health and the server's memory under hostile subtitles, expanding HTTP/2 headers, and floods."""
    figures = _row("subtitles of strangers", *_subtitles())
    with program(max_downloads=1) as running:
        figures += _row("HTTP/2 headers that expand", *_flood(running, 4, floods.hpack_bomb(), quick=quick))
    for what, first in (
        ("silent connections", b""),
        ("half prefaces of HTTP/2", floods.PREFACE[:10]),
        ("half headers", floods.HALF_HEADER),
        ("headers of 15 kB", floods.FULL_HEADER),
    ):
        count = 1200 if quick else 3000
        with program(max_downloads=1) as running:
            figures += _row(f"{count:,} {what}", *_flood(running, count, first, quick=quick))
    return figures


def _row(what: str, times: list[float], grown: int) -> list[Figure]:
    worst = percentile(times, 0.99) * 1e3
    return [
        Figure(f"/api/health under {what}, 99th percentile", f"{worst:.0f} ms", "<= 50 ms", worst <= 50),
        Figure("· memory of the server grown by", f"{grown / MIB:.0f} MB", "<= 64 MB", grown <= 64 * MIB),
    ]


def _subtitles() -> tuple[list[float], int]:
    """Download hostile subtitles. Returns: seconds of each response meanwhile, bytes of memory."""
    with scratch() as folder, program(max_attempts=1, encoder="software") as running, Site(folder) as site:
        make_film(folder / "film.mp4")
        ids = []
        for name, text in floods.SUBTITLES.items():
            (folder / name).write_text(text)
            film = f"{name}.mp4"
            (folder / film).write_bytes((folder / "film.mp4").read_bytes() + len(name).to_bytes(4, "big"))
            (folder / f"{name}.html").write_text(floods.SUBTITLES_PAGE.format(name=name, film=film))
        assert running.process is not None

        def submit() -> None:
            for name in floods.SUBTITLES:
                options = {"subtitles": ["en"], "start": 0.5, "end": 3.5}
                link = site.url(f"/media/{name}.html")
                answer = running.ask("POST", "/downloads", {"url": link, "options": options})
                assert answer.status_code == 201, answer.text
                ids.append(answer.json()["id"])

        def ended() -> bool:
            return len(ids) == len(floods.SUBTITLES) and all(
                running.download(one)["state"] in (*ENDED, "needs_action") for one in ids
            )

        return asyncio.run(_during(running, _beside(submit, ended)))


def _beside(begin: Callable[[], None], ended: Callable[[], bool]) -> Callable[[], Awaitable[None]]:
    """Return an attack made of blocking calls, on a thread of its own."""

    async def attack() -> None:
        done = threading.Event()

        def work() -> None:
            begin()
            while not ended():
                done.wait(0.5)

        await asyncio.to_thread(work)

    return attack


def _flood(running: Program, count: int, first: bytes, *, quick: bool) -> tuple[list[float], int]:
    """Open connections that send `first`, renewed for a while. Returns: seconds of each response, bytes of memory."""

    async def attack() -> None:
        async with floods.Flood(running.port, count, first) as flood:
            await flood.all_open()
            await asyncio.sleep(5 if quick else 15)

    return asyncio.run(_during(running, attack))


async def _during(running: Program, attack: Callable[[], Awaitable[None]]) -> tuple[list[float], int]:
    """Request /api/health during an attack, each time by a new connection."""
    assert running.process is not None
    await floods.health(running.port, 50)
    before = floods.memory(running.process.pid)
    times: list[float] = []

    async def both() -> None:
        attacking = asyncio.ensure_future(attack())
        while not attacking.done() or len(times) < 200:
            times.extend(await floods.health(running.port, 1, 30))
            await asyncio.sleep(0.01)
        await attacking

    grown = await floods.peak(running.process.pid, both) - before
    return times, grown
