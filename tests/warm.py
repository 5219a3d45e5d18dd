"""One prefork program, one gateway and one parser for all tests of a run: they are ready, as in a running server.

They are the real ones, and their start takes most of the time of a short test. They belong to an event loop of their
own, which outlives that of each test. `Warm.lent` gives a test the first two, together with the folder of fetch
children, which is the only one that the program may access. `Parser.lent` gives the parser to each event loop.
"""

import asyncio
import contextlib
import os
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from mediafetcher.core import settings
from mediafetcher.fetch import client, gateway, prefork
from mediafetcher.sandbox import namespaces, parsing, process
from mediafetcher.sandbox.child import Child

T = TypeVar("T")
_SECONDS = 60.0
# With the modules of all sites: a fork that reads an ordinary page loads them otherwise, which takes 0.4 s each time.
_PROGRAM = "import yt_dlp.extractor._extractors; from mediafetcher.fetch.child import zygote; zygote.main()"


class _Background:
    """An event loop on a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="warm", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(_SECONDS)

    async def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))


class _Lent:
    """A child of the background loop as one test has it: it does not end with the test."""

    def __init__(self, child: Child, background: _Background) -> None:
        self._child, self._background = child, background

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def returncode(self) -> int | None:
        return self._child.returncode

    @property
    def stderr_tail(self) -> str:
        return self._child.stderr_tail

    async def write(self, data: bytes) -> None:
        await self._background.wait_for(self._child.write(data))

    async def kill(self) -> int:
        return 0


def _lent(child: Child, background: _Background) -> Child:
    """Lend a child. Returns: an object with all of a child's methods that its users call."""
    return cast(Child, _Lent(child, background))


class _Pool(prefork.Pool):
    """A pool whose first program is the lent one. A fetch that it was not started for starts cold."""

    def __init__(self, lent: prefork.Program, work: Path, limits: process.Limits) -> None:
        super().__init__()
        self._program = self.lent = lent
        self._given = work, _kept(client._environment(work / "1")), limits

    async def take(self, work: Path, env: dict[str, str], limits: process.Limits, *rest: Any) -> Child:
        if (work, _kept(env), limits) != self._given:
            raise OSError("the tests' program was started for something else")
        return await super().take(work, env, limits, *rest)

    @property
    def is_clean(self) -> bool:
        """Tell whether no fork of the lent program runs, and no answer of it is unread."""
        return not (self.lent.alive or self._lock.locked()) and self.lent.returncode is None


def _kept(env: dict[str, str]) -> dict[str, str]:
    """Return the part of an environment that is the same for all downloads."""
    return {name: value for name, value in env.items() if name not in ("HOME", "TMPDIR")}


class Warm:
    """The prefork program and its gateway, from the first test that borrows them until the end of the run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._background = _Background()
        self._gateway: gateway.Gateway | None = None
        self._program: prefork.Program | None = None
        self._limits = process.Limits()
        self._inode = 0  # of the folder: the program may access no other one of that name

    def _start(self) -> tuple[prefork.Program, gateway.Gateway]:
        if self._program is None or self._gateway is None or self._gateway.ended:
            self.end()
            self._folder.mkdir(mode=0o711)
            self._folder.chmod(0o711)
            self._inode = self._folder.stat().st_ino
            self._limits = process.Limits(file_size=settings.get().max_file_size, data=client._DATA, nice=5)
            self._gateway = self._background.run(gateway.Gateway.start())
            self._program = self._background.run(_started(self._folder, self._limits, self._gateway))
        return self._program, self._gateway

    def end(self) -> None:
        """End both."""
        if self._program:
            self._background.run(self._program.end())
        if self._gateway:
            self._background.run(self._gateway.close())
        self._program = self._gateway = None
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextlib.asynccontextmanager
    async def lent(self) -> AsyncIterator[None]:
        """Use them for the downloads of the installed settings, until the block is left."""
        program, way = self._start()
        place = settings.get().fetch
        os.rename(self._folder, place)
        here = gateway.Gateway(_lent(way._program, self._background), *_copied(way))
        lent = prefork.Program(
            _lent(program._child, self._background),
            _copy(program._control),
            here,
            "",
        )
        pool = _Pool(lent, place, self._limits)
        prefork._pool, gateway._gateway = pool, here
        gateway.keep()
        try:
            yield
        finally:
            clean = pool.is_clean
            await prefork.close()
            await here.close()
            self._take_back(place, clean=clean)

    def _take_back(self, place: Path, *, clean: bool) -> None:
        if clean:
            with contextlib.suppress(OSError):
                for entry in place.iterdir():
                    shutil.rmtree(entry)
                if place.stat().st_ino == self._inode:
                    os.rename(place, self._folder)
                    return
        self.end()


async def _started(work: Path, limits: process.Limits, way: gateway.Gateway) -> prefork.Program:
    env, plain = client._environment(work / "1"), prefork.program
    prefork.program = lambda: [*plain()[:-2], "-c", _PROGRAM]
    try:
        return await prefork.Program.start(work, env, limits, way, ytdlp="")
    finally:
        prefork.program = plain


def _copy(sock: socket.socket) -> socket.socket:
    """Return another descriptor of a socket. `socket.dup` would make the socket blocking for its program too."""
    return socket.socket(fileno=os.dup(sock.fileno()))


def _copied(way: gateway.Gateway) -> tuple[Any, namespaces.Network | None]:
    """Return descriptors of the gateway's socket and network that can be closed."""
    if way.network is None:
        return _copy(way._listening), None
    net, user, listening = way.network
    copy = namespaces.Network(os.dup(net), None if user is None else os.dup(user), _copy(listening))
    return copy.listening, copy


class Parser:
    """The parser, from the first event loop that needs it until the end of the run."""

    def __init__(self) -> None:
        self._background = _Background()
        self._worker: parsing._Worker | None = None
        self.busy = False

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Give it to the pool of each event loop, until the block is left."""

        class Pool(parsing._Pool):
            def __init__(pool) -> None:
                super().__init__()
                pool._idle.append(self._lend())

        plain, parsing._Pool = parsing._Pool, Pool  # type: ignore[misc]  # each loop makes one of these
        try:
            yield
        finally:
            parsing._Pool = plain  # type: ignore[misc]
            self._end()

    def _lend(self) -> "_LentWorker":
        if self._worker is None or self.busy or not self._worker.alive:
            self._end()
            self._worker = self._background.run(parsing._Worker.start())
        return _LentWorker(self, self._worker, self._background)

    def _end(self) -> None:
        if self._worker:
            self._background.run(self._worker.end())
        self._worker, self.busy = None, False


class _LentWorker(parsing._Worker):
    def __init__(self, parser: Parser, worker: parsing._Worker, background: _Background) -> None:
        super().__init__(_lent(worker._child, background), _copy(worker._control))
        self._parser = parser
        self._control.setblocking(False)

    async def ask(self, request: bytes, descriptors: Sequence[int]) -> bytes:
        """Mark it as busy until its reply is read: one that a test has left is killed."""
        self._parser.busy = True
        if reply := await super().ask(request, descriptors):
            self._parser.busy = False
        return reply
