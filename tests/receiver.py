"""A real HTTP receiver on a free port of 127.0.0.1, for what notifications send. It keeps what it was sent.

`behave(request)` says what becomes of a request: a status, "stall" (no answer), "cut" (the connection ends), "drip"
(headers one byte a second), "garbage" (no HTTP) or "endless" (a body without an end).
"""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from mediafetcher.notifications import delivery

DIGEST = 0.3  # seconds


class Request(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """`with Receiver() as receiver:`; `receiver.accepted` are the requests that it answered with a 2xx."""

    def __init__(self, behave: Callable[[Request], int | str] = lambda request: 200) -> None:
        self.behave = behave
        self.requests: list[Request] = []
        self.accepted: list[Request] = []
        self.times: list[float] = []
        self._ended = threading.Event()
        self._changed = threading.Condition()

    def __enter__(self) -> "Receiver":
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _handle(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver._take(self, Request(self.command, self.path, headers, body))

            do_GET = do_POST = do_PUT = _handle

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def _take(self, handler: BaseHTTPRequestHandler, request: Request) -> None:
        action = self.behave(request)
        with self._changed:
            self.requests.append(request)
            self.times.append(time.monotonic())
            if isinstance(action, int) and 200 <= action < 300:
                self.accepted.append(request)
            self._changed.notify_all()
        with contextlib.suppress(OSError):
            self._answer(handler, action)

    def _answer(self, handler: BaseHTTPRequestHandler, action: int | str) -> None:
        if isinstance(action, int):
            handler.send_response(action)
            if 300 <= action < 400:
                handler.send_header("Location", "http://169.254.169.254/latest")
            handler.send_header("Content-Length", "2")
            handler.end_headers()
            handler.wfile.write(b"{}")
            return
        handler.close_connection = True
        if action == "stall":
            self._ended.wait(60)
        elif action == "drip":
            for letter in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" * 9:
                handler.wfile.write(bytes([letter]))
                if self._ended.wait(1):
                    return
        elif action == "garbage":
            handler.wfile.write(b"\x00\xff" * 500)
        elif action == "endless":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
            with contextlib.suppress(OSError):
                while not self._ended.is_set():
                    handler.wfile.write(b"x" * 65536)

    def wait(self, count: int, seconds: float = 60, accepted: bool = True) -> list[Request]:
        """Wait until so many requests were accepted (or came at all). To be called in a thread."""
        found = self.accepted if accepted else self.requests
        with self._changed:
            if not self._changed.wait_for(lambda: len(found) >= count, seconds):
                raise AssertionError(f"{len(found)} of {count} requests came in {seconds} s")
            return list(found)


@contextlib.asynccontextmanager
async def delivering(digest: float = DIGEST) -> AsyncIterator[None]:
    """Deliver for as long as the block lasts."""
    task = asyncio.create_task(delivery.Delivery(digest_seconds=digest).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
