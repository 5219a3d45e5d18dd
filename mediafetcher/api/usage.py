"""What the conversions that run now take of this machine: read from /proc, of our own children."""

import os
from pathlib import Path

from mediafetcher.base import clock

_TICKS, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
_last: tuple[float, dict[int, int]] = (0.0, {})  # when we looked, and the ticks of each child then


def conversions() -> dict[str, float | int]:
    """`running`, `cpu` in cores since the last look, `memory` in bytes; all 0 where nothing is converted."""
    global _last
    now, ticks, memory = clock.monotonic(), {}, 0
    for pid, used, pages in _children():
        ticks[pid] = used
        memory += pages * _PAGE
    before, known = _last
    spent = sum(used - known[pid] for pid, used in ticks.items() if pid in known)
    cpu = spent / _TICKS / (now - before) if now > before else 0.0
    _last = (now, ticks)
    return {"running": len(ticks), "cpu": round(max(0.0, cpu), 2), "memory": memory}


def _children() -> list[tuple[int, int, int]]:
    """(pid, ticks of CPU, pages of memory) of each ffmpeg that is our child; proc_pid_stat(5)."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            name, _, rest = (entry / "stat").read_text(errors="replace").partition(" (")[2].rpartition(") ")
        except OSError:
            continue  # it ended meanwhile
        fields = rest.split()
        if name.startswith("ffmpeg") and int(fields[1]) == os.getpid():
            found.append((int(entry.name), int(fields[11]) + int(fields[12]), int(fields[21])))
    return found
