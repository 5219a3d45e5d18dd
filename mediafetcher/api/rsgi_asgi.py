"""Adapter from RSGI (Granian) to ASGI (Litestar): HTTP and lifespan, without WebSockets.

Granian buffers a streamed answer without a limit if the client does not read. So only `_WINDOW` bytes of each stream
are handed over before the connection must accept bytes again. A connection that does not within `_PATIENCE` is aborted.
"""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from litestar import Litestar

from mediafetcher.api import compression, connection
from mediafetcher.api.admission import Ticket
from mediafetcher.core import errors, logging

_BODY_WAIT = 20.0  # seconds for the next piece of a body
_BODY_TIME = 120.0  # seconds for the whole body: the largest needs 9 kB/s
_WINDOW = 256 << 10  # bytes of a stream that may be in flight
_PATIENCE = 30.0  # seconds that the client may read nothing while data waits for it
_BLIND = 1 << 20  # bytes of a stream over a connection whose descriptor was not found
_ENDED = object()
_log = logging.get("api")


class Exchange:
    """One request and its answer, which always carries `headers`.

    `began`: an answer has started; `gone`: the exception of the server after the client left.
    """

    ticket: Ticket  # set before the application is called

    def __init__(self, scope: Any, proto: Any, headers: Mapping[str, str], gone: type[Exception]) -> None:
        self.began = False
        self._scope, self._proto, self._headers, self._gone = scope, proto, headers, gone
        self._body = None if scope.method in ("GET", "HEAD", "OPTIONS") else aiter(proto)
        self._read = False
        self._missing = int(scope.headers.get("content-length") or 0) if self._body is not None else 0
        self._until = asyncio.get_running_loop().time() + _BODY_TIME
        self._start: dict[str, Any] = {}
        self._stream: Any = None
        self._over = asyncio.Event()  # the answer was sent, or the client has left
        self._connection: connection.Connection | None = None
        self._handed = 0  # bytes of the stream since the connection last accepted some
        self.is_stuck = False  # the client has not read the data sent to it

    def asgi_scope(self, host: str, address: str, path: str, state: dict[str, Any]) -> dict[str, Any]:
        scope = self._scope
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in scope.headers.items()]
        if scope.authority:
            headers.append((b"host", host.encode("latin-1")))
        server, _, port = scope.server.rpartition(":")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": scope.http_version,
            # HEAD is answered as GET without the body; `send` omits it.
            "method": "GET" if scope.method == "HEAD" else scope.method,
            "scheme": scope.scheme,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": scope.query_string.encode("latin-1"),
            "headers": headers,
            "client": (address, 0),
            "server": (server, int(port or 0)),
            "state": state,
            "extensions": {},
        }

    async def receive(self) -> dict[str, Any]:
        if not self._read:
            try:
                if self._body is None:
                    raise StopAsyncIteration
                now = asyncio.get_running_loop().time()
                async with self.ticket.wait_for_body(now + max(0.0, min(_BODY_WAIT, self._until - now))):
                    piece = bytes(await anext(self._body))
            except StopAsyncIteration:
                self._read = True
                self.ticket.body_came(0)
                if self._missing > 0:
                    return {"type": "http.disconnect"}  # an incomplete body is worthless
                return {"type": "http.request", "body": b"", "more_body": False}
            except TimeoutError:
                raise errors.TooSlow() from None
            self.ticket.body_came(len(piece))
            self._missing -= len(piece)
            return {"type": "http.request", "body": piece, "more_body": True}
        left = asyncio.ensure_future(self._proto.client_disconnect())
        sent = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait({left, sent}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            left.cancel()
            sent.cancel()
        return {"type": "http.disconnect"}

    async def send(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._start = dict(message)
            return
        if self._over.is_set():
            return
        body, more = bytes(message.get("body", b"")), message.get("more_body", False)
        if self._stream is None:
            status, headers = self._start["status"], self._merged()
            self.began = True
            if self._scope.method == "HEAD":
                self._proto.response_empty(status, headers)
                self._over.set()
                return
            if not more:
                body = self._compress(status, headers, body)
                self._proto.response_bytes(status, headers, body)
                self._over.set()
                return
            self._stream = self._proto.response_stream(status, headers)
        if body and not await self._hand_over(body):
            more = False  # the client left, or does not read; `receive` says so
        if not more:
            self._stream = _ENDED  # releasing the stream ends it
            self._over.set()

    def _compress(self, status: int, headers: list[tuple[str, str]], body: bytes) -> bytes:
        """Compress a complete answer if its route and its client allow it. Adds the headers that say so."""
        if not compression.is_for(self._scope.method, self._scope.path):
            return body
        headers.append(("vary", "accept-encoding"))
        packed = compression.compress(status, body, self._scope.headers.get("accept-encoding") or "")
        if packed is None:
            return body
        headers[:] = [(name, value) for name, value in headers if name != "content-length"]
        headers += [("content-encoding", "gzip"), ("content-length", str(len(packed)))]
        return packed

    async def _hand_over(self, body: bytes) -> bool:
        """Send a piece of a stream. Returns: False if the client has left."""
        if self._handed and self._handed + len(body) > _WINDOW and not await self._was_taken():
            return False
        self._handed += len(body)
        try:
            await self._stream.send_bytes(body)
        except self._gone:
            return False
        return True

    async def _was_taken(self) -> bool:
        """Wait until the client has read the sent data. Aborts the connection if it does not."""
        if self._connection is None:
            port = int(self._scope.server.rpartition(":")[2])
            self._connection = await asyncio.to_thread(connection.find, self._scope.client, port)
        if self._connection is None:
            return self._handed < _BLIND
        self.is_stuck = True
        try:
            taken = await self._connection.writable(_PATIENCE)
        finally:
            self.is_stuck = False
        if not taken:
            _log.info("a client that does not read was cut", path=self._scope.path)
            self._connection.cut()
        self._handed = 0
        return taken

    def drop(self) -> None:
        """Abort the connection if its client does not read. A client that reads sees the regular end of the stream."""
        if self.is_stuck and self._connection is not None:
            self._connection.cut()

    def close(self) -> None:
        """Release all resources. Call it once the request is over."""
        if self._connection is not None:
            self._connection.close()

    def _merged(self) -> list[tuple[str, str]]:
        """Merge the answer's own headers with the common headers that it does not set."""
        own = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in self._start["headers"]]
        names = {name for name, _ in own}
        return own + [(name, value) for name, value in self._headers.items() if name not in names]


class Lifespan:
    """Start and shut down the application: `async with Lifespan(app):`."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self._to_app: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._from_app: asyncio.Queue[Any] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        scope: Any = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        self._task = asyncio.ensure_future(self._app(scope, self._to_app.get, self._from_app.put))  # type: ignore[arg-type]
        await self._phase("startup")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.wait_for(self._phase("shutdown"), 10)
        await self._task

    async def _phase(self, name: str) -> None:
        await self._to_app.put({"type": f"lifespan.{name}"})
        answer = asyncio.ensure_future(self._from_app.get())
        await asyncio.wait({self._task, answer}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            await self._task
            raise RuntimeError(f"the application ended during {name}")
        if answer.result()["type"] != f"lifespan.{name}.complete":
            raise RuntimeError(f"{name} of the application failed: {answer.result().get('message')}")
