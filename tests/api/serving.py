"""The front at work, in the loop of the test."""

import asyncio
import dataclasses
import socket
import ssl
from typing import Any

import httpx

from mediafetcher.api import server
from mediafetcher.core import settings

_TLS = ssl.create_default_context()  # each client would read all certificates for its own


class Server:
    """The front at work, in this loop."""

    def __init__(self) -> None:
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            self.port: int = trial.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.stopping = asyncio.Event()
        self._ready = asyncio.Event()
        self._clients: list[httpx.AsyncClient] = []

    async def start(self, **changes: Any) -> None:
        self._ready.clear()
        own = dataclasses.replace(settings.get(), host="127.0.0.1", port=self.port, **changes)
        self.task = asyncio.create_task(server.serve(settings.use(own), self._ready.set, self.stopping))
        started = asyncio.create_task(self._ready.wait())
        await asyncio.wait({self.task, started}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if self.task.done():
            await self.task

    async def stop(self) -> None:
        for client in self._clients:
            await client.aclose()
        self.stopping.set()
        await asyncio.wait_for(self.task, 6)

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        if token:
            headers["Authorization"] = f"Bearer {token}"
        client = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20, trust_env=False, verify=_TLS)
        self._clients.append(client)
        return client

    def browser(self) -> httpx.AsyncClient:
        """A client that sends the headers that our page sends."""
        return self.client(Origin=self.url)
