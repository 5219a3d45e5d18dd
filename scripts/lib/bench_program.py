"""The program itself: start, idle costs, response times, sending bytes, and the cost of a conversion."""

import asyncio
import functools
import hashlib
import http.server
import json
import statistics
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from bench_peers import Peer, idle
from figures import GIB, Figure, children_cpu, cpu, median, program, proportional, request, scratch

from mediafetcher.core import settings
from mediafetcher.media import ffmpeg, probe, transcode
from tests.faults.program import Program

# ---- start --------------------------------------------------------------------------------------------


IDLE, SETTLED = 20.0, 3.0  # seconds that it is watched at rest, after so many
AS_SHIPPED = {"heartbeat_seconds": 10, "reconcile_seconds": 5, "lease_seconds": 60}  # slower than the tests set them


def start(*, quick: bool = False, peers: Sequence[Peer] = ()) -> list[Figure]:
    """Measure from exec to the first good response of /api/health, with the embedded PostgreSQL and existing state."""
    with program(**AS_SHIPPED) as running:

        def once() -> float:
            running.stop()
            began = time.monotonic()
            running.start()
            wait_for_health(running.port)
            return time.monotonic() - began

        took = median(3 if quick else 5, once)
        memory = sum(proportional(pid) for pid in running.everything())
        time.sleep(SETTLED)
        everything = running.everything()
        before, seconds = cpu(everything), IDLE / 4 if quick else IDLE
        time.sleep(seconds)
        used = (cpu(everything) - before) / seconds
    return [
        Figure("warm start to /api/health, with PostgreSQL", f"{took:.2f} s", "< 2 s", took < 2),
        Figure("idle memory with PostgreSQL (PSS)", f"{memory / 1e6:.0f} MB", "<= 150 MB", memory <= 150e6),
        Figure("idle CPU with PostgreSQL", f"{used:.1%} of a core", "<= 1 %", used <= 0.01),
        *idle(peers),
    ]


def wait_for_health(port: int) -> None:
    while True:
        try:
            if request(port, "GET", "/api/health")[0] == 200:
                return
        except OSError:
            time.sleep(0.005)


# ---- accepting downloads ------------------------------------------------------------------------------


class _Slow(http.server.BaseHTTPRequestHandler):
    """A site whose pages take a second, so that an extraction is in progress."""

    def do_GET(self) -> None:
        time.sleep(1)
        with suppress(BrokenPipeError):  # cancelled meanwhile
            self.send_error(404)

    def log_message(self, *_: object) -> None: ...


def accept(*, quick: bool = False) -> list[Figure]:
    """Measure the response to POST /api/downloads while extractions run."""
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Slow)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{site.server_address[1]}"
    with program() as running:
        times = []
        for number in range(20 if quick else 40):
            wish = json.dumps({"url": f"{base}/page/{number}"})
            head = {"Authorization": f"Bearer {running._token}", "Content_Type": "application/json"}
            began = time.monotonic()
            status, _ = request(running.port, "POST", "/api/downloads", wish, **head)
            times.append(time.monotonic() - began)
            assert status == 201, status
            time.sleep(0.05)
    site.shutdown()
    middle, worst = statistics.median(times) * 1e3, sorted(times)[-2] * 1e3
    return [
        Figure("a download accepted while extractions run", f"{middle:.0f} ms", "< 50 ms", middle < 50),
        Figure("the same, 95th percentile", f"{worst:.0f} ms", "", good=True),
    ]


# ---- stored sources --------------------------------------------------------------------------------------


def links() -> list[Figure]:
    """Measure the response to a link whose source is in the store: a new item without a fetch."""
    with scratch() as folder, program() as running:
        film = folder / "film.mp4"
        source = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2", "-pix_fmt", "yuv420p"]
        subprocess.run([ffmpeg.path(), "-v", "error", *source, "-movflags", "+faststart", str(film)], check=True)
        handler = functools.partial(_Files, directory=str(folder))
        site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=site.serve_forever, daemon=True).start()
        link = f"http://127.0.0.1:{site.server_address[1]}/film.mp4"
        running.submit(link)
        running.all_ended(60)
        before, asked = running.ask("GET", "/system").json()["saved"], len(_Files.asked)
        head = {"Authorization": f"Bearer {running._token}", "Content_Type": "application/json"}
        times, items = [], set()
        for number in range(41):
            wish = json.dumps({"url": link, "folder": f"Folder {number}"})
            began = time.monotonic()
            status, body = request(running.port, "POST", "/api/downloads", wish, **head)
            times.append(time.monotonic() - began)
            assert status == 201, status
            items.add(json.loads(body)["item"])
        saved = running.ask("GET", "/system").json()["saved"]
        size = next(iter(running.items()))["media"]["size"]
        site.shutdown()
    took = statistics.median(times) * 1e3
    exact = saved == {"bytes": before["bytes"] + 41 * size, "downloads": before["downloads"] + 41}
    good = took < 50 and len(items) == 41 and len(_Files.asked) == asked
    return [
        Figure("a link already in the store: a new item", f"{took:.0f} ms", "< 50 ms", good),
        Figure("saved so far counts each of 41 links", "exact" if exact else str(saved), "exact", exact),
    ]


