"""Fetch one link: look at it, then download it or leave. The hostile part runs in a confined child.

    async with Fetch(url, options, folder) as source:
        info = await source.info()             # nothing is downloaded yet
        result = await source.download(report)

The child runs as the service account in `folder`, and is gone, with all it started, when the block is left.
Failures come out as the problems of classify.py.
"""

import asyncio
import contextlib
import json
import os
import shutil
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from mediafetcher.base import child, clock, errors, frozen, log, settings
from mediafetcher.downloads import classify, warm, ytdlp
from mediafetcher.downloads.options import FILE_STEM, Options, ydl_options
from mediafetcher.media import convert
from mediafetcher.net import urls

Progress = Callable[[int, int | None, float | None, float | None], None]

_LOOK_SECONDS = 180.0  # for the extraction as a whole
_GRACE = 2.0  # seconds to end in order, which keeps the state of streams in pieces
_DATA = 1 << 30
_log = log.get("fetch")


@dataclass(frozen=True)
class Info:
    """What the site says of a source. Times in seconds, sizes in bytes; all of it is only a claim."""

    title: str
    id: str
    extractor: str
    webpage_url: str
    site: str
    source_key: str
    duration: float | None = None
    uploader: str | None = None
    thumbnail: str | None = None
    filesize: int | None = None
    is_live: bool = False
    chapters: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True)
class Result:
    """What was fetched: a file in the job's folder, of a kind that is yet to be probed."""

    file: Path
    size: int
    poster: Path | None = None
    cookies: str | None = field(default=None, repr=False)  # as the site renewed those it was given, in Netscape's form


class Trial(NamedTuple):
    """A fetch that tries a yt-dlp before it is used, started cold, which may reach these hosts too."""

    ytdlp: Path
    allow_hosts: tuple[str, ...]


def command() -> list[str]:
    """How the child program is started."""
    return frozen.python("mediafetcher.downloads.fetch_child")


def _environment(folder: Path) -> dict[str, str]:
    package_root = Path(__file__).parents[2]
    return child.environment(folder, PYTHONPATH=str(package_root), PYTHONDONTWRITEBYTECODE="1")


