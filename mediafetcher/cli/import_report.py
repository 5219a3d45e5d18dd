"""Output of an import: a line for each notable file, one progress bar, and a summary."""

import json
import os
from collections import Counter
from pathlib import Path

from mediafetcher.app.output import Out
from mediafetcher.core import clock
from mediafetcher.core.text import size
from mediafetcher.importing.importer import Outcome
from mediafetcher.importing.scanner import Found, text

_OFTEN = 0.1  # seconds between two updates of the bar


class Report:
    """Count and report the outcome of `number` files of `total` bytes."""

    def __init__(self, out: Out, number: int, total: int) -> None:
        self.counts: Counter[str] = Counter(dict.fromkeys(("added", "known", "skipped", "failed"), 0))
        self._out, self._number, self._total = out, number, total
        self._done = self._copied = self._kept = self._unplayable = 0
        self._parts: dict[Path, float] = {}  # bytes of the files in progress
        self._began = self._said = clock.monotonic()

    def progress(self, found: Found, part: float) -> None:
        self._parts[found.path] = found.size * part
        now = clock.monotonic()
        if now - self._said < _OFTEN:
            return
        self._said = now
        done = self._done + sum(self._parts.values())
        speed = done / (now - self._began)
        at = min(self._number, self.counts.total() + 1)
        self._out.progress(
            {
                "id": 0,
                "url": "",
                "state": "running",
                "stage": "store",
                "ended": False,
                "title": f"{at} of {self._number}: {text(found.path.name)}",
                "progress": min(1.0, done / self._total) if self._total else 0.0,
                "speed": speed,
                "eta": max(0.0, self._total - done) / speed if speed else None,
            }
        )

    def add(self, outcome: Outcome, *, as_json: bool) -> None:
        self.counts[outcome.result] += 1
        self._parts.pop(outcome.path, None)
        self._done += outcome.size
        self._copied += outcome.copied
        if outcome.result in ("added", "known"):
            self._kept += outcome.size
        self._unplayable += outcome.result == "added" and bool(outcome.why)
        path = text(os.fspath(outcome.path))
        if as_json:
            facts = {"result": outcome.result, "item": outcome.item, "why": outcome.why or None}
            more = {"size": outcome.size, "moved": outcome.moved, "left_out": outcome.left_out}
            self._out.line(json.dumps({"path": path, **facts, **more}))
        elif outcome.result == "failed":
            self._out.error(f"failed: {path}: {outcome.why}")
        elif outcome.result == "skipped":
            self._out.line(f"skipped: {path}: {outcome.why}")
        elif outcome.why and outcome.result == "added":
            self._out.line(f"imported as is, not playable in every browser: {path}: {outcome.why}")
        if outcome.left_out and not as_json:
            self._out.line(f"imported without what could not be read: {path}: {', '.join(outcome.left_out)}")

    def end(self, *, as_json: bool) -> None:
        self._out.progress({"id": 0, "url": "", "title": "", "state": "done", "stage": None, "ended": True})
        saved = self._kept - self._copied
        if as_json:
            self._out.line(json.dumps({**self.counts, "copied": self._copied, "saved": saved}))
        else:
            counts = ", ".join(
                f"{count} {result}" for result, count in self.counts.items() if count or result != "failed"
            )
            self._out.line(f"{counts}; {size(self._copied)} copied, {size(saved)} linked or already stored.")
            if self._unplayable:
                few = f"{self._unplayable} of them"
                self._out.line(f"{few} cannot be played in every browser. Use 'Convert for browsers' on the web page.")
