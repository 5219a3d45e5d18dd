"""Benchmarks of the library with many files and large ones: import, check, export, one file of 8 GB.

Each run works in a folder of its own and removes it. The small counts show that it works and how fast; `--deep`
runs the counts of docs/promises.md.
"""

import asyncio
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from mediafetcher.core import settings
from mediafetcher.db import embedded, engine, migrate
from mediafetcher.library.catalog import items
from mediafetcher.library.export import sync
from mediafetcher.library.storage import blob_store, mount
from mediafetcher.media import ffmpeg

MIB = 1 << 20
FILMS = 50  # one file in this many is a film, which gets a poster; the others are sounds


class Run(NamedTuple):
    """The result of one command: seconds, its memory over time (bytes, PSS) and its output."""

    seconds: float
    memory: list[int]
    said: str


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mf-bench-", dir=os.environ.get("MEDIAFETCHER_BENCH", "/tmp")))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_files(folder: Path, count: int) -> None:
    """Make distinct small media files of 1 KiB and more, 500 in a folder: each with its number in an empty box."""
    film, sound = folder / "film.mp4", folder / "sound.m4a"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=64x64:rate=1:duration=1", "-c:v", "libx264", "-pix_fmt", "yuv420p"]
    tone = ["-f", "lavfi", "-i", "sine=duration=0.2", "-c:a", "aac", "-b:a", "16k", "-ar", "16000"]
    for path, what in ((film, picture), (sound, tone)):
        make = [ffmpeg.path(), "-v", "error", *what, "-movflags", "+faststart", "-bitexact", str(path)]
        subprocess.run(make, check=True)
    kinds = {path.suffix: path.read_bytes() for path in (film, sound)}
    film.unlink()
    sound.unlink()
    for number in range(count):
        suffix = ".mp4" if number % FILMS == 0 else ".m4a"
        place = folder / f"{number // 500:04}" / f"{number:06}{suffix}"
        place.parent.mkdir(exist_ok=True)
        text = b"%016d" % number
        place.write_bytes(kinds[suffix] + (8 + len(text)).to_bytes(4, "big") + b"free" + text)


