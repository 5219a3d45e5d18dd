"""The lines from the fetch child to its parent, and the parent's request to end."""

import json
import os
import signal
import time
from typing import Any

_EVERY = 0.25  # seconds between two reports of progress
_MAX_WARNINGS = 20


class Cancelled(Exception):
    """The parent asked the child to end."""


class Channel:
    """The lines to the parent. Standard output itself goes to standard error: a stray print does no harm."""

    def __init__(self) -> None:
        # UTF-8 needs half the bytes of escapes; a lone surrogate becomes an escape, which JSON supports too.
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
        os.dup2(2, 1)
        self.cancelled = False
        self.finishing = False  # the parent asked to end a recording and to keep it
        self.silent = False  # no progress reports: the bytes are not those of the media
        self._last = 0.0
        self._warnings = 0
        signal.signal(signal.SIGTERM, self._cancel)
        signal.signal(signal.SIGUSR1, self._finish)

    def _cancel(self, *_: Any) -> None:
        self.cancelled = True

    def _finish(self, *_: Any) -> None:
        self.finishing = True

    def wait(self, seconds: float) -> None:
        """Wait, unless the parent asks to end. Raises: `Cancelled`."""
        until = time.monotonic() + seconds
        while not self.finishing and (left := until - time.monotonic()) > 0:
            self.check()
            time.sleep(min(0.1, left))
        self.check()

    def say(self, event: str, **facts: Any) -> None:
        self._out.write(json.dumps({"event": event, **facts}, ensure_ascii=False, default=str) + "\n")
        self._out.flush()

    def check(self) -> None:
        if self.cancelled:
            raise Cancelled

    def progress(self, status: dict[str, Any]) -> None:
        """Handle yt-dlp's progress hook; raising here is the only way to stop it."""
        self.check()
        now = time.monotonic()
        if self.silent or (status["status"] == "downloading" and now - self._last < _EVERY):
            return
        self._last = now
        self.say(
            "progress",
            done=status.get("downloaded_bytes") or 0,
            total=status.get("total_bytes") or status.get("total_bytes_estimate"),
            speed=status.get("speed"),
            eta=status.get("eta"),
            file=os.path.basename(status.get("filename") or ""),
        )

    def warn(self, message: str) -> None:
        """Report a few of yt-dlp's warnings, for the log of the download."""
        self._warnings += 1
        if self._warnings <= _MAX_WARNINGS:
            self.say("warning", message=message[:300])
