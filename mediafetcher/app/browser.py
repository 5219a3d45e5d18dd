"""Which browser shows the page on a desktop: an app window of a Chromium browser, else the default browser."""

import asyncio
import os
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping

from mediafetcher.core import clock, logging
from mediafetcher.sandbox import process

_CHROMIUM = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "brave-browser",
    "microsoft-edge-stable",
    "vivaldi-stable",
)
_DEFAULT = ("xdg-open", "x-www-browser", "firefox", "firefox-esr")
_FAILS_WITHIN = 3.0  # seconds; a browser that cannot start ends with an error by then
_SHOWS_WITHIN = 30.0  # seconds; the same if it is known when the browser shows the page, so that none is lost
_POLL = 0.05
_log = logging.get("desktop")


async def show(address: str, is_shown: Callable[[], bool] | None = None) -> bool:
    """Show an address in the first browser that starts. Returns: False if there is none.

    `is_shown`: whether a browser has asked for the address; None if this process cannot know.
    """
    for argv in commands(address, os.environ):
        if await _starts(argv, is_shown):
            _log.info("page opened", program=os.path.basename(argv[0]))
            return True
        _log.debug("browser did not start", program=os.path.basename(argv[0]))
    return False


def commands(address: str, environ: Mapping[str, str]) -> Iterator[list[str]]:
    """Return the command lines to try, in this order."""
    path = environ.get("PATH")
    for name in _CHROMIUM:
        if program := shutil.which(name, path=path):
            yield [program, f"--app={address}", "--no-first-run", "--no-default-browser-check"]
    for line in environ.get("BROWSER", "").split(os.pathsep):
        argv = _of_variable(line, address)
        if argv and (program := shutil.which(argv[0], path=path)):
            yield [program, *argv[1:]]
    for name in _DEFAULT:
        if program := shutil.which(name, path=path):
            yield [program, address]


def _of_variable(line: str, address: str) -> list[str]:
    """Return the command line of one entry of $BROWSER: `%s` is the address, which is added without it."""
    try:
        words = shlex.split(line)
    except ValueError:
        return []
    if not words:
        return []
    filled = [word.replace("%s", address) for word in words]
    return filled if filled != words else [*words, address]


async def _starts(argv: list[str], is_done: Callable[[], bool] | None = None) -> bool:
    """Start a program of the desktop. Returns: False if it cannot be started, or ends with an error soon.

    `is_done`: whether it has done what it was started for, however it ends.
    """
    try:
        exit_code = process.detach(argv)
    except OSError:
        return False
    deadline = clock.monotonic() + (_FAILS_WITHIN if is_done is None else _SHOWS_WITHIN)
    while is_done is None or not is_done():
        if (code := exit_code()) is not None:
            return code == 0
        if clock.monotonic() > deadline:
            return True
        await asyncio.sleep(_POLL)
    return True


async def notify(title: str, text: str) -> bool:
    """Show a notification of the desktop. Returns: whether that was possible."""
    program = shutil.which("notify-send")
    if program is None:
        return False
    return await _starts([program, "--app-name=MediaFetcher", "--icon=mediafetcher", title, text])
