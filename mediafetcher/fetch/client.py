"""Fetch one link: extract, then download it or stop. The hostile part runs in a confined child.

    async with Fetch(url, options, folder) as source:
        info = await source.info()             # nothing is downloaded yet; `look` also takes lists
        result = await source.download(report)

The child runs as the service account in a folder of its own. When the block is left, it and its processes have ended.
Its files are moved to `folder`, which is ours, after that (collect.py).
Failures are raised as the errors of error_mapping.py.
"""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from mediafetcher.core import bundle, clock, errors, logging, settings, tasks
from mediafetcher.fetch import answers, child_events, collect, error_mapping, gateway, js_runtime, prefork
from mediafetcher.fetch.models import Completed, Info, Listing, Result, Trial
from mediafetcher.fetch.options import MAX_ENTRIES, Options, Playlist, ydl_options
from mediafetcher.fetch.progress import Meter, Progress
from mediafetcher.fetch.ytdlp import versions
from mediafetcher.library.storage import space_reservation
from mediafetcher.net import urls
from mediafetcher.sandbox import process, work_folders
from mediafetcher.sandbox.child import Child, LineTooLong

Mode = Literal["media", "list", "preview", "keep"]

PREVIEW_ENTRIES = 200
_LOOK_SECONDS = 180.0  # for the extraction as a whole
_COVER_SECONDS = 8.0
_GRACE = 2.0  # seconds for an orderly end, which keeps the state of streams in pieces
_DATA = 1 << 30
# The child's output is bounded here too: an attacker who controls the child can send anything.
_LINES, _LINES_A_SECOND = 2000, 50
_MAX_WARNINGS, _MAX_KINDS, _MAX_WORDS = 50, 20, 2000  # of the last: characters
_log = logging.get("fetch")


def command() -> list[str]:
    """Return the command that starts the child program."""
    return bundle.python("mediafetcher.fetch.child.main")


def _environment(folder: Path) -> dict[str, str]:
    package_root = bundle.PACKAGE.parent
    return process.environment(folder, PYTHONPATH=str(package_root), PYTHONDONTWRITEBYTECODE="1")


