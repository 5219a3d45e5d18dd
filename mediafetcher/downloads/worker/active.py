"""The downloads that this process holds right now: their progress, and what is asked of them.

Progress lives here and not in the database: it is sent to the pages a few times a second, and written to the
row with the heartbeat. All of it is used on the main loop only.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from mediafetcher.core import clock, settings
from mediafetcher.library.storage import space_reservation

Order = Literal["cancel", "pause", "stop", "lost"]
Progress = tuple[int, str | None, float, float | None, float | None, int]


@dataclass
class Hold:
    """One download in work here. `attempt` is the fence: what an older attempt says counts no more."""

    id: int
    owner: int
    attempt: int
    task: asyncio.Task[None] | None = None
    order: Order | None = None
    stage: str | None = None
    progress: float = 0.0  # 0..1 within the stage
    speed: float | None = None  # bytes per second
    eta: float | None = None  # seconds
    unsent: bool = False
    had: int = 0  # bytes that an earlier attempt left
    said: list[tuple[float, str, str]] = field(default_factory=list)  # (when, level, line), not yet written

    def say(self, message: str, level: Literal["info", "warning", "error"] = "info") -> None:
        """A line for the log of the download; journal.py writes it."""
        self.said.append((clock.monotonic(), level, message))

    def report(self, fraction: float, speed: float | None = None, eta: float | None = None) -> None:
        """How far the present stage is. Costs nothing: `unsent()` collects it a few times a second."""
        self.progress = min(1.0, max(0.0, fraction))
        self.speed, self.eta, self.unsent = speed, eta, True

    def enter(self, stage: str) -> None:
        """Begin a stage."""
        self.stage = stage
        self.report(0.0)

    def obey(self, order: Order) -> None:
        """End the work for this reason; the first reason counts."""
        if self.order is None:
            self.order = order
            if self.task is not None:
                self.task.cancel()


_holds: dict[int, Hold] = {}
_poke: list[asyncio.Event] = []


def take(id: int, owner: int, attempt: int) -> Hold:
    hold = _holds[id] = Hold(id, owner, attempt, stage="extract")
    return hold


def drop(hold: Hold) -> None:
    if _holds.get(hold.id) is hold:
        del _holds[hold.id]
        space_reservation.release(settings.get().work / str(hold.id))


def get(id: int) -> Hold | None:
    return _holds.get(id)


def every() -> list[Hold]:
    return list(_holds.values())


def unsent() -> list[Progress]:
    """What changed since the last call: (id, stage, progress, speed, eta, owner) of each download."""
    changed = [hold for hold in _holds.values() if hold.unsent]
    for hold in changed:
        hold.unsent = False
    return [(hold.id, hold.stage, hold.progress, hold.speed, hold.eta, hold.owner) for hold in changed]


def listen(event: asyncio.Event) -> None:
    """Set this event whenever `poke` says that orders wait in the database."""
    _poke[:] = [event]


def poke(id: int) -> None:
    """Orders for this download wait in its row: let the next heartbeat be now, if it is ours."""
    if id in _holds:
        for event in _poke:
            event.set()
