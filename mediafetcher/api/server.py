"""The HTTP server: Granian on one port, speaking RSGI.

- /media/... : byte ranges, sent by Granian after Python has authorised them
- /api/... and /metrics : Litestar through the adapter
- /s/... : share links, without an account
- /open : one-time links that sign in a browser of this machine
- all other addresses : the built page

Every request passes `guard.check` first, and every answer carries the security headers.
"""

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import Callable
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketHolder
from granian.rsgi import ProtocolClosed
from granian.server.embed import Server

from mediafetcher.api import app, listener, problems, request_guard
from mediafetcher.api.admission import Admission
from mediafetcher.api.routes import events
from mediafetcher.api.rsgi_asgi import Exchange, Lifespan
from mediafetcher.api.static import media, one_time, page, shared, wrong_host
from mediafetcher.core import errors, settings
from mediafetcher.core import logging as log
from mediafetcher.core.settings import Settings

_STOP = 4.0  # seconds that open answers may take during the shutdown
_START = 10.0
_HEADER_WAIT = 10_000  # ms for the headers of a request, also of the next one on the same connection
_HEADERS = 16 << 10  # bytes of the headers of a request, kept in memory for each connection
_log = log.get("api")

# Granian would replace the logging of the whole process. This only sets the level of its own logger.
_LOGGING: dict[str, Any] = {"incremental": True, "formatters": {}, "handlers": {}, "loggers": {}}


