"""Prefork fetch children: a program that has yt-dlp in memory forks itself for each download.

A cold child computes for half a second before it does anything; a fork of the prefork program is ready in a few
milliseconds. The program (zygote.py) starts with the first download and ends if there were none for a minute, if
another yt-dlp is needed (ytdlp/versions.py), or after a number of forks; running forks then finish normally.
It is used between `open` and `close`; at other times, and whenever it does not work, children start cold. A program
that does not answer is given up at once: it stops forking, and running forks continue.

The prefork program reaps a fork only on request: until then the process number, and that of its group, belong to
no other process and can be killed safely.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mediafetcher.core import bundle, clock, logging, settings, tasks
from mediafetcher.fetch import gateway
from mediafetcher.sandbox import process
from mediafetcher.sandbox.child import Child

IDLE_SECONDS = 60.0
MOST_FORKS = 200  # of one program; then a new one replaces it
_START_SECONDS = 30.0
_ANSWER_SECONDS = 5.0
_REST_SECONDS = 60.0  # after a program did not start, before another start is tried
_log = logging.get("fetch")
_pool: "Pool | None" = None


def program() -> list[str]:
    """Return the command that starts the prefork program."""
    return bundle.python("mediafetcher.fetch.child.zygote")


async def open() -> None:
    """Use the prefork program for downloads from now on."""
    global _pool
    if _pool is None and hasattr(os, "pidfd_open"):
        _pool = Pool()
        gateway.keep()


async def close() -> None:
    """End the prefork program. Downloads must have ended; remaining ones are killed with it."""
    global _pool
    pool, _pool = _pool, None
    if pool is not None:
        await pool.close()
        await gateway.close()


async def take(
    folder: Path, env: dict[str, str], limits: process.Limits, way: gateway.Gateway, ytdlp: str = ""
) -> Child | None:
    """Return a child that is ready for its order, or None if it must be started cold.

    `way`: its way to the network. `ytdlp`: the folder of the yt-dlp that it must have loaded; empty for the
    bundled one.
    """
    if _pool is None or folder.parent != settings.get().fetch:
        return None
    try:
        return await _pool.take(folder.parent, env, limits, way, ytdlp)
    except OSError as error:
        _log.warning("the warm fetch program does not work, starting cold", reason=str(error))
        return None


class Program:
    """The running prefork program: what it has loaded, how often it has forked, and which forks are alive."""

    def __init__(self, child: Child, control: socket.socket, way: gateway.Gateway, ytdlp: str) -> None:
        self._child = child
        self._control = control
        self.ytdlp = ytdlp
        self.way = way
        self.forks = 0
        self.alive = 0
        self.retired = False  # it stopped forking, and ends with the last live fork

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def returncode(self) -> int | None:
        return self._child.returncode

    @classmethod
    async def start(
        cls, work: Path, env: dict[str, str], limits: process.Limits, way: gateway.Gateway, ytdlp: str
    ) -> "Program":
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)  # noqa: FBT003 (a method of sockets)
        try:
            with theirs:
                number = theirs.fileno()
                argv = [*program(), str(number), ytdlp, str(way.port)]
                given: dict[str, Any] = {"env": env, "cwd": work, "pass_fds": (number,), "network": way.network}
                child = await process.start(argv, limits, **given)
        except BaseException:
            ours.close()
            raise
        started = cls(child, ours, way, ytdlp)
        try:
            await started._answer(_START_SECONDS)
        except BaseException:
            await started.end()
            raise
        return started

    async def end(self) -> None:
        """End it with all its forks."""
        self._control.close()
        await self._child.kill()

    async def _answer(self, seconds: float) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                answer = await asyncio.get_running_loop().sock_recv(self._control, 64)
        except TimeoutError:
            raise OSError("no answer") from None
        if not answer:
            raise OSError("it has ended")
        return answer

    async def fork(self, reaped: Callable[["Program"], None]) -> Child:
        with contextlib.ExitStack() as theirs:
            pipes = [os.pipe() for _ in range(3)]
            mine = [pipes[0][1], pipes[1][0], pipes[2][0]]
            others = [pipes[0][0], pipes[1][1], pipes[2][1]]
            for descriptor in others:
                theirs.callback(os.close, descriptor)
            try:
                socket.send_fds(self._control, [b"fork"], others)
                pid = int(await self._answer(_ANSWER_SECONDS))
            except BaseException:
                for descriptor in mine:
                    os.close(descriptor)
                raise
        self.alive += 1
        self.forks += 1

        def reap() -> None:
            self.alive -= 1
            with contextlib.suppress(OSError):
                self._control.send(b"reap %d" % pid)
            reaped(self)

        return await process.adopt(pid, mine[0], mine[1], mine[2], reap)


class Pool:
    """The prefork program, started when needed, and again if another yt-dlp is needed or after many forks."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._program: Program | None = None
        self._retired: set[Program] = set()
        self._leaving: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._rests_until = 0.0  # monotonic seconds

    @property
    def alive(self) -> int:
        """Return the number of forks that have not ended."""
        return sum(one.alive for one in self._every())

    def _every(self) -> list[Program]:
        return [*self._retired, *([self._program] if self._program else [])]

    async def take(
        self, work: Path, env: dict[str, str], limits: process.Limits, way: gateway.Gateway, ytdlp: str
    ) -> Child:
        """Return a fork. If the caller is cancelled meanwhile, it is made anyway, so that no answer of the prefork
        program stays unread for the next caller, and then killed."""
        return await tasks.make_or_discard(self._take(work, env, limits, way, ytdlp), Child.kill)

    async def _take(
        self, work: Path, env: dict[str, str], limits: process.Limits, way: gateway.Gateway, ytdlp: str
    ) -> Child:
        async with self._lock:
            self._stay()
            now = self._program
            others = now and (now.ytdlp != ytdlp or now.way is not way)
            if now and (now.returncode is not None or others or now.forks >= MOST_FORKS):
                self._retire(now)
            program = self._program or await self._start(work, env, limits, way, ytdlp)
            try:
                return await program.fork(self._reaped)
            except OSError:
                # Its answer may come late, and would be taken for that of the next fork.
                self._retire(program)
                raise

    async def _start(
        self, work: Path, env: dict[str, str], limits: process.Limits, way: gateway.Gateway, ytdlp: str
    ) -> Program:
        if clock.monotonic() < self._rests_until:
            raise OSError("it did not start a moment ago")
        try:
            self._program = await Program.start(work, env, limits, way, ytdlp)
        except OSError:
            self._rests_until = clock.monotonic() + _REST_SECONDS
            raise
        return self._program

    def _retire(self, old: Program) -> None:
        """Stop forking from this program; running forks continue."""
        self._program = None
        old.retired = True
        self._retired.add(old)
        if not old.alive:
            self._end(old)

    def _reaped(self, one: Program) -> None:
        if one.alive:
            return
        if one.retired:
            self._end(one)
        elif one is self._program:
            self._leaving = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._retire, one)

    def _end(self, one: Program) -> None:
        self._retired.discard(one)
        ending = asyncio.ensure_future(one.end())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        self._stay()
        for one in self._every():
            self._retired.discard(one)
            await one.end()
        self._program = None
        await asyncio.gather(*self._ending)

    def _stay(self) -> None:
        if self._leaving:
            self._leaving.cancel()
            self._leaving = None
