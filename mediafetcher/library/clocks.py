"""Does time run as it should? What goes by its age must not go because a clock jumped.

Two clocks say how old things are: the database's (trash, files without holders) and this machine's (strays). Both
are compared with the time that has really passed since boot. Where one of them is off by more than an hour, nothing
is purged or swept until it is right again, or has stood for a day of running: then it is the new truth.

Whoever removes by age counts from the reading that was believed, not from a clock asked later: it may jump in between.

Across a stop nobody knows how long it was. A clock that went back, or ahead by more than a month, is doubted.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from mediafetcher.base import errors, log, settings
from mediafetcher.db import engine

_JUMP = 3600.0  # seconds that a clock may be off before it is doubted
_STEP = 60.0  # seconds that count as a jump for whoever waits for a certain time
_HOLD = 86_400.0  # seconds of running after which a clock that stays as it is counts as right
_OFF = 30 * 86_400.0  # the longest stop that is believed
_EVERY = 5.0  # seconds between two looks
_WRITE = 60.0  # seconds between two notes of the time, for the next start

_log = log.get("clocks")


@dataclass(frozen=True)
class Reading:
    """Seconds: since boot, sleep included; since 1970 by this machine's clock, and by the database's."""

    boot: float
    ours: float
    theirs: float

    def off(self, since: "Reading") -> float:
        """How far the clock that is worse has moved beyond the time that passed; negative where it went back."""
        passed = self.boot - since.boot
        return max(self.ours - since.ours - passed, self.theirs - since.theirs - passed, key=abs)


class _Watch:
    """What is known of the clocks of one installation."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.right: Reading | None = None  # the last reading that was believed
        self.last: Reading | None = None
        self.held: float | None = None  # since when, in seconds since boot
        self.moved = False
        self._written = 0.0

    def take(self, now: Reading) -> bool:
        """-> whether the clocks are believed."""
        if self.last is None:
            self._begin(now)
        elif abs(step := now.off(self.last)) > _STEP:
            self.moved = True
            _log.warning("a clock jumped", seconds=round(step))
            if abs(step) > _JUMP and self.held is not None:
                self.held = now.boot  # it is not settled yet
        self.last = now
        if self.right is not None and abs(now.off(self.right)) <= _JUMP:
            self._believe(now, "the clock is right again")
        elif self.held is None:
            self.held = now.boot
            _log.warning("the clock is doubted: nothing is purged or swept until it is right, or a day has passed")
            self._write(now)
        elif now.boot - self.held > _HOLD:
            self._believe(now, "the clock has stood for a day and is believed")
        return self.held is None

    def _begin(self, now: Reading) -> None:
        try:
            kept = json.loads(self.file.read_text())
            gaps = (now.ours - kept["ours"], now.theirs - kept["theirs"])
            doubted = bool(kept["held"]) or min(gaps) < -_JUMP or max(gaps) > _OFF
        except (OSError, ValueError, KeyError, TypeError):
            doubted = False  # the very first start, or a note that was lost
        if not doubted:
            self.right = now

    def _believe(self, now: Reading, words: str) -> None:
        held, self.held, self.right = self.held, None, now
        if held is not None:
            _log.warning(words)
        if held is not None or now.boot - self._written > _WRITE:
            self._write(now)

    def _write(self, now: Reading) -> None:
        """For the next start. While a clock is doubted, the last time that was right stays."""
        right = self.right or now
        note = {"ours": right.ours, "theirs": right.theirs, "held": self.held is not None}
        self._written = now.boot
        with contextlib.suppress(OSError):
            fresh = self.file.with_suffix(".new")
            fresh.write_text(json.dumps(note))
            fresh.replace(self.file)


_watch: _Watch | None = None


async def now() -> Reading | None:
    """What the clocks say, where they are believed: what is old by this reading may be removed. Else None.

    Raises `DatabaseAway`.
    """
    global _watch
    theirs = float(await engine.fetchval("select extract(epoch from clock_timestamp())"))
    file = settings.get().state / "clock.json"
    if _watch is None or _watch.file != file:
        _watch = _Watch(file)
    reading = Reading(time.clock_gettime(time.CLOCK_BOOTTIME), time.time(), theirs)
    return reading if _watch.take(reading) else None


async def watch(on_jump: Callable[[], Awaitable[None]]) -> None:
    """Look again and again; `on_jump()` after each jump of a minute or more."""
    while True:
        try:
            await now()
            if _watch is not None and _watch.moved:
                _watch.moved = False
                await on_jump()
        except errors.DatabaseAway:
            pass
        except Exception:
            _log.exception("looking at the clock failed")
        await asyncio.sleep(_EVERY)
