"""The page in Chromium: Lighthouse's marks of every page, the weight of the first visit, frames while scrolling."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bench_lists
import httpx
from figures import Figure, leave_out, program, scratch

from mediafetcher.media import ffmpeg
from tests.faults.program import NAME, PASSWORD, REPOSITORY, Program, free_port

ITEMS, ROUNDS, HEAVIEST = 10_000, 5, 230_000
_NODE = REPOSITORY / "web" / "bench"


def page(*, quick: bool = False, alone: bool = False) -> list[Figure]:
    """Measure every page. In a full run each page is measured once, since Lighthouse is slow; `scripts/bench page`
    measures it five times.
    """
    node = _ready()
    if node is None:
        leave_out("Chromium, Node or Lighthouse is not to be had here.")
        return []
    rounds = ROUNDS if alone and not quick else 1
    with program() as running, _signed_in(running) as cookie:
        item = _film(running)
        bench_lists.plant(running, 1, ITEMS)

        def measured(measure: str, path: str, cookie: str = cookie) -> dict[str, Any]:
            return _asked(node, measure, f"{running.url}{path}", cookie)

        figures = [
            _marks(name, [measured("marks", path, with_) for _ in range(rounds)])
            for name, path, with_ in (
                ("sign-in", "/", ""),
                ("dashboard", "/", cookie),
                ("library", "/library", cookie),
                ("item and player", f"/watch/{item}", cookie),
                ("trash", "/trash", cookie),
                ("settings", "/settings", cookie),
            )
        ]
        heavy = int(statistics.median(measured("weight", "/")["bytes"] for _ in range(rounds)))
        scrolls = [measured("frames", "/library") for _ in range(1 if quick else ROUNDS if alone else 3)]
    return [
        *figures,
        Figure("first visit of the dashboard", f"{heavy / 1e3:.0f} kB", "<= 230 kB", heavy <= HEAVIEST),
        *_frames(scrolls),
    ]


def _marks(name: str, runs: list[dict[str, Any]]) -> Figure:
    """Return medians of performance, accessibility and best practices; rejected values are reported."""
    for refused in sorted({words for run in runs for words in run["refused"]}):
        print(f"  {name}: {refused}", file=sys.stderr)
    speed, access, practice = (int(statistics.median(run["marks"][i] for run in runs)) for i in range(3))
    good = speed >= 95 and access == 100 and practice == 100
    return Figure(f"Lighthouse, {name}", f"{speed} / {access} / {practice}", ">= 95 / 100 / 100", good)


def _frames(runs: list[dict[str, Any]]) -> list[Figure]:
    """Report frames. Without a graphics card the CPU paints: the time of our own script is a separate figure."""
    rate = statistics.median(run["rate"] for run in runs)
    long = statistics.median(len(run["tasks"]) for run in runs)
    own = statistics.median(run["script"] + run["layout"] for run in runs)
    worst = max((task for run in runs for task in run["tasks"]), default=0)
    longest = f"{long:.0f}" + (f", worst {worst:.0f} ms" if worst else "")
    return [
        Figure(f"{ITEMS:,} items scrolled", f"{rate:.0f} frames/s", ">= 55 frames/s", rate >= 55),
        Figure("· tasks over 50 ms", longest, "0", long == 0),
        Figure("· script and layout for one frame", f"{own:.1f} ms", "< 16 ms", own < 16),
    ]


def _asked(node: str, measure: str, url: str, cookie: str) -> dict[str, Any]:
    with scratch() as folder:
        words = {"measure": measure, "url": url, "cookie": cookie, "scratch": str(folder), "port": free_port()}
        done = subprocess.run(
            [node, _NODE / "page.mjs", json.dumps(words)], capture_output=True, text=True, timeout=240, cwd=_NODE
        )
    if done.returncode:
        raise RuntimeError(f"{measure} of {url}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


@contextmanager
def _signed_in(running: Program) -> Iterator[str]:
    """Yield the cookie of a session of the administrator."""
    with httpx.Client(base_url=running.url, headers={"origin": running.url}) as client:
        client.post("/api/session", json={"name": NAME, "password": PASSWORD}).raise_for_status()
        yield "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def _film(running: Program) -> int:
    """Import a playable film from a folder. Returns: its item."""
    with scratch() as folder:
        film = folder / "A film.mp4"
        source = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=4", "-pix_fmt", "yuv420p"]
        subprocess.run([ffmpeg.path(), "-v", "error", *source, "-movflags", "+faststart", str(film)], check=True)
        film.chmod(0o644)
        done = running.command("import", str(folder), "--user", NAME)
        assert done.returncode == 0, done.stdout + done.stderr
    return next(iter(running.items()))["id"]


def _ready() -> str | None:
    """Find Node with Lighthouse, and Chromium. Returns: the path of Node; None if one of them is missing."""
    if not Path(os.environ.get("CHROMIUM", "/usr/bin/chromium")).exists():
        return None
    script = f". {REPOSITORY}/scripts/lib/common.sh; ensure_npm web/bench >&2; ensure_page >&2; command -v node"
    found = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    return next(reversed(found.stdout.strip().splitlines()), None) if found.returncode == 0 else None
