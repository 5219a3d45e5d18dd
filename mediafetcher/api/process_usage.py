"""CPU and memory of our child processes, read from /proc and grouped by purpose."""

import os
from pathlib import Path
from typing import NamedTuple

from mediafetcher.core import clock
from mediafetcher.library.catalog import quotas
from mediafetcher.library.storage import scrub as reading
from mediafetcher.library.storage import space_reservation

GROUPS = ("fetch", "convert", "database")
_TICKS, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
_EVERY = 1.0  # seconds between two measurements: a shorter interval has too few ticks
_last: tuple[float, dict[int, int]] = (0.0, {})  # time of the last measurement, and the ticks of each child
_uses: dict[str, "Use"] = {}  # result of the last measurement


class Use(NamedTuple):
    """`cpu` in cores since the last measurement, `memory` in bytes (shared pages count for each process)."""

    running: int
    cpu: float
    memory: int


class _Process(NamedTuple):
    pid: int
    parent: int
    name: str
    ticks: int
    pages: int


def children() -> dict[str, Use]:
    """Measure each of GROUPS: downloads, conversions, PostgreSQL."""
    global _last, _uses
    now, (before, known) = clock.monotonic(), _last
    if _uses and now - before < _EVERY:
        return _uses
    found = _ours(_processes())
    _last = (now, {one.pid: one.ticks for one in found})
    uses = {}
    for group in GROUPS:
        members = [one for one in found if _group(one.name) == group]
        spent = sum(one.ticks - known[one.pid] for one in members if one.pid in known)
        cpu = spent / _TICKS / (now - before) if now > before else 0.0
        uses[group] = Use(len(members), round(max(0.0, cpu), 2), sum(one.pages for one in members) * _PAGE)
    _uses = uses
    return uses


def _group(name: str) -> str:
    return "convert" if name.startswith("ffmpeg") else "database" if name.startswith("postgres") else "fetch"


def _ours(every: list[_Process]) -> list[_Process]:
    """Select the descendants of this process."""
    below: dict[int, list[_Process]] = {}
    for one in every:
        below.setdefault(one.parent, []).append(one)
    found, waiting = [], [os.getpid()]
    while waiting:
        reached = below.get(waiting.pop(), [])
        found += reached
        waiting += [one.pid for one in reached]
    return found


def _processes() -> list[_Process]:
    """Read all visible processes of this machine; see proc_pid_stat(5)."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            name, _, rest = (entry / "stat").read_text(errors="replace").partition(" (")[2].rpartition(") ")
        except OSError:
            continue  # it has ended in the meantime
        fields = rest.split()
        ticks = int(fields[11]) + int(fields[12])
        found.append(_Process(int(entry.name), int(fields[1]), name, ticks, int(fields[21])))
    return found


async def share(owner: int) -> dict[str, int | None]:
    """Return what a user stores; see `quotas.usage`."""
    return await quotas.usage(owner)


async def scrub(owner: int) -> dict[str, object]:
    """Return the progress of the scrub; see `scrub.progress`."""
    return await reading.progress(owner)


def space() -> dict[str, int]:
    """Return `free`, the bytes on the fullest volume, and `reserved` for the active downloads of this machine."""
    return {"free": space_reservation.free(), "reserved": space_reservation.reserved()}
