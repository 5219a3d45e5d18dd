"""`mediafetcher` without a command on a desktop: the page opens, signed in, in real browsers under Xvfb."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import desktop
import httpx
import pytest
from desktop import Desktop

from mediafetcher.core import errors

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(not shutil.which("Xvfb"), reason="there is no Xvfb"),
]
SINGLE_FILE = Path(__file__).parents[2] / "dist" / "mediafetcher"
STILL_RUNS = "MediaFetcher still runs: downloads continue."


@pytest.fixture
def here(folder: Path, request: pytest.FixtureRequest) -> Iterator[Desktop]:
    """A desktop of the checkout, or of the program that the test names as its parameter."""
    with desktop.display() as shown:
        running = Desktop(folder, shown, *getattr(request, "param", ()))
        try:
            yield running
        finally:
            running.end()


PROGRAMS = pytest.mark.parametrize(
    "here",
    [
        pytest.param((), id="checkout"),
        pytest.param(
            [str(SINGLE_FILE)],
            id="single-file",
            marks=[
                pytest.mark.alpine,
                pytest.mark.skipif(
                    not SINGLE_FILE.exists(), reason="dist/mediafetcher is not there: run scripts/build"
                ),
            ],
        ),
    ],
    indirect=True,
)


@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no Chromium")
@PROGRAMS
async def test_start_opens_an_app_window_that_is_signed_in_and_a_second_start_another(here: Desktop, site: Any) -> None:
    desktop.chromium(here.browsers)
    here.server = here.start()

    async def windows(count: int) -> list[dict[str, Any]] | None:
        found = await desktop.chromium_windows(here.browsers)
        clean = [page for page in found if page["url"].rstrip("/") == f"http://127.0.0.1:{here.port}"]
        return clean if len(clean) == count else None

    first = (await desktop.shown(lambda: windows(1)))[0]

    async def page() -> Any:
        return await desktop.in_chromium(first, desktop.SHOWN) or None

    assert await desktop.shown(page) == "Welcome"  # the first run, without a code
    assert await desktop.in_chromium(first, "document.querySelector('[name=code]') === null")
    assert await desktop.in_chromium(first, desktop.WHO) == "owner"
    assert await desktop.in_chromium(first, "document.referrer") == ""

    # A second start finds the server and opens its page.
    assert here.run() == 0
    await desktop.shown(lambda: windows(2))
    assert await desktop.in_chromium(first, desktop.WHO) == "owner"

    # The closed page leaves the server running, which says so once. Downloads continue.
    assert await desktop.in_chromium(first, _SEND % json.dumps(site.url("/slow/10/ok.mp4"))) == 201
    closed = datetime.now(UTC)
    desktop.end_browsers(here.browsers)
    await here.says(STILL_RUNS)
    assert here.server.poll() is None
    assert await _finished(here) > closed
    assert here.run("desktop", "stop") == 0
    assert here.server.wait(30) == 0
    said = here.said.read_text()
    assert said.count("still runs") == 1 and "link=" not in said


_SEND = """fetch('/api/downloads', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ url: %s })
}).then(answer => answer.status)"""


async def _finished(here: Desktop) -> datetime:
    """Wait until the only download is done. Returns: when it was."""
    link = here.output("desktop", "link")
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as browser:
        await browser.get(link)

        async def done() -> str | None:
            (download,) = (await browser.get(f"http://127.0.0.1:{here.port}/api/downloads")).json()["downloads"]
            assert download["state"] != "failed", download["error"]
            return download["finished_at"] if download["state"] == "done" else None

        return datetime.fromisoformat(await desktop.shown(done))


@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no Chromium")
async def test_entry_of_the_menu_opens_the_page(here: Desktop) -> None:
    desktop.chromium(here.browsers)
    assert here.run("desktop", "install") == 0
    entry = here.folder / ".local" / "share" / "applications" / "mediafetcher.desktop"
    here.launch(entry)
    try:

        async def page() -> Any:
            windows = await desktop.chromium_windows(here.browsers)
            return await desktop.in_chromium(windows[0], desktop.SHOWN) or None

        assert await desktop.shown(page) == "Welcome"
        window = (await desktop.chromium_windows(here.browsers))[0]
        assert await desktop.in_chromium(window, desktop.WHO) == "owner"
    finally:
        desktop.end_browsers(here.browsers)
        stopped = here.run("desktop", "stop")
    assert stopped == 0


# A browser that loads the page and is killed at once, faster than a real one can be.
_BRIEF = f"""#!{sys.executable}
import http.cookiejar, os, signal, sys, urllib.request
client = urllib.request.build_opener(urllib.request.ProxyHandler({{}}), urllib.request.HTTPCookieProcessor())
address = sys.argv[1].removeprefix("--app=")
client.open(address).read()
client.open(address.partition("open?")[0] + "api/events").readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_page_that_is_closed_at_once_is_noticed(here: Desktop) -> None:
    brief = here.browsers / "chromium"
    brief.write_text(_BRIEF)
    brief.chmod(0o755)
    here.server = here.start()
    await here.says(STILL_RUNS)
    assert "No browser" not in here.said.read_text()


