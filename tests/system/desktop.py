"""A desktop without a screen (Xvfb), real browsers on it, and the program that is started there without a command."""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
from websockets.asyncio.client import ClientConnection, connect

T = TypeVar("T")
START = 60.0  # seconds; generous: the figure is measured by scripts/bench


@contextlib.contextmanager
def display() -> Iterator[str]:
    """Start Xvfb on a free display -> its name."""
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
                    assert "result" in answer, answer
                    return answer["result"]
        raise AssertionError(f"the browser has gone: {method}")


async def eventually(look: Callable[[], Awaitable[T | None]], seconds: float = START) -> T:
    """Look until there is something -> that."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, httpx.HTTPError, IndexError, KeyError):
            if (found := await look()) is not None:
                return found
        assert time.monotonic() < end, look
        await asyncio.sleep(0.05)


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
    """Open a session of WebDriver BiDi -> its socket."""

    async def opened() -> ClientConnection | None:
        return await connect(f"ws://127.0.0.1:{port}/session", max_size=None, proxy=None, origin=None)

    async with await eventually(opened) as connection:
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
