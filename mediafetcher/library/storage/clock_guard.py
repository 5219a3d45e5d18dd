"""Detect jumps of the clocks: nothing may be removed by its age because a clock jumped.

Two clocks give ages: the database's (trash, unreferenced files) and this machine's (leftovers). Both
are compared with the time that has really passed since boot. If one of them is off by more than an hour, nothing
is purged or swept until it is right again, or a day of running has passed, over as many starts as that takes: then
it is believed. Stamps written in doubt are then replaced: their age begins when the clock is believed.

A removal by age counts from the reading that was believed, not from a clock read later: it may jump in between.
Doubt cannot be complete, so each removal by age also requires running time since the stamp (running.py).

The length of a stop is unknown. A clock that moved back, or ahead by more than a month, is doubted.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from piccolo.columns import Column
from piccolo.querystring import QueryString

from mediafetcher.core import clock, errors, files, logging, settings
from mediafetcher.db import engine
from mediafetcher.db.expressions import NOW
from mediafetcher.db.tables import LibraryItem, MediaFile, Source
from mediafetcher.library.storage import running

_JUMP = 3600.0  # seconds that a clock may be off before it is doubted
_STEP = 60.0  # seconds that count as a jump for code that waits for a certain time
_HOLD = running.DAY  # seconds of running in doubt after which a clock counts as right
_SETTLED = 3600.0  # but only if it has not jumped for so long
_OFF = 30 * 86_400.0  # the longest stop that is believed
_EVERY = 5.0  # seconds between two checks
_WRITE = 60.0  # seconds between two records of the time, for the next start

_log = logging.get("clocks")


@dataclass(frozen=True)
class Reading:
    """One reading of the clocks, in seconds: since boot with sleep; since 1970 here and in the database; of running."""

    boot: float
    ours: float
    theirs: float
    running: float

    def off(self, since: "Reading") -> float:
        """Return how far the worse clock has moved beyond the time that passed; negative if it moved back."""
        passed = self.boot - since.boot
        return max(self.ours - since.ours - passed, self.theirs - since.theirs - passed, key=abs)


@dataclass
class _Note:
    """The state for the next start: the clocks when they were last believed, and a doubt that lasts."""

    ours: float
    theirs: float
    doubted_from: float | None = None  # in seconds of running
    at_start: bool = False  # the doubt began at a start, because the clocks showed an impossible time

    @classmethod
    def read(cls, file: Path, running: float) -> "_Note | None":
        """Read the file. Returns: None at the very first start, or if it was lost."""
        try:
            kept = json.loads(file.read_text())
            since = kept.get("doubted_from", running if kept.get("held") else None)
            since = None if since is None else min(float(since), running)
            return cls(float(kept["ours"]), float(kept["theirs"]), since, bool(kept.get("at_start")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def fits(self, now: Reading) -> bool:
        """Tell whether the clocks show a possible time after a stop."""
        gaps = (now.ours - self.ours, now.theirs - self.theirs)
        return min(gaps) >= -_JUMP and max(gaps) <= _OFF


class _Watch:
    """The knowledge about the clocks of one installation."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.right: Reading | None = None  # the last reading that was believed
        self.last: Reading | None = None
        self.doubted_from: float | None = None  # in seconds of running
        self.ended: float | None = None  # begin of a doubt that is over, but whose stamps are still to be corrected
        self.moved = False
        self._note: _Note | None = None
        self._jumped = 0.0  # when, in seconds of running
        self._written = 0.0

    def take(self, now: Reading) -> bool:
        """Take a reading. Returns: whether the clocks are believed."""
        if self.last is None:
            self._begin(now)
        elif abs(step := now.off(self.last)) > _STEP:
            self.moved = True
            _log.warning("a clock jumped", seconds=round(step))
            if abs(step) > _JUMP:
                self._jumped = now.running
        self.last = now
        if self._is_right(now):
            self._believe(now, "the clock is right again")
        elif self.doubted_from is None:
            self._doubt(now)
        elif now.running - self.doubted_from > _HOLD and now.running - self._jumped > _SETTLED:
            self._believe(now, "the clock was doubted for a day of running and is believed")
        return self.doubted_from is None

    def _begin(self, now: Reading) -> None:
        self._note = _Note.read(self.file, now.running)
        if self._note is None or (self._note.doubted_from is None and self._note.fits(now)):
            self.right = now
            return
        self.moved = True  # code that waits for a time may wait for a wrong one
        if self._note.doubted_from is None:
            self._note.at_start = True
        else:
            self.doubted_from = self._note.doubted_from

    def _is_right(self, now: Reading) -> bool:
        if self.right is not None:
            return abs(now.off(self.right)) <= _JUMP
        return self._note is not None and self._note.at_start and self._note.fits(now)

    def _doubt(self, now: Reading) -> None:
        self.doubted_from = now.running
        _log.warning("the clock is doubted: nothing is purged or swept until it is right, or a day has passed")
        self._write(now)

    def _believe(self, now: Reading, words: str) -> None:
        if self.doubted_from is not None:
            self.ended = self.doubted_from if self.ended is None else min(self.ended, self.doubted_from)
            _log.warning(words)
        self.doubted_from, self.right = None, now
        # The end of a doubt is recorded when its stamps are corrected (`settle`): a crash before that keeps the doubt.
        if self.ended is None and now.boot - self._written > _WRITE:
            self._write(now)

    def settle(self) -> None:
        """Record that the stamps of the doubt that ended are corrected."""
        assert self.last is not None  # a doubt ends by a reading
        self.ended = None
        self._write(self.last)

    def _write(self, now: Reading) -> None:
        """Write the state for the next start. While a clock is doubted, the last time that was right stays."""
        if self.right is not None:
            self._note = _Note(self.right.ours, self.right.theirs)
        assert self._note is not None  # without one, the first reading was believed
        self._note.doubted_from = self.doubted_from
        self._written = now.boot
        with contextlib.suppress(OSError):
            files.replace(self.file, json.dumps(vars(self._note)).encode(), durable=False)


