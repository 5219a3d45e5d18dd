"""Parse foreign text and bytes in a process that can be killed: never on the main loop, never in a thread.

    layout = await parsing.call(sniff.look_all, files=[path])

The function runs in a confined worker (parsing_child.py) that opens no file and no socket: its input and output
are open descriptors. A worker that takes too long or dies is killed and replaced, and the call raises
`ParserFailed`. A few workers run at once, and stay for a minute, because their start costs 150 ms.
"""

import asyncio
import contextlib
import os
import socket
import stat
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import msgspec

from mediafetcher.core import bundle, errors, logging
from mediafetcher.sandbox import process
from mediafetcher.sandbox.child import Child

T = TypeVar("T")
Source = Path | int  # a file to read, or an open descriptor

# The modules whose functions a worker may run. It loads them before it confines itself.
PARSERS = (
    "mediafetcher.media.sniff",
    "mediafetcher.media.ffmpeg_output",
    "mediafetcher.media.webvtt",
    "mediafetcher.accounts.vault.cookie_formats",
    "mediafetcher.importing.info_json",
    "mediafetcher.importing.nfo_file",
    "mediafetcher.subscriptions.patterns",
    "mediafetcher.subscriptions.list_formats",
)
# The modules that decode foreign bytes in the server itself: bounded in size, and by types that exclude all else.
BOUNDED = (
    "mediafetcher.fetch.child_events",
    "mediafetcher.fetch.error_mapping",
    "mediafetcher.fetch.sidecars",
    "mediafetcher.fetch.ytdlp.package_index",
    "mediafetcher.library.recovery.journal_file",
    "mediafetcher.library.storage.claims",
    "mediafetcher.ops.backup",
)
MAX_REQUEST = 16 << 20  # bytes
MAX_REPLY = 16 << 20  # bytes
IDLE_SECONDS = 60.0
DEADLINE = 60.0  # seconds of one call
_START_SECONDS = 30.0
_WORKERS = 4
MAX_FILES = 128  # of one call
_LENGTH = struct.Struct(">I")
_LIMITS = process.Limits(data=1 << 30, nice=5)
_log = logging.get("parsing")


async def call(
    function: Callable[..., T],
    *arguments: Any,
    files: Sequence[Source] = (),
    deadline: float = DEADLINE,
    secret: bool = False,
) -> T:
    """Run `function(*descriptors, *arguments)` in a worker. Returns: its result, checked against its return annotation.

    `function` is at the top level of one of our modules; its arguments and result are plain values or
    dataclasses. `deadline`: seconds. `secret`: use a worker that has parsed nothing else, and parses nothing after.

    Raises: OSError if a file cannot be opened, the function's own error, and
    `ParserFailed` if the worker does not end in time or dies.
    """
    request = msgspec.json.encode([function.__module__, function.__qualname__, list(arguments)])
    opened = [one for one in files if isinstance(one, int)]
    mine = await asyncio.to_thread(_open_all, [one for one in files if isinstance(one, Path)])
    try:
        reply = await _current().ask(request, [*mine, *opened], deadline, secret=secret)
    finally:
        for descriptor in mine:
            os.close(descriptor)
    return _result(reply, function)


async def close() -> None:
    """End the idle workers."""
    await _current().close()


def _open_all(paths: Sequence[Path]) -> list[int]:
    with contextlib.ExitStack() as stack:
        descriptors = []
        for path in paths:
            descriptors.append(open_regular(path))
            stack.callback(os.close, descriptors[-1])
        stack.pop_all()
    return descriptors