class HttpApplication:
    """The RSGI application."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.app = app.make()
        self._site = page.Site()
        self._admission = Admission()

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        number = secrets.token_hex(8)
        problems.request_id.set(number)
        always = {"x-request-id": number}
        exchange = Exchange(scope, proto, request_guard.API_HEADERS | always, ProtocolClosed)
        with log.bind(request=number):
            try:
                await self._admit(scope, proto, exchange, always)
            except (ProtocolClosed, ConnectionError):
                _log.debug("the client left")
            except Exception as error:
                problem = problems.translate(error)
                if exchange.began:
                    return
                headers = request_guard.API_HEADERS | always | problems.headers(problem)
                headers["content-type"] = problems.MEDIA_TYPE
                proto.response_bytes(problem.status, list(headers.items()), problems.body(problem))
            finally:
                exchange.close()

    async def _admit(self, scope: Any, proto: Any, exchange: Exchange, always: dict[str, str]) -> None:
        peer = scope.client.rpartition(":")[0].strip("[]")
        headers = scope.headers
        call = request_guard.call(
            self._settings, scope.method, headers.get, headers.get_all, scope.authority, peer, scope.scheme
        )
        try:
            request_guard.check(settings.get(), call)  # an administrator changes host names while it runs
        except errors.WrongHost as problem:
            if not wrong_host.wants_page(call, scope.path):
                raise
            sent = list((wrong_host.HEADERS | always).items())
            proto.response_bytes(problem.status, sent, wrong_host.page(call))
            return
        with self._admission.enter(call.address) as ticket:
            exchange.ticket = ticket
            await self._answer(scope, proto, call, exchange, always)

    async def _answer(
        self, scope: Any, proto: Any, call: request_guard.Call, exchange: Exchange, always: dict[str, str]
    ) -> None:
        path = scope.path
        if path == "/api" or path.startswith("/api/"):
            await self._call_app(call, exchange, path)
        elif path == "/metrics":  # the default path of Prometheus
            await self._call_app(call, exchange, "/api/metrics")
        elif path == "/media" or path.startswith("/media/"):
            self._bytes(await media.answer(call, path, scope.query_string), proto, always)
        elif path.startswith("/s/"):
            self._bytes(await shared.answer(call, path, scope.query_string), proto, always)
        elif path == one_time.PATH:
            port = int(scope.client.rpartition(":")[2])
            found = await one_time.answer(call, scope.query_string, port, self._settings.port)
            self._bytes(found, proto, always)
        else:
            self._page(call, path, proto, always)

    async def _call_app(self, call: request_guard.Call, exchange: Exchange, path: str) -> None:
        state = {"https": call.https, "named": call.named, "local": call.local, "exchange": exchange}
        scope = exchange.asgi_scope(call.host, call.address, path, state)
        await self.app(scope, exchange.receive, exchange.send)  # type: ignore[arg-type]

    def _bytes(self, answer: media.Answer, proto: Any, always: dict[str, str]) -> None:
        headers = list((answer.headers | always).items())
        if answer.start == answer.end:
            proto.response_empty(answer.status, headers)
        elif answer.content is not None:
            proto.response_bytes(answer.status, headers, answer.content)
        else:
            proto.response_file_range(answer.status, headers, answer.path, answer.start, answer.end)

    def _page(self, call: request_guard.Call, path: str, proto: Any, always: dict[str, str]) -> None:
        found = self._site.answer(call, path)
        headers = list((found.headers | always).items())
        if call.method == "HEAD" or found.status == 304:
            proto.response_empty(found.status, headers)
        elif found.path is None:
            proto.response_str(found.status, headers, found.text)
        else:
            proto.response_file(found.status, headers, found.path)


async def serve(settings: Settings, ready: Callable[[], None], stopping: asyncio.Event) -> None:
    """Answer on `settings.host:port` until `stopping` is set. Calls `ready()` when requests are answered.

    Expects a connected engine and leaves it connected. Ends open streams, and returns within 5 s of `stopping`,
    whatever clients do. Raises: `PortInUse`, `BadSetting`.
    """
    request_guard.require_valid(settings)
    opened = listener.open_socket(settings.host, settings.port)
    address = str(opened.getsockname()[0])
    front = HttpApplication(settings)
    events.reopen()
    async with Lifespan(front.app):
        server = _server(front, address, settings.port, opened)
        serving = asyncio.ensure_future(server.serve())
        try:
            await _answers(address, settings.port, serving)
            ready()
            asked = asyncio.ensure_future(stopping.wait())
            await asyncio.wait({asked, serving}, return_when=asyncio.FIRST_COMPLETED)
            asked.cancel()
            if not stopping.is_set():
                raise errors.Internal("The HTTP server stopped unexpectedly.")
        finally:
            events.close_streams()
            await _stop(server, serving)


class _Server(Server):
    """Granian on a bound socket, with our options."""

    def __init__(self, opened: socket.socket, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._opened = opened

    def _init_shared_socket(self) -> None:
        # Granian owns the descriptor from here on, and closes it when it stops.
        holder: Any = SocketHolder
        self._shd = holder(self._opened.detach(), False, self.backlog)  # noqa: FBT003 (of Granian)
        self._ssp = None


def _server(front: HttpApplication, address: str, port: int, opened: socket.socket) -> Server:
    server = _Server(
        opened,
        front,
        address=address,
        port=port,
        interface=Interfaces.RSGI,
        # HTTP/2 expands 390 kB of headers to 3 GB, and no proxy needs it. Nothing here uses WebSocket.
        http=HTTPModes.http1,
        websockets=False,
        backlog=listener.BACKLOG,
        backpressure=listener.most_connections(),
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_WAIT, max_buffer_size=_HEADERS),
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
    )
    logging.getLogger("_granian").setLevel(logging.ERROR)
    return server


async def _answers(address: str, port: int, serving: asyncio.Future[None]) -> None:
    """Wait until the server accepts connections."""
    deadline = asyncio.get_running_loop().time() + _START
    while True:
        if serving.done():
            await serving
            raise errors.Internal("The HTTP server stopped while starting.")
        try:
            _, writer = await asyncio.open_connection(_reachable(address), port)
        except OSError:
            if asyncio.get_running_loop().time() > deadline:
                raise errors.Internal("The HTTP server did not start.") from None
            await asyncio.sleep(0.005)
        else:
            writer.close()
            return


def _reachable(address: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104


async def _stop(server: Server, serving: asyncio.Future[None]) -> None:
    """Stop the server. An answer that does not end is abandoned."""
    server.stop()
    _, unfinished = await asyncio.wait({serving}, timeout=_STOP)
    if unfinished:
        _log.warning("open connections were cut")
        serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
