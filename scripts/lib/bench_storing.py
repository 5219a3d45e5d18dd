"""Hash and store a file of noise, compared with `cp` and `sync`, on the store's disk and from another file system."""

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

from mediafetcher.library.catalog import items
from mediafetcher.library.storage import blob_store


class Rounds(NamedTuple):
    """Seconds of the product, of `cp` and `sync`, of `sha256sum`, by round; the product's peak memory in bytes."""

    ours: list[float]
    copy: list[float]
    hash: list[float]
    memory: int

    def ratio(self, *others: list[float]) -> float:
        """Return the median of the rounds' ratios: the sum of the others, divided by ours."""
        return statistics.median(sum(theirs) / ours for ours, *theirs in zip(self.ours, *others, strict=True))


def storing(*, quick: bool = False) -> list[Figure]:
    size, rounds = (GIB // 8, 1) if quick else (2 * GIB, 5)
    same = _beside(Path(os.environ.get("MEDIAFETCHER_BENCH", "/tmp")), size, rounds)
    alone, both, memory = same.ratio(same.copy), same.ratio(same.copy, same.hash), same.memory / 1e6
    figures = [
        Figure(f"{size // MIB} MiB hashed and stored / cp and sync", f"{alone:.2f} x", ">= 0.9 x", alone >= 0.9),
        Figure("· / cp, sync and sha256sum", f"{both:.2f} x", ">= 0.9 x", both >= 0.9),
        Figure(
            "· of what openssl speed hashes", f"{size / statistics.median(same.ours) / _openssl():.0%}", "", good=True
        ),
        Figure("· memory for it", f"{memory:.0f} MB", "< 40 MB", memory < 40),
    ]
    if os.path.ismount("/dev/shm") and shutil.disk_usage("/dev/shm").free > 2 * size:
        other = _beside(Path("/dev/shm"), size, rounds)
        ratio = other.ratio(other.copy)
        figures.append(Figure("· from another file system / cp and sync", f"{ratio:.2f} x", ">= 0.9 x", ratio >= 0.9))
    return figures


def _beside(disk: Path, size: int, rounds: int) -> Rounds:
    """Run the rounds with the file on `disk`."""
    source = disk / f"mf-bench-{os.getpid()}"
    try:
        with source.open("wb") as file:
            for _ in range(size // MIB):
                file.write(os.urandom(MIB))
        with scratch() as folder:
            (folder / "state").mkdir(mode=0o711)
            return asyncio.run(_rounds(source, folder, rounds))
    finally:
        source.unlink(missing_ok=True)


async def _rounds(source: Path, folder: Path, rounds: int) -> Rounds:
    """Alternate which is first. Both keep their file until the end of the round.

    In a virtual machine the first use of memory costs more than the work, and which copy pays for it is chance: so
    each begins with as much free memory as it needs, used before.
    """
    found = Rounds([], [], [], 0)

    def copy() -> None:
        subprocess.run(["cp", source, folder / "copy"], check=True)
        subprocess.run(["sync", folder / "copy"], check=True)

    def sha256sum() -> None:
        subprocess.run(["sha256sum", source], check=True, stdout=subprocess.DEVNULL)

    async with installation(folder / "state") as owner:
        for number in range(rounds):
            for name in ("ours", "copy") if number % 2 else ("copy", "ours"):
                os.sync()
                bytearray(source.stat().st_size * 3 // 2)
                if name == "copy":
                    found.copy.append(_seconds(copy))
                    continue
                with high_water() as memory:
                    began = time.monotonic()
                    staged = await blob_store.stage(source)
                    kind = items.MediaFacts("video/mp4", ".mp4")
                    await items.add_media(owner=owner, staged=staged, facts=kind, entry=items.Entry("noise"))
                    found.ours.append(time.monotonic() - began)
                found = found._replace(memory=max(found.memory, memory()))
            found.hash.append(_seconds(sha256sum))
            stored = blob_store.path_of(staged.sha256, ".mp4")
            assert number < rounds - 1 or blob_store.verify(stored) == staged.sha256  # once, since it is slow
            stored.unlink()
            (folder / "copy").unlink()
    return found


def _seconds(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _openssl() -> float:
    """Return the bytes per second that one core hashes."""
    said = subprocess.run(
        ["openssl", "speed", "-seconds", "1", "-bytes", "16384", "-evp", "sha256"],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(said.stdout.split()[-1].removesuffix("k")) * 1000