def command(state: Path, *arguments: str) -> Run:
    """Run `mediafetcher ...` on a state folder, and sample its memory."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(settings.PREFIX)}
    environment |= {f"{settings.PREFIX}STATE": str(state), f"{settings.PREFIX}MIN_FREE": "0"}
    began = time.monotonic()
    program = subprocess.Popen(
        [sys.executable, "-m", "mediafetcher", *arguments], env=environment, stdout=subprocess.PIPE, text=True
    )
    memory: list[int] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.25):
            memory.append(proportional(program.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    said, _ = program.communicate()
    ended.set()
    watcher.join()
    assert program.returncode == 0, said[-2000:]
    return Run(time.monotonic() - began, [used for used in memory if used], said)


def proportional(pid: int) -> int:
    """Return the memory in bytes, shared pages divided by their users (Linux, smaps_rollup); 0 if it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def growth(memory: list[int]) -> int:
    """Return the bytes by which the peak exceeds the peak of the first quarter."""
    quarter = max(1, len(memory) // 4)
    return max(memory) - max(memory[:quarter]) if memory else 0


# ---- import and check ------------------------------------------------------------------------------------


class Imported(NamedTuple):
    adopted: Run
    again: Run
    checked: Run


def import_files(count: int) -> Imported:
    """Import this many files, import them again, check the library."""
    with scratch() as folder:
        films = folder / "films"
        films.mkdir()
        make_files(films, count)
        state = folder / "state"
        adopted = command(state, "import", str(films))
        assert f"{count} added, 0 known, 0 skipped;" in adopted.said, adopted.said[-500:]
        again = command(state, "import", str(films))
        assert f"0 added, {count} known" in again.said, again.said[-500:]
        return Imported(adopted, again, command(state, "check"))


class Films(NamedTuple):
    adopted: Run
    peer: float  # seconds of `cp`, `sync` and `sha256sum`
    size: int


def import_films(count: int, size: int) -> Films:
    """Import films of this size each: the pass over the bytes dominates."""
    with scratch() as folder:
        films = folder / "films"
        films.mkdir()
        make_files(films, FILMS)
        head = (films / "0000" / "000000.mp4").read_bytes()
        shutil.rmtree(films / "0000")
        for number in range(count):
            with (films / f"{number}.mp4").open("wb") as file:
                file.write(head + (8 + size).to_bytes(4, "big") + b"free")
                for _ in range(size // MIB):
                    file.write(os.urandom(MIB))
        adopted = command(folder / "state", "import", str(films))
        assert f"{count} added" in adopted.said, adopted.said[-500:]
        shutil.rmtree(folder / "state")
        return Films(adopted, _copy_and_hash(sorted(films.iterdir()), folder / "copies"), count * size)


def _copy_and_hash(paths: list[Path], target: Path) -> float:
    """Return the seconds of the usual tools for it."""
    target.mkdir()
    began = time.monotonic()
    subprocess.run(["cp", *map(str, paths), str(target)], check=True)
    subprocess.run(["sync", "-f", str(target)], check=True)
    subprocess.run(["sha256sum", *map(str, target.iterdir())], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


# ---- one large file ----------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def installation(folder: Path) -> AsyncIterator[int]:
    """Set up an installation in this process. Yields: the number of its user."""
    settings.use(settings.Settings(state=folder, media=folder / "media", min_free=0))
    running = embedded.Cluster(folder)
    try:
        await engine.connect(await running.start())
        await migrate.migrate()
        await mount.prepare()
        yield await engine.fetchval("insert into account (name, admin) values ('ada', true) returning id")
    finally:
        await engine.close()
        await running.stop()


class Large(NamedTuple):
    seconds: float
    peer: float  # seconds of `cp`, `sync` and `sha256sum`
    memory: int  # bytes above what was used before


def large(size: int) -> Large:
    """Hash and store a file of random bytes, compared with `cp` and `sha256sum` of it."""
    with scratch() as folder:
        source = folder / "random"
        with source.open("wb") as file, open("/dev/urandom", "rb", buffering=0) as noise:
            for _ in range(size // MIB):
                file.write(noise.read(MIB))
        seconds, memory = asyncio.run(_store(folder, source))
        return Large(seconds, _copy_and_hash([source], folder / "copies"), memory)


async def _store(folder: Path, source: Path) -> tuple[float, int]:
    (folder / "state").mkdir(mode=0o711)
    async with installation(folder / "state") as owner:
        with high_water() as memory:
            began = time.monotonic()
            staged = await blob_store.stage(source)
            kind = items.MediaFacts("video/mp4", ".mp4")
            await items.add_media(owner=owner, staged=staged, facts=kind, entry=items.Entry("random"))
            seconds = time.monotonic() - began
        stored = blob_store.path_of(staged.sha256, ".mp4")
        assert stored.stat().st_size == source.stat().st_size
        digest = hashlib.sha256()
        with stored.open("rb") as file:
            while chunk := file.read(MIB):
                digest.update(chunk)
        assert digest.digest() == staged.sha256
        stored.unlink()
        return seconds, memory()


@contextlib.contextmanager
def high_water() -> Iterator[Callable[[], int]]:
    """Yield a function that returns, afterwards, the bytes of memory needed in addition to those before."""

    def high() -> int:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    Path("/proc/self/clear_refs").write_text("5")  # the peak starts here
    before = high()
    most = 0
    yield lambda: most
    most = high() - before


# ---- export ----------------------------------------------------------------------------------------------


class Exported(NamedTuple):
    whole: float  # seconds of the first export
    rebuilt: float  # seconds of an update without a change
    change: float  # seconds of following one change
    idle: float  # seconds of finding no change


def export_tree(count: int) -> Exported:
    """Export a library of this many items, then change one."""
    with scratch() as folder:
        (folder / "state").mkdir(mode=0o711)
        return asyncio.run(_export(folder / "state", count))


async def _export(state: Path, count: int) -> Exported:
    async with installation(state) as owner:
        await plant(owner, count)
        whole, rebuilt = await _timed_export(), await _timed_export()
        first = await engine.fetchval("select min(id) from library_item")
        changes = []
        for number in range(11):
            await items.rename(first, owner, f"Another name {number}")
            began = time.monotonic()
            assert await sync.refresh() > 0
            changes.append(time.monotonic() - began)
        began = time.monotonic()
        assert await sync.refresh() == 0
        idle = time.monotonic() - began
        return Exported(whole, rebuilt, sorted(changes)[len(changes) // 2], idle)


async def _timed_export() -> float:
    began = time.monotonic()
    await sync.export()
    return time.monotonic() - began


async def plant(owner: int, count: int) -> None:
    """Insert items with tiny files and posters, a thousand in a folder: their bytes do not matter here."""
    hashes = [hashlib.sha256(b"%d" % number).digest() for number in range(count)]
    await engine.execute(
        "insert into folder (owner, name) select $1, 'Folder ' || n from generate_series(0, $2) n", owner, count // 1000
    )
    await engine.execute(
        "insert into media_file (sha256, size, kind, ext, poster) select h, 1, 'video/mp4', '.mp4', true"
        " from unnest($1::bytea[]) h",
        hashes,
    )
    await engine.execute(
        "insert into library_item (owner, folder, media_file, title) select $1, f.id, m.id, 'Film ' || m.id"
        " from media_file m join folder f on f.name = 'Folder ' || m.id / 1000 and f.owner = $1",
        owner,
    )

    def write() -> None:
        for sha256 in hashes:
            for name in (".mp4", "poster.jpg"):
                path = blob_store.path_of(sha256, name)
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(b"x")

    await asyncio.to_thread(write)
