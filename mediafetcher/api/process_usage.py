"""What our children take of this machine now: read from /proc, our own descendants alone, by what they do."""

import os
from pathlib import Path
from typing import NamedTuple

from mediafetcher.core import clock
from mediafetcher.library.catalog import quotas
from mediafetcher.library.storage import scrub as reading
from mediafetcher.library.storage import space_reservation as rooms

GROUPS = ("fetch", "convert", "database")
_TICKS, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
_EVERY = 1.0  # seconds between two looks: over less, the ticks say little
_last: tuple[float, dict[int, int]] = (0.0, {})  # when we looked, and the ticks of each child then
_uses: dict[str, "Use"] = {}  # what we saw then


class Use(NamedTuple):
    """`cpu` in cores since the last look, `memory` in bytes (what is shared counts for each)."""

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
    """What each of GROUPS takes: downloads, conversions, PostgreSQL."""
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
    """The descendants of this process."""
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
    """Every process of this machine that can be seen; proc_pid_stat(5)."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            name, _, rest = (entry / "stat").read_text(errors="replace").partition(" (")[2].rpartition(") ")
        except OSError:
            continue  # it ended meanwhile
        fields = rest.split()
        ticks = int(fields[11]) + int(fields[12])
        found.append(_Process(int(entry.name), int(fields[1]), name, ticks, int(fields[21])))
    return found


async def share(owner: int) -> dict[str, int | None]:
    """What a person uses, as in `shares.of`."""
    return await quotas.of(owner)


async def scrub(owner: int) -> dict[str, object]:
    """How far the scrub is, as in `scrub.progress`."""
    return await reading.progress(owner)


def room() -> dict[str, int]:
    """Bytes `free` where it is tightest, and `reserved` for the downloads in work here."""
    return {"free": rooms.free(), "reserved": rooms.reserved()}
