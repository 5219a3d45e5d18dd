"""The downloads that this process holds now: their progress, and the requests for them.

Progress lives here and not in the database: it is sent to the pages a few times a second, and written to the
row with the heartbeat. All of it is used on the main loop only.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from mediafetcher.core import clock, errors, settings
from mediafetcher.library.storage import space_reservation

Order = Literal["cancel", "pause", "stop", "lost", "finish"]
Stage = Literal["extract", "download", "convert", "store"]


class Progress(NamedTuple):
    """The progress of a download, as the pages hear of it."""

    id: int
    stage: Stage | None
    fraction: float  # 0..1 of the stage
    speed: float | None  # bytes per second
    eta: float | None  # seconds
    owner: int


@dataclass
class ActiveDownload:
    """One download that runs here. `attempt` is the fencing token: the results of an older attempt no longer count."""

    id: int
    owner: int
    attempt: int
    task: asyncio.Task[None] | None = None
    order: Order | None = None
    stage: Stage | None = None
    progress: float = 0.0  # 0..1 within the stage
    speed: float | None = None  # bytes per second
    eta: float | None = None  # seconds
    unsent: bool = False
    waits_for: type[errors.Problem] | None = None  # the reason of a wait that keeps the slot
    resumed_bytes: int = 0  # bytes left by an earlier attempt
    finishing: bool = False  # a recording must end now and be kept
    finisher: Callable[[], None] | None = None  # asks the running recording to end
    unsaved_log: list[tuple[float, str, str]] = field(default_factory=list)  # (when, level, line), not yet written

    def log(self, message: str, level: Literal["info", "warning", "error"] = "info") -> None:
        """Add a line to the log of the download; log.py writes it."""
        self.unsaved_log.append((clock.monotonic(), level, message))

    def report(self, fraction: float, speed: float | None = None, eta: float | None = None) -> None:
        """Report the progress of the present stage. It costs nothing: `unsent()` collects it a few times a second."""
        self.progress = min(1.0, max(0.0, fraction))
        self.speed, self.eta, self.unsent = speed, eta, True

    def enter(self, stage: Stage) -> None:
        """Begin a stage."""
        self.stage = stage
        self.report(0.0)

    def request_stop(self, order: Order) -> None:
        """End the work for this reason; the first reason counts. `finish` only ends a recording."""
        if order == "finish":
            if self.finisher and not self.finishing:
                self.finisher()
            self.finishing = True
        elif self.order is None:
            self.order = order
            if self.task is not None:
                self.task.cancel()


_active: dict[int, ActiveDownload] = {}
_heartbeat_triggers: list[asyncio.Event] = []


def register(id: int, owner: int, attempt: int) -> ActiveDownload:
    download = _active[id] = ActiveDownload(id, owner, attempt, stage="extract")
    return download


def unregister(download: ActiveDownload) -> None:
    if _active.get(download.id) is download:
        del _active[download.id]
        space_reservation.release(settings.get().work / str(download.id))


def get(id: int) -> ActiveDownload | None:
    return _active.get(id)


def all_active() -> list[ActiveDownload]:
    return list(_active.values())


def unsent() -> list[Progress]:
    """Return the changes since the last call."""
    changed = [download for download in _active.values() if download.unsent]
    for download in changed:
        download.unsent = False
    return [
        Progress(download.id, download.stage, download.progress, download.speed, download.eta, download.owner)
        for download in changed
    ]


def listen(event: asyncio.Event) -> None:
    """Set this event whenever `trigger_heartbeat` reports that requests wait in the database."""
    _heartbeat_triggers[:] = [event]


def trigger_heartbeat(id: int) -> None:
    """Send the next heartbeat now if this download runs here: requests for it wait in its row."""
    if id in _active:
        for event in _heartbeat_triggers:
            event.set()