@pytest.mark.skipif(not shutil.which("firefox-esr"), reason="there is no Firefox")
@PROGRAMS
async def test_start_without_chromium_opens_the_default_browser(here: Desktop) -> None:
    port = desktop.free_port()
    desktop.firefox(here.browsers, port)
    here.server = here.start(BROWSER="missing:firefox")
    async with desktop.firefox_session(port) as browser:

        async def page() -> Any:
            titles = await desktop.in_firefox(browser, desktop.SHOWN)
            return True if "Welcome" in titles else None

        await desktop.shown(page)
        assert await desktop.in_firefox(browser, desktop.WHO) == ["owner"]
        assert await desktop.in_firefox(browser, "location.href") == [f"http://127.0.0.1:{here.port}/"]
        assert await desktop.in_firefox(browser, "document.referrer") == [""]


def _program(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


async def test_starts_that_show_no_page_say_so(here: Desktop) -> None:
    opened, told = here.folder / "opened", here.folder / "told"
    _program(here.browsers / "chromium", f"echo x >> {opened}")  # ends at once, without an error
    _program(here.browsers / "notify-send", f'echo "$@" >> {told}')  # there is no terminal

    # Two starts at once: one becomes the server, the other opens its page.
    both = [here.start(), here.start()]
    await here.says("MediaFetcher is ready")
    ended = (await desktop.shown(lambda: _first_end(both))).wait()
    here.server = next(start for start in both if start.poll() is None)
    assert ended == 0 and len(opened.read_text().split()) == 2
    assert here.said.read_text().count("is ready") == 1

    # Another program has the port.
    assert here.run(MEDIAFETCHER_STATE=str(here.folder / "other")) == errors.PortInUse.exit_code
    assert f"Port {here.port}" in told.read_text()

    # No browser reaches this display.
    real = here.folder / "real"
    real.mkdir()
    for name in ("chromium", "firefox-esr"):
        if program := shutil.which(name):
            _program(real / name, f'PATH=/usr/bin:/bin exec {program} --no-sandbox "$@"')
    assert here.run(DISPLAY=":4095", PATH=str(real)) == errors.NoBrowser.exit_code
    await here.says(f"MediaFetcher runs: http://127.0.0.1:{here.port}.")

    await here.says("The browser has not opened the page.")


async def _first_end(starts: list[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes] | None:
    return next((start for start in starts if start.poll() is not None), None)


async def test_start_opens_nothing_without_a_display_or_with_no_browser_but_prints_a_link(here: Desktop) -> None:
    _program(here.browsers / "chromium", f"echo x >> {here.folder}/opened")
    server = here.server = here.start("--no-browser")
    await here.says("MediaFetcher is ready")
    await _printed_link_works_once(here)
    server.terminate()
    assert server.wait(30) == 0

    here.said.write_text("")
    here.server = here.start(DISPLAY="")
    await here.says("MediaFetcher is ready")
    assert here.run(DISPLAY="") == 75  # as ever: it is already running
    assert not (here.folder / "opened").exists()


async def _printed_link_works_once(here: Desktop) -> None:
    link = here.output("desktop", "link")
    async with httpx.AsyncClient(trust_env=False) as browser:
        assert (await browser.get(link)).status_code == 303
        assert (await browser.get(link)).status_code == 403
        session = (await browser.get(f"http://127.0.0.1:{here.port}/api/session")).json()
    assert session["user"]["name"] == "owner"
    for name in ("ann", "ben"):
        here.output("user", "add", name, "--admin", given="a long enough password\n")
    # With several administrators the page asks who it is.
    assert here.output("desktop", "link") == f"http://127.0.0.1:{here.port}"
