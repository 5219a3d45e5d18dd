"""From the link to the library, beside `yt-dlp` by hand on the same links; and what the server feels of it."""

import asyncio
import functools
import http.server
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from figures import GIB, MIB, Client, Figure, bearer, cpu, percentile, program, proportional, request, scratch, sql

from mediafetcher.media import ffmpeg
from tests.faults.program import Program, below, until
from tests.site import Site
from tests.site.behaviours import free_box

AT_ONCE, ROUNDS = 3, 5


class _Files(http.server.SimpleHTTPRequestHandler):
    """A web server that costs next to nothing: the kernel sends the bytes."""

    protocol_version = "HTTP/1.1"

    def copyfile(self, source, outputfile) -> None:  # type: ignore[no-untyped-def]
        outputfile.flush()
        self.connection.sendfile(source)

    def log_message(self, *_: object) -> None: ...


class _Site(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Who only looks hangs up, which is no error."""


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    handler = functools.partial(_Files, directory=str(folder))
    site = _Site(("127.0.0.1", 0), handler)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{site.server_address[1]}"
    finally:
        site.shutdown()


def fetching(*, quick: bool = False) -> list[Figure]:
    """Many small files, three at once, each way by turns; then one large file that must be packed anew."""
    sizes = ((20, MIB),) if quick else ((20, MIB), (200, 64 << 10))
    figures = []
    with scratch() as folder, _served(folder) as base, program(jobs=AT_ONCE, jobs_per_site=AT_ONCE) as running:
        make_film(folder / "film.mp4")
        for count, size in sizes:
            rounds = 2 if quick else ROUNDS if count < 100 else 1
            figures += _many(running, base, folder, count, size, rounds)
        figures += _large(running, base, folder, (32 if quick else 200) * MIB, 2 if quick else ROUNDS)
    return figures


def make_film(path: Path, seconds: int = 2, size: str = "320x180", *how: str) -> None:
    picture = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={seconds}"]
    sound = ["-f", "lavfi", "-i", f"sine=duration={seconds}"]
    coded = how or ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-movflags", "+faststart")
    subprocess.run([ffmpeg.path(), "-v", "error", "-y", *picture, *sound, *coded, "-c:a", "aac", str(path)], check=True)


def _films(base: str, folder: Path, name: str, count: int, size: int) -> list[str]:
    """Links to films of that size, no two alike, whose playable part is small."""
    film, links = (folder / "film.mp4").read_bytes(), []
    for number in range(count):
        start = film + free_box(f"{name} {number}")
        rest = max(8, size - len(start))
        padding = rest.to_bytes(4, "big") + b"free" + os.urandom(rest - 8)
        (folder / f"{name}-{number}.mp4").write_bytes(start + padding)
        links.append(f"{base}/{name}-{number}.mp4")
    return links


def _many(running: Program, base: str, folder: Path, count: int, size: int, rounds: int) -> list[Figure]:
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    for number in range(rounds):
        links = _films(base, folder, f"round-{size}-{number}", count, size)
        ours.append(_ours(running, links))
        theirs.append(_by_hand(links, folder / "hand"))
        for path in folder.glob("round-*"):
            path.unlink()
    wall, spent = (statistics.median(row[part] for row in ours) for part in (0, 1))
    by_hand, spent_by_hand = (statistics.median(row[part] for row in theirs) for part in (0, 1))
    words = f"{count} files of {size // 1024} KiB, {AT_ONCE} at once"
    both = f"{wall:.1f} s, {spent:.1f} CPU-s"
    return [
        Figure(f"{words}: from the links to the library", both, "", True),
        Figure("· by hand, without a library", f"{by_hand:.1f} s, {spent_by_hand:.1f} CPU-s", "", True),
        Figure("· time / yt-dlp by hand", f"{wall / by_hand:.2f}", "<= 0.9", wall <= 0.9 * by_hand),
        Figure("· CPU / yt-dlp by hand", f"{spent / spent_by_hand:.2f}", "<= 0.9", spent <= 0.9 * spent_by_hand),
    ]


def _ours(running: Program, links: list[str]) -> tuple[float, float]:
    """-> seconds, and CPU seconds of the program and all its children, until all links are in the library."""
    head = bearer(running) | {"Content_Type": "application/json"}
    before, began = _spent(running), time.monotonic()
    for link in links:
        status, said = request(running.port, "POST", "/api/downloads", json.dumps({"url": link}), **head)
        assert status == 201, said
    with sql(running) as database:

        def ended() -> dict[str, int]:
            rows = database.execute(
                "select state, count(*) from download where url = any(%s) group by state", [links]
            ).fetchall()
            found = dict(rows)
            return found if found.get("done", 0) + found.get("failed", 0) == len(links) else {}

        states = until(ended, 900, "all of them ended")
    took = time.monotonic() - began
    assert states == {"done": len(links)}, states
    return took, _spent(running) - before


def _spent(running: Program) -> float:
    """CPU seconds of the program; what ended below it counts with whoever waited for it (proc_pid_stat(5))."""
    total = 0.0
    for pid in running.everything():
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return total


def _yt_dlp(*arguments: str) -> None:
    quiet = ["-q", "--no-warnings", "--ffmpeg-location", ffmpeg.path()]
    subprocess.run([sys.executable, "-m", "yt_dlp", *quiet, *arguments], check=True, stdin=subprocess.DEVNULL)


def _by_hand(links: list[str], folder: Path) -> tuple[float, float]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return _timed(lambda: list(pool.map(lambda link: _yt_dlp("-P", str(folder), link), links)))


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    before, began = os.times(), time.monotonic()
    work()
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - began, spent


def _large(running: Program, base: str, folder: Path, size: int, rounds: int) -> list[Figure]:
    """One large MKV: fetched, packed anew as MP4, hashed and stored; by hand without hash and store.

    Both keep their film until the end of the round, begin with nothing left to be written, and take turns at being
    first. By hand nothing is hashed, and nothing is asked of the disk: what that would take is a row of its own.
    """
    ours, theirs, sure = [], [], []
    for number in range(rounds):
        name = f"large-{number}.mkv"
        _mkv(folder / name, size, number)
        hand = folder / f"hand-{number}"
        turns = [
            lambda: theirs.append(_timed(functools.partial(_packed, f"{base}/{name}", hand))[0]),  # noqa: B023
            lambda: ours.append(_ours(running, [f"{base}/{name}"])[0]),  # noqa: B023
        ]
        for turn in turns if number % 2 else reversed(turns):
            os.sync()
            bytearray(2 * GIB)  # memory that a virtual machine touches for the first time costs more than the work
            turn()
        film = hand / "film.mp4"
        sure.append(theirs[-1] + _timed(lambda: subprocess.run(["sha256sum", film], check=True, stdout=-3))[0])  # noqa: B023
        (folder / name).unlink()
        shutil.rmtree(hand)
    wall, by_hand, hashed = (statistics.median(times) for times in (ours, theirs, sure))
    ratio = statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
    words = f"one MKV of {size // MIB} MiB, from the link to a stored MP4"
    return [
        Figure(words, f"{wall:.1f} s", "", True),
        Figure("· by hand, not hashed, not synced, not stored", f"{by_hand:.1f} s", "", True),
        Figure("· by hand with sha256sum", f"{hashed:.1f} s", "", True),
        Figure("· time / yt-dlp and ffmpeg by hand", f"{ratio:.2f}", "<= 1.15", ratio <= 1.15),
    ]


def _mkv(path: Path, size: int, seed: int) -> None:
    """Noise that cannot be pressed together: 20 s at the rate that gives the size."""
    rate = size * 8 // 20
    noise = f"nullsrc=size=640x360:rate=25:duration=20,noise=alls=100:allf=t:all_seed={seed + 1}"
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", str(rate), "-minrate", str(rate), "-maxrate", str(rate)]
    held = ["-bufsize", str(rate), "-x264-params", "nal-hrd=cbr:filler=1", "-pix_fmt", "yuv420p", "-level", "5.2"]
    subprocess.run(
        [ffmpeg.path(), "-v", "error", "-y", "-f", "lavfi", "-i", noise, *coded, *held, str(path)], check=True
    )


def _packed(link: str, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    fetched, packed = folder / "film.mkv", folder / "film.mp4"
    _yt_dlp("-o", str(fetched), link)
    remux = ["-v", "error", "-i", str(fetched), "-c", "copy", "-movflags", "+faststart", str(packed)]
    subprocess.run([ffmpeg.path(), *remux], check=True)
    fetched.unlink()


# ---- what the server feels -------------------------------------------------------------------------------


def health(*, quick: bool = False) -> list[Figure]:
    """/api/health while four downloads and a conversion run."""
    seconds = 4.0 if quick else 15.0
    with scratch() as folder, program(jobs=5, jobs_per_site=5) as running, Site(folder) as site:
        make_film(folder / "film.mp4")
        make_film(folder / "long.mkv", 240, "1280x720", "-c:v", "mpeg4", "-q:v", "5")
        converting = running.submit(site.url("/media/long.mkv"))
        running.reach(converting, "convert")
        names = [link.rpartition("/")[2] for link in _films("", folder, "slow", 4, 64 * MIB)]
        downloading = [running.submit(site.url(f"/slow/2000/{name}")) for name in names]
        for one in downloading:
            running.reach(one, "download")
        times = asyncio.run(_feel(running, seconds))
        stages = {row["id"]: row["stage"] for row in running.downloads()}
        assert stages == {converting: "convert"} | dict.fromkeys(downloading, "download"), stages
    worst, middle = percentile(times, 0.99) * 1e3, statistics.median(times) * 1e3
    what = "/api/health under 4 downloads and a conversion"
    return [
        Figure(f"{what}, median", f"{middle:.1f} ms", "", True),
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


def endurance(*, quick: bool = False) -> list[Figure]:
    """Many downloads in a row: the server's memory, and what is left behind."""
    count = 60 if quick else 300
    with scratch() as folder, _served(folder) as base, program(jobs=AT_ONCE, jobs_per_site=AT_ONCE) as running:
        assert running.process is not None
        server = running.process.pid
        make_film(folder / "film.mp4")
        _ours(running, _films(base, folder, "warm", 50, 64 << 10))
        before, memory = len(_others(running)), proportional(server)
        _ours(running, _films(base, folder, "row", count, 64 << 10))
        grown = proportional(server) / memory
        # The warm program leaves after a minute of rest; what then is there was there before.
        until(lambda: len(_others(running)) < before, 90, "the warm program left")
        more = len(_others(running)) - (before - 1)
        work, incoming = running.work(), list((running.state / "media" / "incoming").iterdir())
        spent = cpu({server})
        time.sleep(5)
        idle = (cpu({server}) - spent) / 5
    left = max(0, more) + len(work) + len(incoming)
    return [
        Figure(f"memory of the server after {count} more downloads", f"{grown:.2f} x", "<= 1.1 x", grown <= 1.1),
        Figure("· children, folders and half files left behind", str(left), "0", left == 0),
        Figure("· CPU of the server at rest afterwards", f"{idle:.1%}", "<= 1 %", idle <= 0.01),
    ]


def _others(running: Program) -> set[int]:
    """The children of the program but for PostgreSQL, which has as many processes as it likes."""
    assert running.process is not None
    found = set()
    for pid in below(running.process.pid):
        with suppress(OSError):
            if "postgres" not in Path(f"/proc/{pid}/comm").read_text():
                found.add(pid)
    return found
