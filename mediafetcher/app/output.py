"""Output of commands: lines, errors, and the progress of downloads.

On a terminal each download has a bar with stage, speed and remaining time. Elsewhere a line is written only if the
stage changes, so that a log stays readable.
"""

import sys
from typing import Any, Protocol

from mediafetcher.core import logging
from mediafetcher.core import text as normal
from mediafetcher.core.text import size

_STAGES = {"extract": "reading info", "download": "downloading", "convert": "converting", "store": "saving"}


class Out(Protocol):
    """The output of a command: this terminal, or the client of the control socket."""

    def line(self, text: str) -> None: ...

    def error(self, text: str) -> None: ...

    def progress(self, row: dict[str, Any]) -> None:
        """Show progress. `row`: id, title, state, stage, progress 0..1, speed B/s, eta s, ended."""
        ...


def printable(text: str) -> str:
    """Remove control characters of terminals: titles are untrusted."""
    return normal.printable(text)


class Terminal:
    """Standard output and standard error of this process."""

    def __init__(self) -> None:
        self._bars: Any = None
        self._tasks: dict[int, Any] = {}
        self._said: dict[int, tuple[Any, ...]] = {}

    def line(self, text: str) -> None:
        self._write(text, sys.stdout)

    def error(self, text: str) -> None:
        self._write(text, sys.stderr)

    def close(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def progress(self, row: dict[str, Any]) -> None:
        if sys.stderr.isatty():
            self._draw(row)
            return
        said = (row["state"], row["stage"])
        if not row["ended"] and self._said.get(row["id"]) != said and row["stage"]:
            self._said[row["id"]] = said
            print(f"{_word(row)}: {_name(row)}", file=sys.stderr, flush=True)

    def _write(self, text: str, stream: Any) -> None:
        if self._bars is not None:
            self._bars.print(printable(text), markup=False, highlight=False, soft_wrap=True)
        else:
            print(printable(text), file=stream, flush=True)

    def _draw(self, row: dict[str, Any]) -> None:
        bars = self._bars = self._bars or _bars()
        task = self._tasks.get(row["id"])
        if row["ended"]:
            if task is not None:
                bars.remove_task(self._tasks.pop(row["id"]))
            return
        if task is None:
            task = self._tasks[row["id"]] = bars.add_task("", total=1.0, stage="", rest="")
        progress = row["progress"] if row["state"] == "running" else 0.0
        bars.update(task, description=_name(row)[:40], completed=progress or 0.0, stage=_word(row), rest=_rest(row))


def _bars() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    bars = Progress(
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.fields[stage]}", style="cyan"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rest]}"),
        console=Console(stderr=True),
        transient=True,
    )
    bars.start()
    return bars


def _word(row: dict[str, Any]) -> str:
    return _STAGES.get(row["stage"] or "", "waiting") if row["state"] == "running" else "waiting"


def _name(row: dict[str, Any]) -> str:
    return printable(row["title"] or logging.redact(row["url"]))


def _rest(row: dict[str, Any]) -> str:
    parts = []
    if row["speed"]:
        parts.append(f"{size(row['speed'])}/s")
    if row["eta"]:
        parts.append(f"{clock(row['eta'])} left")
    return "  ".join(parts)


def clock(seconds: float) -> str:
    """Format seconds: 1:02:03 or 2:03."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
