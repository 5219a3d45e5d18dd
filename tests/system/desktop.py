"""A desktop without a screen (Xvfb), real browsers on it, and the program that is started there without a command."""

import asyncio
import configparser
import contextlib
import itertools
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.waiting import eventually

T = TypeVar("T")
START = 60.0  # seconds; generous: the figure is measured by scripts/bench
WHO = "fetch('/api/session').then(a => a.json()).then(s => s.user && s.user.name)"
SHOWN = "document.querySelector('h1')?.textContent ?? ''"


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@contextlib.contextmanager
def display() -> Iterator[str]:
    """Start Xvfb on a free display. Returns: its name."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)


def chromium(folder: Path) -> None:
    """Put a `chromium` into the folder: the real one, as root may start it, with a port for DevTools."""
    flags = (
        f"--no-sandbox --user-data-dir={folder}/profile --remote-debugging-port=0 --remote-allow-origins=* "
        "--disable-gpu --disable-background-networking --disable-component-update --no-proxy-server"
    )
    _wrap(folder / "chromium", shutil.which("chromium") or "", flags)


def firefox(folder: Path, port: int) -> None:
    """Put a `firefox` into the folder: the real one, with a profile of its own and a port for WebDriver BiDi."""
    profile = folder / "firefox-profile"
    profile.mkdir()
    quiet = {"browser.shell.checkDefaultBrowser": False, "datareporting.policy.dataSubmissionEnabled": False}
    prefs = [f'user_pref("{name}", {json.dumps(value)});' for name, value in quiet.items()]
    (profile / "user.js").write_text("\n".join(prefs))
    program = shutil.which("firefox-esr") or shutil.which("firefox") or ""
    _wrap(folder / "firefox", program, f"--profile {profile} --remote-debugging-port {port}")


def _wrap(path: Path, program: str, flags: str) -> None:
    path.parent.mkdir(exist_ok=True)
    # The process id tells the test which processes are its own.
    path.write_text(f'#!/bin/sh\necho $$ >> {path}.pid\nPATH=/usr/bin:/bin\nexec {program} {flags} "$@"\n')
    path.chmod(0o755)


def end_browsers(folder: Path) -> None:
    """End what the wrappers in this folder started."""
    for told in folder.glob("*.pid"):
        for number in told.read_text().split():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(int(number), signal.SIGKILL)
        told.unlink()


class BrowserError(Exception):
    """The browser did not do what it was asked for, as between two pages."""


class Socket:
    """A browser's protocol over a WebSocket: DevTools or WebDriver BiDi."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection, self._numbers = connection, itertools.count(1)

    async def send(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        await self._connection.send(json.dumps({"id": number, "method": method, "params": params}))
        async with asyncio.timeout(START):
            async for text in self._connection:
                answer = json.loads(text)
                if answer.get("id") == number:
                    if "result" not in answer:
                        raise BrowserError(f"{method}: {answer}")
                    return answer["result"]
        raise BrowserError(f"the browser has gone: {method}")


async def shown(look: Callable[[], Awaitable[T | None]], seconds: float = START) -> T:
    """Wait until a browser that starts shows something. Returns: it."""
    not_yet = (OSError, httpx.HTTPError, IndexError, KeyError, BrowserError, WebSocketException)
    found: T | None = await eventually(look, lambda found: found is not None, seconds=seconds, ignore=not_yet)
    assert found is not None
    return found


async def chromium_windows(folder: Path) -> list[dict[str, Any]]:
    """The windows of the `chromium` in this folder that show a page."""
    port = (folder / "profile" / "DevToolsActivePort").read_text().split()[0]
    async with httpx.AsyncClient(trust_env=False) as client:
        pages = (await client.get(f"http://127.0.0.1:{port}/json")).json()
    return [page for page in pages if page["type"] == "page" and page["url"].startswith("http")]


async def in_chromium(window: dict[str, Any], script: str) -> Any:
    """The value of an expression in a window."""
    async with connect(window["webSocketDebuggerUrl"], max_size=None, proxy=None) as connection:
        browser = Socket(connection)
        found = await browser.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return found["result"].get("value")


@contextlib.asynccontextmanager
async def firefox_session(port: int) -> Any:
    """Open a session of WebDriver BiDi. Returns: its socket."""

    async def opened() -> ClientConnection | None:
        return await connect(f"ws://127.0.0.1:{port}/session", max_size=None, proxy=None, origin=None)

    async with await shown(opened) as connection:
        browser = Socket(connection)
        await browser.send("session.new", capabilities={})
        yield browser


async def in_firefox(browser: Socket, script: str) -> list[Any]:
    """The values of an expression in every tab."""
    values = []
    for tab in (await browser.send("browsingContext.getTree"))["contexts"]:
        found = await browser.send(
            "script.evaluate", expression=script, target={"context": tab["context"]}, awaitPromise=True
        )
        values.append(found.get("result", {}).get("value"))
    return values


class Desktop:
    """A state folder, a folder of browsers, and the command line of a user of the desktop."""

    def __init__(self, folder: Path, shown: str, *program: str) -> None:
        self.program = program or (sys.executable, "-P", "-m", "mediafetcher")
        self.folder, self.browsers, self.state = folder, folder / "bin", folder / "state"
        self.browsers.mkdir()
        self.port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIAFETCHER_", "XDG_"))}
        for name in ("SSH_CONNECTION", "WAYLAND_DISPLAY", "BROWSER", "DBUS_SESSION_BUS_ADDRESS"):
            kept.pop(name, None)
        own = {"DISPLAY": shown, "PATH": str(self.browsers), "HOME": str(folder)}
        settings = {"STATE": str(self.state), "PORT": str(self.port), "MIN_FREE": "0", "MEDIA": str(folder / "media")}
        settings["ALLOW_HOSTS"] = "127.0.0.1"  # the fixture site
        self.environment = kept | own | {f"MEDIAFETCHER_{name}": value for name, value in settings.items()}
        self.said = folder / "said"
        self.server: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        argv = [*self.program, *arguments]
        environ = self.environment | environment
        with self.said.open("ab") as output:
            return subprocess.Popen(argv, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/")

    def run(self, *arguments: str, **environment: str) -> int:
        return self.start(*arguments, **environment).wait(60)

    def output(self, *arguments: str, given: str = "") -> str:
        """Return what a command prints. Raises: `CalledProcessError` if it fails."""
        argv = [*self.program, *arguments]
        done = subprocess.run(argv, env=self.environment, input=given, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def launch(self, entry: Path) -> None:
        """Start an entry of the application menu, as a desktop does: by GLib if available, else by its command."""
        environ, quiet = self.environment, subprocess.DEVNULL
        with self.said.open("ab") as said:
            if gio := shutil.which("gio"):
                argv = [gio, "launch", str(entry)]
                subprocess.run(argv, env=environ, stdin=quiet, stdout=said, stderr=said, cwd="/", check=True)
                return
            found = configparser.RawConfigParser(strict=False)
            found.read_string(entry.read_text())
            argv = shlex.split(found["Desktop Entry"]["Exec"])
            self.server = subprocess.Popen(argv, env=environ, stdin=quiet, stdout=said, stderr=said, cwd="/")

    async def says(self, text: str) -> None:
        async def look() -> bool | None:
            return text in self.said.read_text() or None

        await shown(look)

    def end(self) -> None:
        if self.server is not None and self.server.poll() is None:
            self.server.terminate()
            self.server.wait(30)
        end_browsers(self.browsers)
