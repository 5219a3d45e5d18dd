"""From the link to the library, compared with `yt-dlp` by hand and other downloaders' servers on the same links."""

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
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from bench_peers import Peer
from figures import GIB, MIB, Figure, bearer, program, request, scratch, sql

from mediafetcher.media import ffmpeg
from tests.faults.program import Program, until
from tests.site.behaviours import free_box

AT_ONCE, ROUNDS = 3, 5
Cost = tuple[float, float]  # seconds, CPU seconds


class _Files(http.server.SimpleHTTPRequestHandler):
    """A web server at minimal cost: the kernel sends the bytes."""

    protocol_version = "HTTP/1.1"

    def copyfile(self, source, outputfile) -> None:  # type: ignore[no-untyped-def]
        outputfile.flush()
        self.connection.sendfile(source)

    def log_message(self, *_: object) -> None: ...


class _Site(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that only looks closes the connection early, which is no error."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    handler = functools.partial(_Files, directory=str(folder))
    site = _Site(("127.0.0.1", 0), handler)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{site.server_address[1]}"
    finally:
        site.shutdown()


def fetching(*, quick: bool = False, peers: Sequence[Peer] = ()) -> list[Figure]:
    """Fetch one large file, many small ones, each method in turn; then one large file that must be remuxed."""
    figures = []
    with (
        scratch() as folder,
        served(folder) as base,
        program(max_downloads=AT_ONCE, max_downloads_per_site=AT_ONCE) as running,
    ):
        make_film(folder / "film.mp4")
        ours(running, films(base, folder, "first", 1, MIB))  # excludes the costs of the first download
        figures += _one(running, base, folder, peers, 1 if quick else ROUNDS)
        figures += _many(running, base, folder, 20, MIB, 1 if quick else ROUNDS, peers, each=not quick)
        if not quick:  # a long round already is 200 measurements
            figures += _many(running, base, folder, 200, 64 << 10, 1, peers, each=False)
        figures += _large(running, base, folder, (32 if quick else 200) * MIB, 1 if quick else ROUNDS)
    return figures


def make_film(path: Path, seconds: int = 2, size: str = "320x180", *how: str) -> None:
    picture = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={seconds}"]
    sound = ["-f", "lavfi", "-i", f"sine=duration={seconds}"]
    coded = how or ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-movflags", "+faststart")
    subprocess.run([ffmpeg.path(), "-v", "error", "-y", *picture, *sound, *coded, "-c:a", "aac", str(path)], check=True)


def films(base: str, folder: Path, name: str, count: int, size: int) -> list[str]:
    """Return links to distinct films of that size, whose playable part is small."""
    film, links = (folder / "film.mp4").read_bytes(), []
    for number in range(count):
        start = film + free_box(f"{name} {number}")
        rest = max(8, size - len(start))
        padding = rest.to_bytes(4, "big") + b"free" + os.urandom(rest - 8)
        (folder / f"{name}-{number}.mp4").write_bytes(start + padding)
        links.append(f"{base}/{name}-{number}.mp4")
    return links


def ours(running: Program, links: list[str]) -> Cost:
    """Return seconds, and CPU seconds of the program and all its children, until all links are in the library."""
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
    """Return CPU seconds of the program; those of an ended child count for its parent (proc_pid_stat(5))."""
    total = 0.0
    for pid in running.everything():
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return total


# ---- by hand ---------------------------------------------------------------------------------------------


def _yt_dlp(*arguments: str) -> None:
    quiet = ["-q", "--no-warnings", "--ffmpeg-location", ffmpeg.path()]
    subprocess.run([sys.executable, "-m", "yt_dlp", *quiet, *arguments], check=True, stdin=subprocess.DEVNULL)


def _commands(lists: Sequence[Sequence[str]], folder: Path) -> Cost:
    """Run a command for each list of links, three commands at once."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return _timed(lambda: list(pool.map(lambda links: _yt_dlp("-P", str(folder), *links), lists)))


def _timed(work: Callable[[], object]) -> Cost:
    before, began = os.times(), time.monotonic()
    work()
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - began, spent


def _medians(rounds: int, prepare: Callable[[int], list[str]], ways: dict[str, Callable[[list[str]], Cost]]):  # type: ignore[no-untyped-def]
    """Run each method in turn, on new links in each round. Returns: its median seconds and CPU seconds."""
    found: dict[str, list[Cost]] = {name: [] for name in ways}
    for number in range(rounds):
        links = prepare(number)
        for name, way in ways.items():
            found[name].append(way(links))
    return {name: tuple(statistics.median(part) for part in zip(*costs, strict=True)) for name, costs in found.items()}


def _one(running: Program, base: str, folder: Path, peers: Sequence[Peer], rounds: int) -> list[Figure]:
    size = 64 * MIB
    ways = {
        "": functools.partial(ours, running),
        "yt-dlp by hand": lambda links: _commands([links], folder / "hand"),
        **{peer.name: peer.fetch for peer in peers},
    }
    costs = _medians(rounds, lambda number: films(base, folder, f"one-{number}", 1, size), ways)
    for path in folder.glob("one-*"):
        path.unlink()
    return _beside("one file of 64 MiB, from the link to the library", costs, 1.15)


def _many(
    running: Program,
    base: str,
    folder: Path,
    count: int,
    size: int,
    rounds: int,
    peers: Sequence[Peer],
    *,
    each: bool,
) -> list[Figure]:
    """`each`: also run a command for each link, as a user who pastes them."""
    hand = folder / "hand"
    ways = {
        "": functools.partial(ours, running),
        "yt-dlp, a command for each link, 3 at once": lambda links: _commands([[link] for link in links], hand),
        "yt-dlp, one command with all links": lambda links: _commands([links], hand),
        "yt-dlp, 3 commands with a third each": lambda links: _commands([links[i::3] for i in range(3)], hand),
        **{peer.name: peer.fetch for peer in peers},
    }
    if not each:  # it takes minutes
        ways.pop("yt-dlp, a command for each link, 3 at once")
    costs = _medians(rounds, lambda number: films(base, folder, f"round-{size}-{number}", count, size), ways)
    for path in folder.glob("round-*"):
        path.unlink()
    return _beside(f"{count} files of {size // 1024} KiB, {AT_ONCE} at once, to the library", costs, 1.0)


def _beside(words: str, costs: dict[str, Cost], most: float) -> list[Figure]:
    """Return ours, and its ratio to each other method's time and CPU. The CPU of a peer on another machine is nan."""
    wall, spent = costs.pop("")
    figures = [Figure(words, f"{wall:.2f} s, {spent:.1f} CPU-s", "", good=True)]
    for name, (seconds, taken) in costs.items():
        figures.append(
            Figure(
                f"· time / {name}", f"{wall / seconds:.2f} of {seconds:.2f} s", f"<= {most:g}", wall <= most * seconds
            )
        )
        if taken == taken:
            what = f"· CPU / {name}"
            figures.append(Figure(what, f"{spent / taken:.2f} of {taken:.1f} CPU-s", "<= 1.2", spent <= 1.2 * taken))
    return figures


# ---- a file that must be remuxed -------------------------------------------------------------------------


def _large(running: Program, base: str, folder: Path, size: int, rounds: int) -> list[Figure]:
    """Fetch one large MKV, remux it to MP4, hash and store it; by hand without hash and store.

    Both keep their film until the end of the round, begin with nothing left to be written, and alternate in being
    first. By hand nothing is hashed or synced: a row of its own shows that cost.
    """
    mine, theirs, sure = [], [], []
    for number in range(rounds):
        name = f"large-{number}.mkv"
        _mkv(folder / name, size, number)
        hand = folder / f"hand-{number}"
        turns: list[Callable[[], None]] = [
            lambda: theirs.append(_timed(functools.partial(_packed, f"{base}/{name}", hand))[0]),  # noqa: B023
            lambda: mine.append(ours(running, [f"{base}/{name}"])[0]),  # noqa: B023
        ]
        for turn in turns if number % 2 else reversed(turns):
            os.sync()
            bytearray(2 * GIB)  # the first use of memory in a virtual machine costs more than the work
            turn()
        film = hand / "film.mp4"
        sure.append(theirs[-1] + _timed(lambda: subprocess.run(["sha256sum", film], check=True, stdout=-3))[0])  # noqa: B023
        (folder / name).unlink()
        shutil.rmtree(hand)
    wall, by_hand, hashed = (statistics.median(times) for times in (mine, theirs, sure))
    ratio = statistics.median(one / other for one, other in zip(mine, theirs, strict=True))
    words = f"one MKV of {size // MIB} MiB, from the link to a stored MP4"
    return [
        Figure(words, f"{wall:.1f} s", "", good=True),
        Figure("· by hand, not hashed, not synced, not stored", f"{by_hand:.1f} s", "", good=True),
        Figure("· by hand with sha256sum", f"{hashed:.1f} s", "", good=True),
        Figure("· time / yt-dlp and ffmpeg by hand", f"{ratio:.2f}", "<= 1.15", ratio <= 1.15),
    ]


def _mkv(path: Path, size: int, seed: int) -> None:
    """Write incompressible noise: 20 s at the rate that gives the size."""
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
