"""A real Chromium without a window, spoken to over its own protocol (DevTools)."""

import asyncio
import contextlib
import itertools
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.waiting import eventually

_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--no-proxy-server", "--remote-debugging-port=0",
)  # fmt: skip


class Tab:
    """One page: the `dialogs` that it opened, what it `said` on its console, the `answers` to its requests."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self.dialogs: list[str] = []
        self.said: list[str] = []
        self.answers: list[dict[str, Any]] = []
        self._reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        async for text in self._connection:
            message = json.loads(text)
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message)
            elif message["method"] == "Page.javascriptDialogOpening":
                self.dialogs.append(message["params"]["message"])
                answer: dict[str, Any] = {
                    "id": next(self._numbers),
                    "method": "Page.handleJavaScriptDialog",
                    "params": {"accept": True},
                }
                self._answers[answer["id"]] = asyncio.get_running_loop().create_future()
                await self._connection.send(json.dumps(answer))
            elif message["method"] == "Runtime.consoleAPICalled":
                self.said += [str(one.get("value")) for one in message["params"]["args"]]
            elif message["method"] == "Network.responseReceived":
                self.answers.append(message["params"]["response"])

    async def send(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        answered = self._answers[number]
        await self._connection.send(json.dumps({"id": number, "method": method, "params": params}))
        answer = await asyncio.wait_for(answered, 30)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    async def go(self, url: str) -> None:
        await self.send("Page.navigate", url=url)

    async def look(self, script: str, *, clicked: bool = False) -> Any:
        """The value of an expression in the page, which may start sound if a user just `clicked`.

        Raises `RuntimeError` with what the expression threw.
        """
        found = await self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=clicked
        )
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"].get("exception", {}).get("description", "an exception"))
        return found["result"].get("value")

    async def until(self, script: str, seconds: float = 30) -> Any:
        """Wait until the expression is true."""
        try:  # RuntimeError: between two pages there is none
            return await eventually(lambda: self.look(script), seconds=seconds, ignore=(RuntimeError,), what=script)
        except AssertionError as error:
            shows = await self.look("location.href + ': ' + document.documentElement.outerHTML.slice(0, 3000)")
            raise TimeoutError(f"{error}; the page shows {shows}; it said {self.said}") from None


@contextlib.asynccontextmanager
async def tab(folder: Path) -> AsyncIterator[Tab]:
    """A fresh browser with its profile in `folder`."""
    program = shutil.which("chromium")
    assert program is not None
    process = await asyncio.create_subprocess_exec(
        program, *_FLAGS, f"--user-data-dir={folder}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        told = folder / "DevToolsActivePort"

        def ports() -> list[str]:
            assert process.returncode is None
            return told.read_text().split() if told.exists() else []

        port = (await eventually(ports, seconds=60))[0]
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            pages = (await client.get(f"http://127.0.0.1:{port}/json")).json()
        address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        async with connect(address, max_size=None, proxy=None) as connection:
            opened = Tab(connection)
            for domain in ("Page", "Runtime", "Network"):
                await opened.send(f"{domain}.enable")
            yield opened
            opened._reading.cancel()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()
