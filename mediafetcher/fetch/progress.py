"""How far a fetch is, and how long its silence is borne."""

from collections.abc import Callable
from typing import Any

from mediafetcher.core import clock, errors, settings

# bytes so far; of how many; bytes per second; seconds that are left
Progress = Callable[[int, int | None, float | None, float | None], None]


class Meter:
    """Progress over all files of a download, and how long silence is borne."""

    def __init__(self, report: Progress) -> None:
        self._report = report
        self._files: dict[str, tuple[int, int | None]] = {}
        self._moved = clock.monotonic()
        self.done = 0
        self.total: int | None = None

    def patience(self) -> float:
        """Seconds until nothing has arrived for too long."""
        return max(0.05, settings.get().stall_seconds - (clock.monotonic() - self._moved))

    def progress(self, event: dict[str, Any]) -> None:
        done, total = int(event["done"] or 0), int(event["total"]) if event["total"] else None
        before = self._files.get(event["file"])
        if before is None or before[0] != done:
            self._moved = clock.monotonic()
        self._files[event["file"]] = (done, total)
        self.done = sum(done for done, _ in self._files.values())
        totals = [total for _, total in self._files.values()]
        self.total = sum(total for total in totals if total) if all(totals) else None
        if max(self.done, self.total or 0) > settings.get().max_file_size * len(self._files):
            raise errors.TooLarge(size=self.total or self.done)
        self._report(self.done, self.total, event["speed"], event["eta"])
