"""Fetch children that start warm: a program that has yt-dlp in memory and forks itself for each download.

A cold child computes for half a second before it does anything; a fork of the warm program is there in a few
milliseconds. The program (zygote.py) starts with the first download and leaves when there were none for a minute.
Between `open` and `close` it is used; at other times, and whenever it does not work, children start cold.

The warm program reaps a fork only when it is told to: until then its number, and that of its group, belong to
nobody else and can be killed safely.
"""

import asyncio
import contextlib
import os
import socket
from pathlib import Path

from mediafetcher.base import child, frozen, log, settings

IDLE_SECONDS = 60.0
_START_SECONDS = 30.0
_ANSWER_SECONDS = 5.0
_log = log.get("fetch")
_pool: "Pool | None" = None


def program() -> list[str]:
    """How the warm program is started."""
    return frozen.python("mediafetcher.downloads.zygote")


async def open() -> None:
    """From now on downloads start warm."""
    global _pool
    if _pool is None and hasattr(os, "pidfd_open"):
        _pool = Pool()


async def close() -> None:
    """End the warm program. Downloads must have ended; what has not is killed with it."""
    global _pool
    pool, _pool = _pool, None
    if pool is not None:
        await pool.close()


async def take(folder: Path, env: dict[str, str], limits: child.Limits) -> child.Child | None:
    """A child that is ready for its order, or None where it must be started cold."""
    if _pool is None or folder.parent != settings.get().work:
        return None
    try:
        return await _pool.take(folder.parent, env, limits)
    except OSError as error:
        _log.warning("the warm fetch program does not work, starting cold", reason=str(error))
        await _pool.close()
        return None


class Pool:
    """The warm program, started when it is needed."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._program: child.Child | None = None
        self._control: socket.socket | None = None
        self._alive = 0
        self._leaving: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    async def take(self, work: Path, env: dict[str, str], limits: child.Limits) -> child.Child:
        """A fork. Where the caller is cancelled meanwhile it is made all the same, so that no answer of the warm
        program stays unread for the next one, and then killed."""
        making = asyncio.ensure_future(self._take(work, env, limits))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            with contextlib.suppress(OSError):
                await (await making).kill()
            raise

    async def _take(self, work: Path, env: dict[str, str], limits: child.Limits) -> child.Child:
        async with self._lock:
            self._stay()
            if self._program is None or self._program.returncode is not None:
                await self._start(work, env, limits)
            return await self._fork()

    async def close(self) -> None:
        self._stay()
        program, self._program = self._program, None
        control, self._control = self._control, None
        if control:
            control.close()
        if program:
            await program.kill()

    async def _start(self, work: Path, env: dict[str, str], limits: child.Limits) -> None:
        await self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        self._control = ours
        with theirs:
            argv = [*program(), str(theirs.fileno())]
            self._program = await child.start(argv, limits, env=env, cwd=work, pass_fds=(theirs.fileno(),))
        await self._answer(_START_SECONDS)

    async def _answer(self, seconds: float) -> bytes:
        assert self._control
        try:
            async with asyncio.timeout(seconds):
                answer = await asyncio.get_running_loop().sock_recv(self._control, 64)
        except TimeoutError:
            raise OSError("no answer") from None
        if not answer:
            raise OSError("it has ended")
        return answer

    async def _fork(self) -> child.Child:
        assert self._control
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
        self._alive += 1
        control = self._control
        return await child.adopt(pid, mine[0], mine[1], mine[2], lambda: self._reap(control, pid))

    def _reap(self, control: socket.socket, pid: int) -> None:
        self._alive -= 1
        with contextlib.suppress(OSError):
            control.send(b"reap %d" % pid)
        if self._alive == 0 and control is self._control:
            self._leaving = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._leave)

    def _leave(self) -> None:
        self._closing = asyncio.ensure_future(self.close())

    def _stay(self) -> None:
        if self._leaving:
            self._leaving.cancel()
            self._leaving = None