class Fetch:
    """One attempt at one link."""

    def __init__(
        self,
        url: str,
        options: Options,
        folder: Path,
        cookies: str | None = None,
        *,
        login: urls.Login | None = None,
        trial: Trial | None = None,
        mode: Mode = "media",
        picture: str | None = None,
        first: int = 1,
        on_warning: Callable[[str], None] = lambda message: None,
    ) -> None:
        self._url = url
        self._options = options
        self._folder = folder  # owned by us
        self._place = work_folders.of_child(folder)
        self._cookies = cookies
        self._first = first  # entry of a list, counted from 1
        self._login = login
        self._trial = trial
        self._program = str(trial.ytdlp if trial else versions.folder() or "")
        self._mode = mode
        self._picture = picture  # the link of one, if the site names none
        self._warn = on_warning
        self._live = False
        self._warnings = 0
        self._child: Child | None = None
        self._pass: gateway.Pass | None = None
        self._provider: gateway.Pass | None = None  # the way to the PO token provider
        self._named_by_proxy = False
        self._programs = js_runtime.Requests()
        self._events: AsyncIterator[child_events.Event] | None = None

    @property
    def options(self) -> Options:
        return self._options

    async def __aenter__(self) -> Self:
        self._place = work_folders.make(self._folder)
        chosen = settings.get()
        proxy = self._options.proxy or chosen.proxy
        await asyncio.to_thread(gateway.kind)  # the first call tests it
        # A proxy that the user named would have to be chained behind ours: with one there is no imitation of a browser.
        possible = await asyncio.to_thread(gateway.available) and not proxy
        allowed = [*self._targets(chosen), *_own_proxy(chosen, proxy)]
        # The gateway gives the proxy addresses that it has checked. The child uses a proxy that resolves names itself.
        self._named_by_proxy = bool(proxy) and not self._options.proxy and chosen.proxy_resolves_names
        only = _place(proxy) if proxy and self._named_by_proxy else None
        through = None if self._named_by_proxy else proxy
        self._pass = await gateway.admit(allowed, _own_ports(chosen), only, through)
        try:
            if chosen.po_token_provider:
                there = [place := _place(chosen.po_token_provider)]
                self._provider = await gateway.admit(there, _own_ports(chosen), place)
            if possible and self._options.impersonate:
                await self._pretend("everywhere")
                return self
            self._browser: str | None = "tell" if possible else None
            self._child = await self._start(json.dumps(self._order()).encode() + b"\n")
        except BaseException:
            await tasks.run_to_completion(self._close_ways())
            raise
        self._events = self._read()
        return self

    async def _pretend(self, browser: str) -> None:
        """Begin, or begin again, in a child that imitates a browser."""
        if self._child:
            await self._child.kill()
        self._browser = browser
        self._child = await self._start(json.dumps(self._order()).encode() + b"\n")
        self._events = self._read()

    def _targets(self, chosen: settings.Settings) -> list[str]:
        return [*chosen.allow_hosts, *(self._trial.allow_hosts if self._trial else ())]

    def _order(self) -> dict[str, Any]:
        chosen, wished = settings.get(), self._options
        options = ydl_options(wished, chosen)
        if self._mode == "preview":  # the contents of lists are shown; a video in a list is shown as the video
            listed = ydl_options(Options(playlist=Playlist(limit=PREVIEW_ENTRIES)), chosen)
            options |= {"playlist_items": listed["playlist_items"], "lazy_playlist": False}
        if self._first > 1 and wished.playlist is not None:
            last = self._first - 1 + (wished.playlist.limit or MAX_ENTRIES)
            options["playlist_items"] = f"{self._first}:{last}"
        if not self._named_by_proxy:
            options.pop("proxy", None)
        assert self._pass
        return {
            "url": urls.parse(self._url),
            "folder": str(self._place.absolute()),
            "options": options,
            "lists": self._mode in ("list", "preview"),
            "previewed": self._mode == "preview",
            "extras": {
                "subtitles": list(wished.subtitles),
                "auto": wished.auto_subtitles,
                "cover": wished.audio is not None,
                "picture": self._picture,
                "marks": chosen.sponsorblock_url if wished.sponsorblock else None,
            },
            "audio_languages": list(wished.audio_languages),
            "live": {
                "seconds": wished.live_max or chosen.max_live_seconds,
                "wished": wished.live_max is not None,
                "from_start": wished.live_from_start,
                "outage": chosen.live_outage_seconds,
            },
            "referer": wished.referer,
            "targets": self._targets(chosen),
            "keep": self._mode == "keep",
            "cookies": self._cookies,
            "login": tuple(self._login) if self._login else None,
            "ytdlp": self._program,
            "browser": self._browser,
            "way": self._pass.way._asdict(),
            "po_tokens": self._token_provider(chosen),
        }

    def _token_provider(self, chosen: settings.Settings) -> dict[str, Any] | None:
        if not self._provider:
            return None
        return {"url": chosen.po_token_provider, "way": self._provider.way._asdict()}

    async def _start(self, order: bytes) -> Child:
        limits = process.Limits(file_size=settings.get().max_file_size, data=_DATA, nice=5)
        env = _environment(self._place)
        assert self._pass
        out = self._pass.gateway
        cold = self._trial or self._browser in ("asked", "everywhere")
        warm_child = None if cold else await prefork.take(self._place, env, limits, out, self._program)
        if warm_child:
            try:
                await warm_child.write(order)
            except BaseException:
                await warm_child.kill()
                raise
            return warm_child
        given: dict[str, Any] = {"env": env, "cwd": self._place, "network": out.network}
        return await process.start(command(), limits, stdin=order, keep_stdin=True, **given)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        in_order = kind is not None and issubclass(kind, asyncio.CancelledError | GeneratorExit)
        await tasks.run_to_completion(self._leave(in_order=in_order))

    async def _leave(self, *, in_order: bool) -> None:
        assert self._child
        if in_order:
            # Cancelled, paused or stopped: allow a moment for an orderly end, so that the next attempt can resume.
            await self._child.stop(_GRACE)
        else:
            await self._child.kill()
        await self._close_ways()

    async def _close_ways(self) -> None:
        for way in (self._provider, self._pass):
            if way:
                await way.close()

    async def info(self) -> Info:
        """Look at a link to one video.

        Raises: the errors of error_mapping.py, `IsPlaylist`, `TooLarge`, `NotEnoughSpace`.
        """
        found = await self.look()
        if isinstance(found, Listing):
            raise errors.IsPlaylist()
        space_reservation.reserve(self._folder, self._bounded(found.filesize or 0))
        self._live = found.is_live
        return found

    async def look(self, *, empty: bool = False) -> Info | Listing:
        """Look at a link: one video, or a list if the mode allows it, with `empty` also one without entries.

        Raises: as `info`. No space is reserved.
        """
        rows: list[child_events.Row] = []
        while isinstance(event := await self._next(_LOOK_SECONDS), child_events.Entries | child_events.Browser):
            if isinstance(event, child_events.Entries):
                rows = (rows + event.rows)[:MAX_ENTRIES]
            elif self._browser == "tell":
                self._warn("the site asks for a browser: once more, as one")
                await self._pretend("everywhere" if event.everywhere else "asked")
        if isinstance(event, child_events.Listed):
            return await answers.listing(self._url, event, rows, empty=empty)
        if not isinstance(event, child_events.Found):
            raise errors.Crashed(reason=f"unexpected {type(event).__name__}")
        if event.upcoming:
            raise errors.LiveNotStarted(begins=event.begins)
        return answers.info(self._url, self._options.recipe(), event)

    async def cover(self) -> Path | None:
        """Fetch the site's picture of the link, of any kind, into the folder. Nothing can be fetched afterwards."""
        assert self._child
        await self._child.write(b'{"do": "cover"}\n')
        event = await self._next(_COVER_SECONDS)
        if not isinstance(event, child_events.Cover) or not event.file:
            return None
        await self._child.kill()
        return await asyncio.to_thread(collect.take, self._folder, event.file)

    async def download(
        self,
        on_progress: Progress = lambda done, total, speed, eta: None,
        on_completed: Callable[[Completed], Awaitable[None]] | None = None,
    ) -> Result:
        """Fetch the bytes.

        `on_completed` is called when all bytes have come and the child has ended: from then on an attempt that is
        interrupted can continue with `collect.collect`.

        Raises: the errors of error_mapping.py, `Stalled`, `TooLarge`, `NotEnoughSpace`.
        """
        assert self._child
        await self._child.write(b'{"do": "download"}\n')
        meter = Meter(on_progress, live=self._live)
        checked = clock.monotonic()
        while True:
            event = await self._next(meter.patience())
            if isinstance(event, child_events.Done):
                await self._child.kill()  # its files are taken over once nothing can change them
                completed = answers.completed(event, live=self._live)
                if on_completed:
                    await on_completed(completed)
                return await collect.collect(self._folder, completed)
            if isinstance(event, child_events.Progressed):
                try:
                    meter.progress(event)
                    if clock.monotonic() - checked > 2:
                        checked = clock.monotonic()
                        size = meter.done if self._live else meter.total or meter.done
                        space_reservation.reserve(self._folder, self._bounded(size))
                except (errors.TooLarge, errors.MediaFull, errors.NotEnoughSpace) as problem:
                    if not self._live or not meter.done:
                        raise
                    self._warn(f"the recording ends here: {problem.detail}")
                    self.finish()

    def finish(self) -> None:
        """Ask a recording to end now; `download` then returns it."""
        if self._child:
            self._child.ask(signal.SIGUSR1)

    async def kept(self) -> Completed:
        """Return the recording of earlier attempts (mode `keep`). Raises: `LiveNotStarted` if nothing was recorded."""
        assert self._child
        event = await self._next(_LOOK_SECONDS)
        if not isinstance(event, child_events.Done) or not event.parts:
            raise errors.LiveNotStarted()
        await self._child.kill()
        self._live = True
        return answers.completed(event, live=self._live)

    async def _read(self) -> AsyncIterator[child_events.Event]:
        assert self._child
        number, began = 0, clock.monotonic()
        async for line in self._child.lines(child_events.MAX_LINE):
            number += 1
            if number % 100 == 0:
                if number > _LINES + _LINES_A_SECOND * (clock.monotonic() - began):
                    raise errors.Hostile(reason="more lines than a fetch has to say")
                await asyncio.sleep(0)
            if (event := child_events.decode(line)) is not None:
                yield event

    async def _next(self, seconds: float) -> child_events.Event:
        """Return the next event of the child; its errors are raised, its warnings reported, its programs run."""
        while isinstance(event := await self._event(seconds), child_events.Warned | child_events.Program):
            if isinstance(event, child_events.Warned):
                self._warnings += 1
                if self._warnings <= _MAX_WARNINGS:
                    self._warn(event.message[:_MAX_WORDS])
            elif (answer := await self._programs.take(event)) is not None:
                assert self._child
                await self._child.write(answer)
        return event

    async def _event(self, seconds: float) -> child_events.Event:
        assert self._child and self._events
        try:
            async with asyncio.timeout(seconds):
                event = await anext(self._events, None)
        except TimeoutError:
            await self._child.kill()
            raise errors.Stalled(seconds=seconds) from None
        except LineTooLong as error:
            await self._child.kill()
            raise errors.Crashed(reason=str(error)) from error
        if event is None:
            code = await self._child.wait()
            last = self._child.stderr_tail.strip().splitlines()[-1:]
            raise errors.Crashed(reason=f"code {code}", said=last[0][-300:] if last else None)
        if isinstance(event, child_events.Failed):
            failure = error_mapping.Failure(
                tuple(event.kinds[:_MAX_KINDS]),
                event.message[:_MAX_WORDS],
                event.status,
                event.errno,
                event.retry_after,
                event.redirect_loop,
                event.page[:_MAX_WORDS],
                event.in_extractor,
            )
            raise error_mapping.problem(failure)
        return event

    def _bounded(self, size: int) -> int:
        """Return the size. Raises: `TooLarge`, before the disk fails in the middle."""
        if size > settings.get().max_file_size:
            raise errors.TooLarge(size=size)
        return size


def _own_ports(chosen: settings.Settings) -> list[int]:
    """Return the ports of this machine that no download may reach: ours, and the database's."""
    ports = [chosen.port]
    if chosen.database_url:
        ports.append(urlsplit(chosen.database_url).port or 5432)
    return ports


def _own_proxy(chosen: settings.Settings, used: str | None) -> list[str]:
    """Return our proxy if it may be private. A proxy that a user names may not, unless it is among the exceptions."""
    if not used or used != chosen.proxy:
        return []
    return [_place(used)]


def _place(url: str) -> str:
    """Return the address of a proxy or provider as `host:port`."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