_watch: _Watch | None = None


async def now() -> Reading | None:
    """Read the clocks. Whatever is old by this reading may be removed. Returns: None if they are not believed.

    Raises: `DatabaseUnavailable`.
    """
    global _watch
    theirs = (await engine.function("clock_timestamp")).timestamp()
    file = settings.get().state / "clock.json"
    if _watch is None or _watch.file != file:
        _watch = _Watch(file)
    reading = Reading(clock.since_boot(), time.time(), theirs, await running.advance())
    if not _watch.take(reading):
        return None
    if _watch.ended is not None:
        await _restamp(_watch.ended)
        _watch.settle()
    return reading


async def _restamp(since: float) -> None:
    """Restart the age of rows that were stamped after so many seconds of running: a wrong clock set their time.

    The age of rows stamped ahead of now restarts too: a clock that was believed has been set back since.
    """
    item, file = LibraryItem, MediaFile
    trashed = (item.trashed_running_seconds >= since) | (item.trashed_at > NOW)
    unused = (file.unreferenced_running_seconds >= since) | (file.unreferenced_at > NOW)
    fresh: dict[Column | str, Any] = {
        file.unreferenced_at: NOW,
        file.unreferenced_running_seconds: QueryString("mf_running_seconds()"),
    }
    touched = (Source.touched_running_seconds >= since) | (Source.touched_at > NOW)
    async with engine.transaction():
        items = await engine.affected(item.update({item.trashed_at: NOW}).where(item.trashed_at.is_not_null(), trashed))
        files = await engine.affected(file.update(fresh).where(file.ref_count == 0, unused))
        await Source.update({Source.touched_at: NOW}).where(touched)
    _log.info("stamps of a wrong clock corrected", items=items, files=files)


class Correct(Protocol):
    """Correct stored times that lie too far ahead. `believed`: whether the clock of this machine is right."""

    def __call__(self, *, believed: bool) -> Awaitable[None]: ...


async def watch(on_jump: Callable[[], Awaitable[None]], correct: Correct) -> None:
    """Check again and again; `on_jump()` is called after each jump of a minute or more.

    `correct` is called once a minute and after each jump.
    """
    corrected = 0.0
    while True:
        try:
            believed = await now() is not None
            moved = _watch is not None and _watch.moved
            if _watch is not None and moved:
                _watch.moved = False
                await on_jump()
            if moved or clock.since_boot() - corrected > _WRITE:
                await correct(believed=believed)
                corrected = clock.since_boot()
        except errors.DatabaseUnavailable:
            pass
        except Exception:
            _log.exception("looking at the clock failed")
        await asyncio.sleep(_EVERY)
