"""A running child: read its lines, write to it, end it reliably. It was started by process.py."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Protocol, Self

MAX_LINE = 4 << 20  # bytes; a longer line is an error, not kept in memory
STDERR_TAIL = 8 << 10  # bytes
_CHUNK = 64 << 10


class LineTooLong(Exception):
    """A child wrote a line beyond the limit."""


class Process(Protocol):
    """The process as a Child needs it: that of subprocess, or a fork of another of our programs."""

    pid: int
    returncode: int | None
    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def wait(self) -> int: ...


@dataclass
class Forked:
    """A child that another of our programs forked, with our ends of its pipes."""

    pid: int
    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None
    reap: Callable[[], None]
    returncode: int | None = None

    def wait(self) -> int:
        """Return the exit status, which only the parent of the ended process knows."""
        if self.returncode is None:
            self.returncode = 0
            self.reap()
        return self.returncode


class Child:
    """A running child: iterate over its lines; `returncode` and `stderr_tail` are valid once it has ended."""

    def __init__(self, process: Process, tail: int = STDERR_TAIL, *, group: bool = True) -> None:
        self._process = process
        self._group = group  # whether it leads a group
        self._tail = tail
        self._ended = asyncio.Event()
        self._stderr = b""
        self._tasks: list[asyncio.Task[None]] = []
        self._pipes: list[_Pipe] = []

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Return None while it runs; negative: the signal that ended it."""
        return self._process.returncode

    @property
    def stderr_tail(self) -> str:
        """Return the last bytes that it wrote to standard error."""
        return self._stderr.decode("utf-8", "replace")

    async def open(self, stdin: bytes | None, *, keep_stdin: bool) -> None:
        """Begin to read, once. `stdin` is written to it; `keep_stdin` leaves that open."""
        try:
            self._tasks.append(asyncio.create_task(self._watch(), name=f"child {self.pid}"))
            self._lines = self._pipe(self._process.stdout)
            self._tasks.append(asyncio.create_task(self._read_stderr(self._pipe(self._process.stderr))))
            if self._process.stdin:
                os.set_blocking(self._process.stdin.fileno(), False)
            if stdin is not None:
                self._tasks.append(asyncio.create_task(self._feed(stdin, keep_open=keep_stdin)))
        except BaseException:
            await self.kill()
            raise

    def _pipe(self, file: IO[bytes] | None) -> "_Pipe":
        assert file is not None
        self._pipes.append(_Pipe(file))
        return self._pipes[-1]

    async def _feed(self, data: bytes, *, keep_open: bool) -> None:
        """Write in a task of its own: a child that answers while it reads must not wait for us, nor we for it."""
        await self.write(data)
        if not keep_open:
            self.close_stdin()

    async def _read_stderr(self, pipe: "_Pipe") -> None:
        while chunk := await pipe.read():
            self._stderr = (self._stderr + chunk)[-self._tail :]

    async def _watch(self) -> None:
        """Wait for the end without reaping the zombie, kill the group, then reap it."""
        try:
            await _exited(self.pid)
        finally:
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._ended.set()

    def _signal(self, number: int) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if self._group:
                    os.killpg(self.pid, number)
            if not self._group or number == signal.SIGKILL:  # itself too, in case it has left its group
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(self.pid, number)

    async def write(self, data: bytes) -> None:
        """Write to standard input. A child that no longer reads is no error here: its end gives the reason."""
        pipe, loop, view = self._process.stdin, asyncio.get_running_loop(), memoryview(data)
        while view and pipe and not pipe.closed:
            try:
                view = view[os.write(pipe.fileno(), view) :]
            except BlockingIOError:
                room = asyncio.Event()
                loop.add_writer(pipe.fileno(), room.set)
                try:
                    await room.wait()
                finally:
                    loop.remove_writer(pipe.fileno())
            except BrokenPipeError:
                return

    def close_stdin(self) -> None:
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.lines()

    async def lines(self, most: int = MAX_LINE) -> AsyncIterator[bytes]:
        """Yield the lines of standard output, without line ends. Raises: `LineTooLong`: no output may be lost."""
        rest = b""
        while chunk := await self._lines.read():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if len(line) > most:
                    raise LineTooLong(f"more than {most} bytes")
                yield line
            if len(rest) > most:
                raise LineTooLong(f"more than {most} bytes")
        if rest:
            yield rest

    async def output(self, limit: int) -> bytes:
        """Return all of standard output, up to `limit` bytes."""
        said = b""
        while chunk := await self._lines.read():
            said += chunk[: limit - len(said)]
        return said

    async def wait(self) -> int:
        """Wait until it and its group have ended. Returns: the return code."""
        await self._ended.wait()
        helpers = self._tasks[1:]
        if helpers:
            # Done at once, unless a process left the group and still holds the pipe.
            _, pending = await asyncio.wait(helpers, timeout=1)
            for task in pending:
                task.cancel()
        return self._process.wait()

    def ask(self, number: int) -> None:
        """Send a signal that the child handles."""
        self._signal(number)

    async def stop(self, grace: float = 10.0) -> int:
        """Ask the group to end (SIGTERM), and kill it after `grace` seconds. Returns: the return code."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), grace)
        return await self.kill()

    async def kill(self) -> int:
        """Kill the group now. Safe to repeat, and done even if the caller is cancelled. Returns: the return code."""
        self._signal(signal.SIGKILL)
        try:
            await asyncio.shield(self.wait())
        finally:
            self.close_stdin()
            for pipe in self._pipes:
                pipe.close()
        return self._process.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()


class _Pipe:
    """Our end of a pipe to which a child writes.

    Not a transport: uvloop's transports close the file a second time after libuv has closed it, and by then it
    may be another file, which a thread opened meanwhile.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._ready = asyncio.Event()
        os.set_blocking(file.fileno(), False)

    async def read(self) -> bytes:
        """Return the available bytes, as soon as there are some; b"" at the end, and once it is closed."""
        while not self._file.closed:
            await asyncio.sleep(0)  # a child that never stops writing must not block the loop
            try:
                return os.read(self._file.fileno(), _CHUNK)
            except ValueError:  # closed meanwhile
                break
            except BlockingIOError:
                await self._wait()
        return b""

    async def _wait(self) -> None:
        loop, number = asyncio.get_running_loop(), self._file.fileno()
        self._ready.clear()
        loop.add_reader(number, self._ready.set)
        try:
            await self._ready.wait()
        finally:
            if not self._file.closed:
                loop.remove_reader(number)

    def close(self) -> None:
        """Close it: a reader gets the end of the file."""
        if not self._file.closed:
            asyncio.get_running_loop().remove_reader(self._file.fileno())
            self._file.close()
            self._ready.set()


async def _exited(pid: int) -> None:
    """Wait until `pid` is a zombie, without reaping it."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:  # a kernel before 5.3, or a sandbox without the call
        await asyncio.to_thread(os.waitid, os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
