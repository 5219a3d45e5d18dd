"""A start on a desktop: the seconds until its page is shown, signed in, by a real Chromium under Xvfb."""

import asyncio
import shutil
import time
from collections.abc import Callable

from figures import Figure, leave_out, median, scratch

from tests.faults.program import REPOSITORY
from tests.system import desktop

LIMIT, ROUNDS = 3.0, 5
_SINGLE_FILE = REPOSITORY / "dist" / "mediafetcher"


def starts(*, quick: bool = False) -> list[Figure]:
    """Measure starts from exec, from the checkout and from the single file."""
    if not (shutil.which("Xvfb") and shutil.which("chromium")):
        leave_out("Xvfb or Chromium is not to be had here.")
        return []
    figures = _measure("checkout", (), 1 if quick else ROUNDS)
    if _SINGLE_FILE.exists():
        return figures + _measure("single file", (str(_SINGLE_FILE),), 1 if quick else ROUNDS)
    leave_out("the start of the single file: run scripts/build first.")
    return figures


def _measure(name: str, program: tuple[str, ...], rounds: int) -> list[Figure]:
    with scratch() as folder, desktop.display() as shown:
        folder.chmod(0o700)
        here = desktop.Desktop(folder, shown, *program)
        desktop.chromium(here.browsers)
        try:
            first = _start(here)
            again = median(rounds, lambda: _start(here))
            running = median(rounds, lambda: _open(here))
        finally:
            here.end()
    return [
        _figure(f"{name}: first start, with a new database", first),
        _figure(f"{name}: start", again),
        _figure(f"{name}: second start, the server runs", running),
    ]


def _figure(what: str, seconds: float) -> Figure:
    return Figure(f"{what}, to the page", f"{seconds:.2f} s", f"< {LIMIT:.0f} s", seconds < LIMIT)


def _start(here: desktop.Desktop) -> float:
    """Return the seconds from the start of the server to its page. Nothing runs before."""
    here.end()

    def begin() -> None:
        here.server = here.start()

    return _timed(here, begin)


def _open(here: desktop.Desktop) -> float:
    """Return the seconds from a second start to the page. No browser runs before."""
    desktop.end_browsers(here.browsers)
    return _timed(here, lambda: here.start())


def _timed(here: desktop.Desktop, begin: Callable[[], object]) -> float:
    (here.browsers / "profile" / "DevToolsActivePort").unlink(missing_ok=True)  # of the browser before
    began = time.monotonic()
    begin()
    asyncio.run(_page(here))
    return time.monotonic() - began


async def _page(here: desktop.Desktop) -> None:
    """Wait for a window that shows a page with a heading, signed in."""

    async def look() -> bool | None:
        for window in await desktop.chromium_windows(here.browsers):
            if await desktop.in_chromium(window, f"document.querySelector('h1') && {desktop.WHO}"):
                return True
        return None

    await desktop.shown(look)
