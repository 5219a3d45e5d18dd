"""The progress of a fetch, and how long a stall is tolerated."""

from collections.abc import Callable

from mediafetcher.core import clock, errors, settings
from mediafetcher.fetch.child_events import Progressed

# bytes so far; total bytes; bytes per second; seconds left
Progress = Callable[[int, int | None, float | None, float | None], None]


class Meter:
    """Progress over all files of a download, and how long a stall is tolerated."""

    def __init__(self, report: Progress, *, live: bool = False) -> None:
        """`live`: the size is not known before the end, and an outage is tolerated."""
        self._report = report
        self._live = live
        self._files: dict[str, tuple[int, int | None]] = {}
        self._moved = clock.monotonic()
        self.done = 0
        self.total: int | None = None

    def patience(self) -> float:
        """Return the seconds without data after which the fetch fails."""
        chosen = settings.get()
        borne = chosen.stall_seconds + (2 * chosen.live_outage_seconds if self._live else 0.0)
        return max(0.05, borne - (clock.monotonic() - self._moved))

    def progress(self, event: Progressed) -> None:
        done, total = int(event.done), int(event.total) if event.total else None
        before = self._files.get(event.file)
        if before is None or before[0] != done:
            self._moved = clock.monotonic()
        self._files[event.file] = (done, total)
        self.done = sum(done for done, _ in self._files.values())
        totals = [total for _, total in self._files.values()]
        self.total = sum(total for total in totals if total) if all(totals) else None
        expected = self.done if self._live else max(self.done, self.total or 0)
        if expected > settings.get().max_file_size * len(self._files):
            raise errors.TooLarge(size=self.total or self.done)
        self._report(self.done, self.total, event.speed, event.eta)
