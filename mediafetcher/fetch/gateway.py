"""The server's side of the gateway: one proxy (socks_proxy.py) for all fetches of this process.

It is the only way to the network for child processes. The kernel enforces this as far as this machine supports it:

    namespace   children have a network of their own, where nothing but the proxy's socket listens (namespaces.py)
    landlock    they may make TCP connections to the proxy's port alone (Linux 6.7 and newer)
    python      neither is available: their Python connects to nothing else, and nothing stops other code. No fetch
                imitates a browser then, since that code connects outside Python

The proxy starts with the first fetch and ends with the last; with prefork (prefork.py), a minute later.
"""

import asyncio
import contextlib
import importlib.util
import json
import secrets
import socket
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal, Self
from weakref import WeakKeyDictionary

from mediafetcher.core import bundle, errors, logging, tasks
from mediafetcher.fetch.gateway_client import Way
from mediafetcher.sandbox import landlock, namespaces, process, seccomp
from mediafetcher.sandbox.child import Child

IDLE_SECONDS = 75.0  # a little longer than the prefork program, which uses its network
Kind = Literal["namespace", "landlock", "python"]

_log = logging.get("fetch")
_gateway: "Gateway | None" = None
_ending: set[asyncio.Future[None]] = set()  # idle ones that are being closed
_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
_kept = False


@cache
def kind() -> Kind:
    """Return the mechanism that stops children from bypassing the proxy here."""
    if seccomp.available():
        with contextlib.suppress(OSError):
            process.isolate().close()
            return "namespace"
        if landlock.version() >= landlock.WITH_NETWORK:
            return "landlock"
    return "python"


@cache
def available() -> bool:
    """Tell whether a fetch can imitate a browser here."""
    return importlib.util.find_spec("curl_cffi") is not None and seccomp.available() and kind() != "python"


class Gateway:
    """The running proxy. `close` ends it; it also ends with this process."""

    def __init__(self, program: Child, listening: socket.socket, network: namespaces.Network | None) -> None:
        self._program = program
        self._listening = listening
        self.network = network
        self.port: int = namespaces.PORT if network else listening.getsockname()[1]
        self.fetches = 0
        self.loop = asyncio.get_running_loop()
        self._closed = False
        self._leaving: asyncio.TimerHandle | None = None

    @classmethod
    async def start(cls) -> Self:
        """Start the proxy. If the start is cancelled, nothing stays open. Raises: `Crashed`."""
        try:
            kept_by = await asyncio.to_thread(kind)  # the first call starts a process
            network = await _isolated() if kept_by == "namespace" else None
            listening = network.listening if network else _on_loopback()
        except OSError as error:
            raise errors.Crashed(reason=f"the way into the network could not be made: {error}") from error
        argv = [*bundle.python("mediafetcher.fetch.socks_proxy"), str(listening.fileno())]
        env = process.environment("/", PYTHONPATH=str(bundle.PACKAGE.parent), PYTHONDONTWRITEBYTECODE="1")
        limits = process.Limits(file_size=0, data=512 << 20)
        try:
            program = await process.start(
                argv, limits, keep_stdin=True, env=env, cwd="/", pass_fds=(listening.fileno(),)
            )
        except BaseException as error:
            (network or listening).close()
            if not isinstance(error, OSError):
                raise
            raise errors.Crashed(reason=f"the way into the network did not start: {error}") from error
        return cls(program, listening, network)

    @property
    def ended(self) -> bool:
        return self._program.returncode is not None

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._stay()
        try:
            with contextlib.suppress(OSError):
                await self._program.kill()
        finally:
            (self.network or self._listening).close()

    async def admit(
        self, allow_hosts: Iterable[str], own_ports: Iterable[int], only: str | None, through: str | None
    ) -> "Pass":
        """Admit a fetch by these rules, until its `close`."""
        token = secrets.token_urlsafe(24)
        self.fetches += 1
        self._stay()
        given: dict[str, Any] = {"add": token, "allow_hosts": [*allow_hosts], "own_ports": [*own_ports], "only": only}
        given["through"] = through
        await self._tell(given)
        return Pass(self, Way(self.port, token))

    async def drop(self, token: str) -> None:
        self.fetches -= 1
        await self._tell({"drop": token})
        if self.fetches:
            return
        if _kept:
            self._stay()
            self._leaving = self.loop.call_later(IDLE_SECONDS, self._idle)
        else:
            await _leave(self)

    def _stay(self) -> None:
        if self._leaving:
            self._leaving.cancel()
            self._leaving = None

    def _idle(self) -> None:
        async def leave() -> None:
            if not self.fetches:
                await _leave(self)

        leaving = asyncio.ensure_future(leave())
        _ending.add(leaving)
        leaving.add_done_callback(_ending.discard)

    async def _tell(self, order: dict[str, Any]) -> None:
        await self._program.write(json.dumps(order).encode() + b"\n")


class Pass:
    """The permission of one fetch to use the network."""

    def __init__(self, gateway: Gateway, way: Way) -> None:
        self.gateway = gateway
        self.way = way
        self._closed = False

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await self.gateway.drop(self.way.token)


async def admit(
    allow_hosts: Iterable[str], own_ports: Iterable[int], only: str | None = None, through: str | None = None
) -> Pass:
    """Admit a fetch by these rules, `through` the proxy of that URL. Raises: `Crashed` if our proxy does not start."""
    global _gateway
    loop = asyncio.get_running_loop()
    async with _locks.setdefault(loop, asyncio.Lock()):
        if _gateway is not None and _gateway.loop is not loop:
            _gateway = None  # of a loop that is closed: its program ends with its input
        if _gateway is not None and _gateway.ended:
            _log.warning("the way into the network ended, starting it again")
            await _leave(_gateway)
        if _gateway is None:
            _gateway = await Gateway.start()
        return await _gateway.admit(allow_hosts, own_ports, only, through)


def keep() -> None:
    """Keep the proxy for a while between fetches from now on, until `close`."""
    global _kept
    _kept = True


async def close() -> None:
    """End the proxy. Fetches must have ended."""
    global _kept
    _kept = False
    if _gateway is not None and not _gateway.fetches:
        await _leave(_gateway)
    here = asyncio.get_running_loop()
    await asyncio.gather(*(one for one in _ending if one.get_loop() is here), return_exceptions=True)


async def _leave(gateway: Gateway) -> None:
    global _gateway
    if _gateway is gateway:
        _gateway = None
    await gateway.close()


async def _isolated() -> namespaces.Network:
    """Make a network. If the caller is cancelled meanwhile, it is made anyway, and then closed."""
    return await tasks.make_or_discard(asyncio.to_thread(process.isolate), namespaces.Network.close)


def _on_loopback() -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.bind(("127.0.0.1", 0))
    listening.listen(512)
    return listening