def open_regular(path: Path) -> int:
    """Open a regular file for parsing. A pipe of that name must not block us. Raises: OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path.name} is not a regular file")
    return descriptor


def _result(reply: bytes, function: Callable[..., T]) -> T:
    hint: Any = get_type_hints(function).get("return", Any)
    try:
        outcome, value = msgspec.json.decode(reply, type=tuple[str, msgspec.Raw])
        if outcome == "ok":
            result: T = msgspec.json.decode(value, type=hint)
            return result
        text = msgspec.json.decode(value, type=str)
    except (msgspec.DecodeError, RecursionError) as error:
        raise errors.ParserFailed(reason=f"{function.__qualname__}: {error}"[:200]) from None
    if outcome.startswith("problem "):
        raise errors.by_code(outcome.removeprefix("problem "))(text[:500])
    raise errors.ParserFailed(reason=f"{function.__qualname__}: {text}"[:200])


class _Worker:
    """One process. Its control socket carries requests and replies, each with its length."""

    def __init__(self, child: Child, control: socket.socket) -> None:
        self._child = child
        self._control = control

    @classmethod
    async def start(cls) -> "_Worker":
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setblocking(False)  # noqa: FBT003 (a method of sockets)
        try:
            with theirs:
                argv = [*bundle.python("mediafetcher.sandbox.parsing_child"), str(theirs.fileno()), *PARSERS]
                env = process.environment("/", PYTHONPATH=str(bundle.PACKAGE.parent), PYTHONDONTWRITEBYTECODE="1")
                child = await process.start(argv, _LIMITS, env=env, pass_fds=(theirs.fileno(),))
        except BaseException:
            ours.close()
            raise
        return cls(child, ours)

    @property
    def alive(self) -> bool:
        return self._child.returncode is None

    async def ask(self, request: bytes, descriptors: Sequence[int]) -> bytes:
        """Send a request. Returns: the reply; b"" if the process ended instead. The caller sets the time limit."""
        loop = asyncio.get_running_loop()
        try:
            socket.send_fds(self._control, [_LENGTH.pack(len(request))], list(descriptors))
            await loop.sock_sendall(self._control, request)
            (length,) = _LENGTH.unpack(await self._receive(_LENGTH.size))
            return await self._receive(length) if length <= MAX_REPLY else b""
        except (OSError, struct.error):
            return b""

    async def _receive(self, size: int) -> bytes:
        loop, received = asyncio.get_running_loop(), bytearray()
        while len(received) < size:
            part = await loop.sock_recv(self._control, min(size - len(received), 1 << 20))
            if not part:
                raise OSError("the worker has ended")
            received += part
        return bytes(received)

    async def end(self) -> str:
        """Kill it. Returns: the last line that it wrote to standard error."""
        self._control.close()
        await self._child.kill()
        return next(iter(self._child.stderr_tail.strip().splitlines()[-1:]), "")


class _Pool:
    """The workers of one event loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._free = asyncio.Semaphore(_WORKERS)
        self._idle: list[_Worker] = []
        self._leaving: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def ask(self, request: bytes, descriptors: Sequence[int], deadline: float, *, secret: bool) -> bytes:
        if len(request) > MAX_REQUEST or len(descriptors) > MAX_FILES:
            raise errors.ParserFailed(reason=f"{len(request)} bytes and {len(descriptors)} files at once")
        positions = _positions(descriptors)
        async with self._free:
            reply = b""
            if not secret and (worker := self._take_idle()):
                reply = await self._ask(worker, request, descriptors, deadline)
            if not reply:  # an idle worker may have been killed meanwhile, independent of this request
                async with asyncio.timeout(_START_SECONDS):
                    worker = await _Worker.start()
                _rewind(positions)  # a dead worker has read or written a part: it shares the file position with us
                reply = await self._ask(worker, request, descriptors, deadline, keep=not secret)
        if not reply:
            raise errors.ParserFailed(reason="the worker died")
        return reply

    async def _ask(
        self, worker: _Worker, request: bytes, descriptors: Sequence[int], deadline: float, *, keep: bool = True
    ) -> bytes:
        reply = b""
        try:
            async with asyncio.timeout(deadline):
                reply = await worker.ask(request, descriptors)
        except TimeoutError:
            _log.warning("a parser was killed", seconds=deadline)
            raise errors.ParserFailed(reason=f"more than {deadline:g} seconds") from None
        finally:
            if reply and keep:
                self._put_back(worker)
            else:
                self._end(worker)
        return reply

    def _take_idle(self) -> _Worker | None:
        self._stay()
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            self._end(worker)
        return None

    def _put_back(self, worker: _Worker) -> None:
        self._idle.append(worker)
        self._stay()
        self._leaving = self.loop.call_later(IDLE_SECONDS, self._leave)

    def _leave(self) -> None:
        while self._idle:
            self._end(self._idle.pop())

    def _stay(self) -> None:
        if self._leaving:
            self._leaving.cancel()
            self._leaving = None

    def _end(self, worker: _Worker) -> None:
        ending = asyncio.ensure_future(self._ended(worker))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _ended(self, worker: _Worker) -> None:
        if said := await worker.end():
            _log.warning("a parser died", said=said[-200:])

    async def close(self) -> None:
        self._stay()
        self._leave()
        await asyncio.gather(*self._ending, return_exceptions=True)


def _positions(descriptors: Sequence[int]) -> list[tuple[int, int]]:
    """Return each descriptor of a file with its position. Pipes have no position."""
    found = []
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            found.append((descriptor, os.lseek(descriptor, 0, os.SEEK_CUR)))
    return found


def _rewind(positions: Sequence[tuple[int, int]]) -> None:
    for descriptor, position in positions:
        os.lseek(descriptor, position, os.SEEK_SET)


_pool: _Pool | None = None


def _current() -> _Pool:
    global _pool
    if _pool is None or _pool.loop is not asyncio.get_running_loop():
        _pool = _Pool()
    return _pool
