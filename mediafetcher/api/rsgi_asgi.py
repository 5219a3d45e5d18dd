"""From RSGI, which Granian speaks, to ASGI, which Litestar speaks: HTTP and lifespan. There are no WebSockets here."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from litestar import Litestar

from mediafetcher.core import errors

_BODY_WAIT = 20.0  # seconds for the next piece of a body
_BODY_TIME = 120.0  # seconds for all of it: the largest needs 9 kB/s
_ENDED = object()


class Exchange:
    """One request and its answer, which carries `headers` in any case.

    `began` tells whether an answer is on its way already; `gone` is what the server raises once the client left.
    """

    def __init__(self, scope: Any, proto: Any, headers: Mapping[str, str], gone: type[Exception]) -> None:
        self.began = False
        self._scope, self._proto, self._headers, self._gone = scope, proto, headers, gone
        self._body = None if scope.method in ("GET", "HEAD", "OPTIONS") else aiter(proto)
        self._read = False
        self._until = asyncio.get_running_loop().time() + _BODY_TIME
        self._start: dict[str, Any] = {}
        self._stream: Any = None
        self._over = asyncio.Event()  # the answer is sent, or nobody is there to take it

    def asgi_scope(self, host: str, address: str, state: dict[str, Any]) -> dict[str, Any]:
        scope = self._scope
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in scope.headers.items()]
        if scope.authority:
            headers.append((b"host", host.encode("latin-1")))
        server, _, port = scope.server.rpartition(":")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": scope.http_version,
            # Whatever GET answers, HEAD answers without the body; `send` leaves it out.
            "method": "GET" if scope.method == "HEAD" else scope.method,
            "scheme": scope.scheme,
            "path": scope.path,
            "raw_path": scope.path.encode(),
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
                left = self._until - asyncio.get_running_loop().time()
                piece = await asyncio.wait_for(anext(self._body), max(0.0, min(_BODY_WAIT, left)))
            except StopAsyncIteration:
                self._read = True
                return {"type": "http.request", "body": b"", "more_body": False}
            except TimeoutError:
                raise errors.TooSlow() from None
            return {"type": "http.request", "body": bytes(piece), "more_body": True}
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
                self._proto.response_bytes(status, headers, body)
                self._over.set()
                return
            self._stream = self._proto.response_stream(status, headers)
        if body:
            try:
                await self._stream.send_bytes(body)
            except self._gone:
                more = False  # the client left; `receive` says so
        if not more:
            self._stream = _ENDED  # letting go of the stream is what ends it
            self._over.set()

    def _merged(self) -> list[tuple[str, str]]:
        """The answer's own headers, and those of every answer that it does not set itself."""
        own = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in self._start["headers"]]
        names = {name for name, _ in own}
        return own + [(name, value) for name, value in self._headers.items() if name not in names]


class Lifespan:
    """`async with Lifespan(app):` the application is started, and shut down at the end."""

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
