"""`mediafetcher` without a command on a desktop: the page opens, signed in, in real browsers under Xvfb."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import desktop
import httpx
import pytest
from test_extension import free_port

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(not shutil.which("Xvfb"), reason="there is no Xvfb"),
]
WHO = "fetch('/api/session').then(a => a.json()).then(s => s.user && s.user.name)"
SHOWN = "document.querySelector('h1')?.textContent ?? ''"


class Desktop:
    """A state folder, a folder of browsers, and the command line of a user of the desktop."""

    def __init__(self, folder: Path, shown: str) -> None:
        self.folder, self.browsers, self.state = folder, folder / "bin", folder / "state"
        self.browsers.mkdir()
        self.port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIAFETCHER_", "XDG_"))}
        for name in ("SSH_CONNECTION", "WAYLAND_DISPLAY", "BROWSER", "DBUS_SESSION_BUS_ADDRESS"):
            kept.pop(name, None)
        own = {"DISPLAY": shown, "PATH": str(self.browsers), "HOME": str(folder)}
        settings = {"STATE": str(self.state), "PORT": str(self.port), "MIN_FREE": "0", "MEDIA": str(folder / "media")}
        self.environment = kept | own | {f"MEDIAFETCHER_{name}": value for name, value in settings.items()}
        self.said = folder / "said"
        self.server: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-P", "-m", "mediafetcher", *arguments]
        output: Any = self.said.open("ab")
        environ = self.environment | environment
        return subprocess.Popen(argv, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/")

    def run(self, *arguments: str, **environment: str) -> int:
        return self.start(*arguments, **environment).wait(60)

    async def says(self, text: str) -> None:
        async def look() -> bool | None:
            return text in self.said.read_text() or None

        await desktop.eventually(look)

    def end(self) -> None:
        if self.server is not None and self.server.poll() is None:
            self.server.terminate()
            self.server.wait(30)
        desktop.end_browsers(self.browsers)


@pytest.fixture
def here(folder: Path) -> Iterator[Desktop]:
    with desktop.display() as shown:
        running = Desktop(folder, shown)
        try:
            yield running
        finally:
            running.end()


@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no Chromium")
async def test_start_opens_an_app_window_that_is_signed_in_and_a_second_start_another(here: Desktop) -> None:
    desktop.chromium(here.browsers)
    here.server = here.start()

    async def windows(count: int) -> list[dict[str, Any]] | None:
        found = await desktop.chromium_windows(here.browsers)
        clean = [page for page in found if page["url"].rstrip("/") == f"http://127.0.0.1:{here.port}"]
        return clean if len(clean) == count else None

    first = (await desktop.eventually(lambda: windows(1)))[0]

    async def page() -> Any:
        return await desktop.in_chromium(first, SHOWN) or None

    assert await desktop.eventually(page) == "Welcome"  # the first run, without a code
    assert await desktop.in_chromium(first, "document.querySelector('[name=code]') === null")
    assert await desktop.in_chromium(first, WHO) == "owner"
    assert await desktop.in_chromium(first, "document.referrer") == ""

    # A second start finds the server and opens its page.
    assert here.run() == 0
    await desktop.eventually(lambda: windows(2))
    assert await desktop.in_chromium(first, WHO) == "owner"

    # The closed page leaves the server running, which says so once. Downloads go on.
    desktop.end_browsers(here.browsers)
    await here.says("MediaFetcher still runs: downloads continue.")
    assert here.server.poll() is None
    assert here.run("desktop", "stop") == 0
    assert here.server.wait(30) == 0
    said = here.said.read_text()
    assert said.count("still runs") == 1 and "link=" not in said


@pytest.mark.skipif(not shutil.which("firefox-esr"), reason="there is no Firefox")
async def test_start_without_chromium_opens_the_default_browser(here: Desktop) -> None:
    port = free_port()
    desktop.firefox(here.browsers, port)
    here.server = here.start(BROWSER="missing:firefox")
    async with desktop.firefox_session(port) as browser:

        async def page() -> Any:
            titles = await desktop.in_firefox(browser, SHOWN)
            return True if "Welcome" in titles else None

        await desktop.eventually(page)
        assert await desktop.in_firefox(browser, WHO) == ["owner"]
        assert await desktop.in_firefox(browser, "location.href") == [f"http://127.0.0.1:{here.port}/"]
        assert await desktop.in_firefox(browser, "document.referrer") == [""]


async def test_start_opens_nothing_without_a_display_or_with_no_browser_but_prints_a_link(here: Desktop) -> None:
    recorder = here.browsers / "chromium"
    recorder.write_text(f"#!/bin/sh\necho opened >> {here.folder}/opened\n")
    recorder.chmod(0o755)
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
    def command(*arguments: str, given: str = "") -> str:
        argv = [sys.executable, "-P", "-m", "mediafetcher", *arguments]
        done = subprocess.run(argv, env=here.environment, input=given, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    link = command("desktop", "link")
    async with httpx.AsyncClient(trust_env=False) as browser:
        assert (await browser.get(link)).status_code == 303
        assert (await browser.get(link)).status_code == 403
        session = (await browser.get(f"http://127.0.0.1:{here.port}/api/session")).json()
    assert session["user"]["name"] == "owner"
    for name in ("ann", "ben"):
        command("user", "add", name, "--admin", given="a long enough password\n")
    # With several administrators the page asks who it is.
    assert command("desktop", "link") == f"http://127.0.0.1:{here.port}"