class _Files(http.server.SimpleHTTPRequestHandler):
    """A site of files that records its requests."""

    asked: ClassVar[list[str]] = []

    def log_message(self, *said: object) -> None:
        self.asked.append(self.path)


# ---- bytes --------------------------------------------------------------------------------------------


def ranges() -> list[Figure]:
    """Fetch the last byte of a stored file of 2 GB."""
    with scratch() as folder:
        with (folder / "big").open("wb") as file:
            file.truncate(2 * GIB)
        took, ok = asyncio.run(_last_byte(folder))
    return [Figure("Range of the last byte of a 2 GB file", f"{took * 1e3:.1f} ms", "< 50 ms", ok and took < 0.05)]


async def _last_byte(folder: Path) -> tuple[float, bool]:
    with program() as running:
        store = running.state / "media" / "store"
        name = hashlib.sha256(b"a sparse file").hexdigest()
        target = store / name[:2] / f"{name}.mp4"
        target.parent.mkdir(parents=True, exist_ok=True)
        (folder / "big").rename(target)
        settings.use(settings.load({"state": str(running.state)}, {}))
        item = await _plant(running, name)
        head = {"Authorization": f"Bearer {running._token}", "Range": f"bytes={2 * GIB - 1}-"}
        times = []
        for _ in range(21):
            began = time.monotonic()
            status, body = request(running.port, "GET", f"/media/{item}", **head)
            times.append(time.monotonic() - began)
        return statistics.median(times), status == 206 and len(body) == 1


async def _plant(running: Program, name: str) -> int:
    """Insert a library item of 2 GB without hashing 2 GB: the rows are written directly."""
    from mediafetcher.db import embedded, engine

    await engine.connect(embedded.Cluster(running.state).dsn)
    try:
        media = await engine.fetchval(
            "insert into media_file (sha256, size, kind, ext) values (decode($1, 'hex'), $2, 'video/mp4', '.mp4')"
            " returning id",
            name,
            2 * GIB,
        )
        return await engine.fetchval(
            "insert into library_item (owner, media_file, title) select min(id), $1, 'big' from account returning id",
            media,
        )
    finally:
        await engine.close()


# ---- conversion ------------------------------------------------------------------------------------------


def ladder(*, quick: bool = False) -> list[Figure]:
    """Compare the CPU seconds of the chosen action with transcoding, for a minute of 1080p at 4 Mbit/s."""
    with scratch() as folder:
        film, seconds = folder / "film.mkv", 15 if quick else 60
        picture = ["-f", "lavfi", "-i", f"testsrc2=size=1920x1080:rate=25:duration={seconds}"]
        sound = ["-f", "lavfi", "-i", f"sine=duration={seconds}"]
        coding = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "4M", "-pix_fmt", "yuv420p", "-c:a", "aac"]
        subprocess.run([ffmpeg.path(), "-v", "error", *picture, *sound, *coding, str(film)], check=True)
        chosen = median(5, lambda: children_cpu(lambda: asyncio.run(_as_decided(film, folder / "out.mp4"))))
        always = [ffmpeg.path(), "-v", "error", "-y", "-i", str(film), "-c:v", "libx264", "-preset", "medium"]
        peer = children_cpu(lambda: subprocess.run([*always, "-c:a", "aac", str(folder / "t.mp4")], check=True))
    ratio = peer / chosen
    return [Figure("CPU of an H.264 MKV: transcoding always / ours", f"{ratio:.0f} x", ">= 300 x", ratio >= 300)]


async def _as_decided(source: Path, target: Path) -> None:
    settings.use(settings.Settings(state=target.parent, media=target.parent))
    facts = await probe.probe(source)
    decision = probe.decide(facts)
    await transcode.convert(source, target, facts, decision, max_height=1080, threads=1, on_progress=lambda *_: None)
