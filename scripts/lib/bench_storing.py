"""A file of noise hashed and stored, beside `cp` and `sync`, on the disk of the store and from another file system."""

import asyncio
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from figures import GIB, MIB, Figure, scratch
from library_bench import high_water, installation

from mediafetcher.library import items, store


class Rounds(NamedTuple):
    """Medians: seconds of ours, of `cp` and `sync`, of `sha256sum`; the most memory of ours, in bytes."""

    ours: float
    copy: float
    hash: float
    memory: int


def storing(*, quick: bool = False) -> list[Figure]:
    size, rounds = (GIB // 4, 1) if quick else (2 * GIB, 5)
    same = _beside(Path(os.environ.get("MEDIAFETCHER_BENCH", "/tmp")), size, rounds)
    ratio, memory = same.copy / same.ours, same.memory / 1e6
    both = (same.copy + same.hash) / same.ours
    figures = [
        Figure(f"{size // MIB} MiB hashed and stored / cp and sync", f"{ratio:.2f} x", ">= 0.9 x", ratio >= 0.9),
        Figure("· / cp, sync and sha256sum", f"{both:.2f} x", ">= 0.9 x", both >= 0.9),
        Figure("· of what openssl speed hashes", f"{size / same.ours / _openssl():.0%}", "", True),
        Figure("· memory for it", f"{memory:.0f} MB", "< 40 MB", memory < 40),
    ]
    if os.path.ismount("/dev/shm") and shutil.disk_usage("/dev/shm").free > 2 * size:
        other = _beside(Path("/dev/shm"), size, rounds, hash=False)
        ratio = other.copy / other.ours
        figures.append(Figure("· from another file system / cp and sync", f"{ratio:.2f} x", ">= 0.9 x", ratio >= 0.9))
    return figures


def _beside(disk: Path, size: int, rounds: int, *, hash: bool = True) -> Rounds:
    """The file lies on `disk`; ours and theirs take turns, after a first copy that brings both their memory."""
    source = disk / f"mf-bench-{os.getpid()}"
    try:
        with source.open("wb") as file:
            for _ in range(size // MIB):
                file.write(os.urandom(MIB))
        with scratch() as folder:
            (folder / "state").mkdir(mode=0o711)
            return asyncio.run(_rounds(source, folder, rounds, hash))
    finally:
        source.unlink(missing_ok=True)


async def _rounds(source: Path, folder: Path, rounds: int, hash: bool) -> Rounds:
    def copy() -> None:
        subprocess.run(["cp", source, folder / "copy"], check=True)
        subprocess.run(["sync", folder / "copy"], check=True)

    def hash_() -> None:
        subprocess.run(["sha256sum", source], check=True, stdout=subprocess.DEVNULL)

    found: list[tuple[float, float, float, int]] = []
    async with installation(folder / "state") as owner:
        for _ in range(rounds + 1):
            copied, hashed = _seconds(copy), _seconds(hash_) if hash else 0.0
            (folder / "copy").unlink()
            with high_water() as memory:
                began = time.monotonic()
                staged = await store.stage(source)
                kind = items.MediaFacts("video/mp4", ".mp4")
                await items.add_media(owner=owner, staged=staged, facts=kind, entry=items.Entry("noise"))
                ours = time.monotonic() - began
            stored = store.path_of(staged.sha256, ".mp4")
            assert len(found) < rounds or store.verify(stored) == staged.sha256  # once, since it takes its time
            stored.unlink()
            found.append((ours, copied, hashed, memory()))
    ours, copied, hashed, most = zip(*found[1:], strict=True)
    return Rounds(*(statistics.median(each) for each in (ours, copied, hashed)), max(most))


def _seconds(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _openssl() -> float:
    """Bytes a second that one core hashes."""
    said = subprocess.run(
        ["openssl", "speed", "-seconds", "1", "-bytes", "16384", "-evp", "sha256"],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(said.stdout.split()[-1].removesuffix("k")) * 1000