class Fetch:
    """One attempt at one link."""

    def __init__(
        self,
        url: str,
        options: Options,
        folder: Path,
        cookies: str | None = None,
        trial: Trial | None = None,
    ) -> None:
        self._url = url
        self._options = options
        self._folder = folder
        self._cookies = cookies
        self._trial = trial
        self._program = str(trial.ytdlp if trial else ytdlp.folder() or "")
        self._child: child.Child | None = None
        self._events: AsyncIterator[dict[str, Any]] | None = None

    async def __aenter__(self) -> Self:
        chosen = settings.get()
        child.give(self._folder)
        order = {
            "url": urls.parse(self._url),
            "folder": str(self._folder.absolute()),
            "options": ydl_options(self._options, chosen),
            "allow_hosts": [*chosen.allow_hosts, *(self._trial.allow_hosts if self._trial else ())],
            "own_ports": _own_ports(chosen),
            "cookies": self._cookies,
            "ytdlp": self._program,
        }
        self._child = await self._start(json.dumps(order).encode() + b"\n")
        self._events = self._read()
        return self

    async def _start(self, order: bytes) -> child.Child:
        limits = child.Limits(file_size=settings.get().max_file_size, data=_DATA, nice=5)
        env = _environment(self._folder)
        warm_child = None if self._trial else await warm.take(self._folder, env, limits, self._program)
        if warm_child:
            try:
                await warm_child.write(order)
            except BaseException:
                await warm_child.kill()
                raise
            return warm_child
        return await child.start(command(), limits, stdin=order, keep_stdin=True, env=env, cwd=self._folder)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._child
        if kind is None or not issubclass(kind, asyncio.CancelledError | GeneratorExit):
            await self._child.kill()
            return
        # Cancelled, paused or stopped: a moment to end in order, so that the next attempt can go on from there.
        await asyncio.shield(self._child.stop(_GRACE))

    async def info(self) -> Info:
        """Look at the link. Raises what classify.py says, `LiveNotStarted`, `LiveUnsupported` or `TooLarge`."""
        event = await self._next(_LOOK_SECONDS)
        if event["event"] != "info":
            raise errors.Crashed(reason=f"unexpected {event['event']}")
        if event["upcoming"]:
            raise errors.LiveNotStarted()
        if event["live"]:
            raise errors.LiveUnsupported()
        info = self._info(event)
        self._room(info.filesize or 0)
        return info

    async def download(self, on_progress: Progress = lambda done, total, speed, eta: None) -> Result:
        """Fetch the bytes. Raises what classify.py says, `Stalled`, `TooLarge`, `MediaFull`."""
        assert self._child
        await self._child.write(b'{"do": "download"}\n')
        meter = _Meter(on_progress)
        checked = clock.monotonic()
        while True:
            event = await self._next(meter.patience())
            if event["event"] == "done":
                return await self._result(event["files"], event["cookies"])
            if event["event"] == "progress":
                meter.progress(event)
                if clock.monotonic() - checked > 2:
                    checked = clock.monotonic()
                    self._room(max(0, (meter.total or 0) - meter.done))

    async def _read(self) -> AsyncIterator[dict[str, Any]]:
        assert self._child
        async for line in self._child:
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict) and "event" in event:
                    yield event

    async def _next(self, seconds: float) -> dict[str, Any]:
        """The next event of the child; its errors are raised."""
        assert self._child and self._events
        try:
            async with asyncio.timeout(seconds):
                event = await anext(self._events, None)
        except TimeoutError:
            await self._child.kill()
            raise errors.Stalled(seconds=seconds) from None
        if event is None:
            code = await self._child.wait()
            last = self._child.stderr_tail.strip().splitlines()[-1:]
            raise errors.Crashed(reason=f"code {code}", said=last[0][-300:] if last else None)
        if event["event"] == "error":
            failure = classify.Failure(
                tuple(event["kinds"]),
                event["message"],
                event["status"],
                event["errno"],
                event["retry_after"],
                event["redirect_loop"],
            )
            raise classify.problem(failure)
        return event

    def _info(self, event: dict[str, Any]) -> Info:
        page = event["webpage_url"] or self._url
        return Info(
            title=event["title"] or _name(self._url),
            id=event["id"] or "",
            extractor=event["extractor"] or "Generic",
            webpage_url=page,
            site=urls.site(page),
            source_key=self._key(event, page),
            duration=event["duration"],
            uploader=event["uploader"],
            thumbnail=event["thumbnail"],
            filesize=event["filesize"],
            is_live=event["live"],
            chapters=tuple((start, title) for start, title in event["chapters"]),
        )

    def _key(self, event: dict[str, Any], page: str) -> str:
        """The key known after the look: the site's own id; a page without one is known by its address only."""
        recipe = self._options.recipe()
        if event["extractor"] not in (None, "Generic", "HTML5MediaEmbed") and event["id"]:
            return f"id {recipe} {event['extractor']} {event['id']}"
        try:
            return urls.source_key(urls.parse(page), recipe)
        except errors.InvalidUrl:
            return urls.source_key(urls.parse(self._url), recipe)

    def _room(self, expected: int) -> None:
        """Raises `TooLarge` or `MediaFull` before the disk does it in the middle."""
        chosen = settings.get()
        if expected > chosen.max_file_size:
            raise errors.TooLarge(size=expected)
        if shutil.disk_usage(self._folder).free < chosen.min_free + expected:
            raise errors.MediaFull(
                "There is no room for the download on the disk of the state folder: free some. Downloads wait."
            )

    async def _result(self, names: list[str], cookies: str | None = None) -> Result:
        """Check what the child names before it is trusted: plain files in the job's folder and nothing else."""
        files = []
        for name in names:
            path = self._folder / name
            if name != os.path.basename(name) or not name.startswith(f"{FILE_STEM}."):
                raise errors.Hostile(reason="a file of another name")
            if not stat.S_ISREG(path.lstat().st_mode):
                raise errors.Hostile(reason="not a plain file")
            files.append(path)
        if len(files) == 2:
            joined = await convert.join(files[0], files[1], self._folder / f"{FILE_STEM}-joined.mp4")
            for path in files:
                path.unlink()
            files = [joined]
        if len(files) != 1:
            raise errors.Unsupported(files=len(files))
        return Result(files[0], files[0].stat().st_size, cookies=cookies)


class _Meter:
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


def _own_ports(chosen: settings.Settings) -> list[int]:
    """The ports of this machine that no download may reach: ours, and the database's."""
    ports = [chosen.port]
    if chosen.database_url:
        ports.append(urlsplit(chosen.database_url).port or 5432)
    return ports


def _name(url: str) -> str:
    """A title for want of a better one: the last part of the address."""
    parts = urlsplit(url)
    return parts.path.rstrip("/").rpartition("/")[2] or parts.hostname or url
