"""The program on a desktop: `mediafetcher` without a command opens the page, signed in (decision 57).

It starts the server if none runs on this state folder. Closing the page does not stop the server, which says so once.
"""

import asyncio
import math
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from mediafetcher.app import browser, control_socket
from mediafetcher.core import clock, errors, settings
from mediafetcher.core.settings import Settings

if TYPE_CHECKING:  # opening the page of a running server needs nothing of the server
    from mediafetcher.app.instance import Command, Instance

NOT_READY = 75  # exit code of `desktop link`: the server is starting, or a command holds the state folder
_HOLDER_TIMEOUT = 60.0  # seconds that another process may take to become ready, or to exit
_LOOK = 0.25  # seconds between two looks at the open pages
_OPENS = 10.0  # seconds that a browser that says that it opens the page may take to ask for it
_LOADS = 30.0  # seconds that a page may take until it listens to the server
_CLOSED = 5.0  # seconds without an open page after which it counts as closed; a reload is shorter
_STILL_RUNS = "MediaFetcher still runs: downloads continue."
_NOT_OPENED = "The browser has not opened the page."
_AGAIN = "To open the page again, type `mediafetcher`. To stop the server, type `mediafetcher desktop stop`."


class Page(msgspec.Struct):
    """The answer of `desktop link`: the address of the page. `signs_in`: it is a one-time link."""

    address: str
    signs_in: bool


def is_desktop(environ: Mapping[str, str]) -> bool:
    """Return whether this is the desktop of a user of this machine: it has a display, and not by SSH."""
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")) and not environ.get("SSH_CONNECTION")


def is_own(state: Path) -> bool:
    """Return whether the state folder belongs to this user, or does not exist. Root opens no page for others."""
    try:
        return state.stat().st_uid == os.geteuid()
    except OSError:
        return True


def start(chosen: Settings, command: "Command") -> int:
    """Open the page of the server of this state folder; start the server first if none runs. Returns: an exit code.

    Raises: a `Problem`, which is also a notification of the desktop if there is no terminal to read it in.
    """
    try:
        return _start(chosen, command)
    except errors.Problem as problem:
        if not sys.stderr.isatty():
            asyncio.run(browser.notify("MediaFetcher", problem.detail))
        raise


def _start(chosen: Settings, command: "Command") -> int:
    deadline = clock.monotonic() + _HOLDER_TIMEOUT
    while True:
        if asyncio.run(_show_running(chosen, deadline)):
            return 0
        from mediafetcher.app import serve

        try:
            return serve.start(chosen, command, show)
        except errors.AlreadyRunning:  # another start was first
            if clock.monotonic() > deadline:
                raise
            time.sleep(_LOOK)


async def stop(chosen: Settings) -> int:
    """Stop the server of this state folder. Returns: an exit code."""
    code = await control_socket.ask(chosen.state, ["desktop", "stop"], None, _Answer())
    if code is None:
        raise errors.NotRunning()
    return code


class _Answer:
    """An `Out` that keeps the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def error(self, text: str) -> None:
        pass

    def progress(self, row: dict[str, Any]) -> None:
        pass


async def link(chosen: Settings) -> str:
    """Return a one-time link to the page of the running server. Raises: `NotRunning`."""
    found = await _running_page(chosen, clock.monotonic() + _HOLDER_TIMEOUT)
    if found is None:
        raise errors.NotRunning()
    return found.address


async def _show_running(chosen: Settings, deadline: float) -> bool:
    """Open the page of the running server. Returns: False if no process holds the state folder."""
    found = await _running_page(chosen, deadline)
    if found is not None and not await browser.show(found.address):
        raise errors.NoBrowser(f"MediaFetcher runs: {_plain(found.address)}. No browser could be started here.")
    return found is not None


async def _running_page(chosen: Settings, deadline: float) -> Page | None:
    """Ask the running server for its page, as soon as it is ready. Returns: None if there is none."""
    while True:
        answer = _Answer()
        code = await control_socket.ask(chosen.state, ["desktop", "link"], None, answer)
        if code is None:
            return None
        if code == 0:
            return msgspec.json.decode(answer.lines[0], type=Page)
        if code != NOT_READY:  # an older server, which does not know the command: its page asks for a password
            return Page(_address(chosen), signs_in=False)
        if clock.monotonic() > deadline:
            raise errors.AlreadyRunning()
        await asyncio.sleep(0.1)


async def page(instance: "Instance") -> Page | None:
    """Return the page of this server with a one-time link for its own user. Returns: None until it is ready."""
    from mediafetcher.accounts.auth import one_time_links, users

    if not instance.ready:
        return None
    base = _loopback(settings.get())
    if base is None:
        return Page(_address(instance.settings), signs_in=False)
    try:
        owner = await users.local_owner()
    except errors.UsageError:  # several administrators: the page asks who it is
        return Page(base, signs_in=False)
    secret = await one_time_links.create(owner["id"], os.geteuid())
    return Page(f"{base}/open?link={secret}", signs_in=True)


async def show(instance: "Instance") -> None:
    """Open the page of this server, and say once that the server still runs when the page is closed."""
    from mediafetcher.accounts.auth import first_run, one_time_links

    opened = await page(instance)
    assert opened is not None
    if not await browser.show(opened.address, one_time_links.was_used):
        await _say("No browser could be started here:", f"open {_plain(opened.address)}")
        if await first_run.is_open():
            print("First start: `mediafetcher setup` prints the one-time code that the page asks for.", flush=True)
        return
    if not opened.signs_in:
        return
    if not await _is_asked_for():
        await _say(_NOT_OPENED, f"Open {_plain(opened.address)}, or a link that `mediafetcher desktop link` prints.")
    await _until_closed()
    await _say(_STILL_RUNS, _AGAIN)


async def _say(title: str, text: str) -> None:
    """Print a line, which is also a notification of the desktop if there is no terminal to read it in."""
    print(f"{title} {text}", flush=True)
    if not sys.stdout.isatty():
        await browser.notify(title, text)


async def _is_asked_for() -> bool:
    """Wait until a browser has used a one-time link. Returns: False if none does in time."""
    from mediafetcher.accounts.auth import one_time_links

    deadline = clock.monotonic() + _OPENS
    while not one_time_links.was_used():
        if clock.monotonic() > deadline:
            return False
        await asyncio.sleep(_LOOK)
    return True


async def _until_closed() -> None:
    """Wait until a one-time link was used, and then until every page that one opened is closed."""
    from mediafetcher.accounts.auth import one_time_links
    from mediafetcher.api import feed

    has_listened, end = False, math.inf  # a page that does not listen by then counts as closed
    while clock.monotonic() < end:
        if one_time_links.opened_sessions & (feed.sessions() if has_listened else feed.past_sessions()):
            has_listened, end = True, clock.monotonic() + _CLOSED
        elif end == math.inf and one_time_links.was_used():
            end = clock.monotonic() + _LOADS
        await asyncio.sleep(_LOOK)


def _loopback(chosen: Settings) -> str | None:
    """Return the loopback address that the server answers on, which one-time links need; None without one."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(chosen.host, chosen.host)  # noqa: S104
    if not (host in ("localhost", "[::1]") or host.startswith("127.")):
        return None
    return f"http://{host}:{chosen.port}"


def _address(chosen: Settings) -> str:
    from mediafetcher.app import serve

    return serve.address(chosen)


def _plain(address: str) -> str:
    """Return the address without the secret of a one-time link."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
