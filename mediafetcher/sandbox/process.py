"""Start a child with limits, read its output, end it reliably. The only module that starts processes.

Every child has a session of its own, ends with the server (even by kill -9), gains no privileges, writes no core, and
drops root for the service account (see privilege_drop.py). Its own children are killed when it ends: the group is
killed while its leader is still a zombie, so that the group's number cannot yet belong to another process.

Children start on threads that live as long as the program (launcher.py); `spawn` alone starts on the main thread. The
kernel sends the death signal when the *thread* that forked ends.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from mediafetcher.sandbox import landlock, launcher, namespaces
from mediafetcher.sandbox.landlock import Ruleset
from mediafetcher.sandbox.privilege_drop import Account, Limits, give, prepare, python_paths, service_account

__all__ = [
    "Account",
    "Child",
    "Limits",
    "Ruleset",
    "administer",
    "adopt",
    "detach",
    "give",
    "service_account",
    "spawn",
    "start",
]

PIPE = subprocess.PIPE
DEVNULL = subprocess.DEVNULL
MAX_LINE = 4 << 20  # bytes; a longer line is an error, not kept in memory
STDERR_TAIL = 8 << 10  # bytes
_CHUNK = 64 << 10
_ISOLATE_SECONDS = 10.0


class LineTooLong(Exception):
    """A child wrote a line beyond the limit."""


def environment(home: Path | str, **more: str) -> dict[str, str]:
    """Return a small, clean environment: without our secrets, home and temporary files in the child's own folder."""
    kept = ("SSL_CERT_FILE", "SSL_CERT_DIR", "MF_CA_FILE", "TZDIR", "LD_LIBRARY_PATH", "MF_WITHOUT")
    base = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "TMPDIR": str(home), "LC_ALL": "C.UTF-8"}
    return base | {name: os.environ[name] for name in kept if name in os.environ} | more


def _reach(argv: Sequence[str], cwd: Path | str | None) -> list[Path]:
    paths = python_paths() if argv[0] == sys.executable else [Path(argv[0])]
    return [*paths, Path(cwd)] if cwd is not None else paths


def _on_main_thread() -> None:
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("children start on the main thread only")


async def spawn(
    argv: Sequence[str],
    *,
    limits: Limits = Limits(),
    env: Mapping[str, str] | None = None,
    cwd: Path | str | None = None,
    stdin: int | IO[bytes] = DEVNULL,
    stdout: int | IO[bytes] = DEVNULL,
    stderr: int | IO[bytes] = DEVNULL,
    death_signal: int = signal.SIGKILL,
    account: Account | None = None,
) -> asyncio.subprocess.Process:
    """Start a confined program and return asyncio's process; for long-running programs.

    `death_signal` is the signal that it gets when we end, `account` the account instead of the service account.
    The caller must end its group (its group number is its pid).
    """
    _on_main_thread()
    return await asyncio.create_subprocess_exec(
        *argv,
        env=dict(env) if env is not None else environment(cwd or "/"),
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        preexec_fn=prepare(limits, death_signal, _reach(argv, cwd), account),
    )


def administer(argv: Sequence[str], timeout: float = 120.0) -> tuple[int, str]:
    """Run a tool of the system for its administrator, with our own privileges and unconfined.

    Returns: the exit code, and all of its output.

    For making users and services. Never for a program that reads untrusted data.
    """
    environ = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            list(argv), env=environ, cwd="/", stdin=DEVNULL, stdout=PIPE, stderr=subprocess.STDOUT, timeout=timeout
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, str(error)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def detach(argv: Sequence[str]) -> Callable[[], int | None]:
    """Start a program of the desktop's user, such as a browser, which does not end with us.

    It runs unconfined, with the environment of the user but without our settings, which may be secret.
    Returns: what asks for its exit code, None while it runs. Raises: OSError.
    """
    _on_main_thread()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIAFETCHER_", "MF_"))}
    started = subprocess.Popen(
        list(argv), env=environ, cwd="/", stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
    )
    threading.Thread(target=started.wait, name="detached", daemon=True).start()  # no zombie is left
    return started.poll


async def start(
    argv: Sequence[str],
    limits: Limits = Limits(),
    *,
    stdin: bytes | None = None,
    keep_stdin: bool = False,
    env: Mapping[str, str] | None = None,
    cwd: Path | str | None = None,
    reach: Sequence[Path] = (),
    tail: int = STDERR_TAIL,
    pass_fds: Sequence[int] = (),
    alone: Ruleset | None = None,
    network: namespaces.Network | None = None,
) -> "Child":
    """Start a confined program whose lines we read. `stdin` is written to it; `keep_stdin` leaves it open.

    `reach`: files and folders that it must be able to read, besides the program and `cwd`. `tail`: how many bytes
    of its standard error are kept. `alone`: apart from the system it can access only these files, no socket, and starts
    no processes. `network`: the network that it enters.

    Use it as `async with await child.start(...) as program: async for line in program: ...`; leaving the block
    kills the rest of the group. Raises: OSError if the program cannot be started.
    """

    def make() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            list(argv),
            env=dict(env) if env is not None else environment(cwd or "/"),
            cwd=cwd,
            stdin=PIPE if stdin is not None or keep_stdin else DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,
            pass_fds=pass_fds,
            preexec_fn=prepare(limits, signal.SIGKILL, [*_reach(argv, cwd), *reach], alone=alone, network=network),
        )

    process = await launcher.launch(make, discard)
    program = Child(process, tail)
    await program._open(stdin, keep_stdin=keep_stdin)
    return program


def discard(process: subprocess.Popen[bytes]) -> None:
    """Kill and reap a process that has no reader, with its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            pipe.close()
    process.wait()


def isolate() -> namespaces.Network:
    """Make a network that contains only a socket on which we listen. Raises: OSError if that is impossible.

    A short-lived process makes it, since a process inside it has no other network.
    """
    if landlock.is_left_out("namespace"):
        raise OSError("left out by a test")
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:

            def make() -> None:
                with contextlib.suppress(BaseException):
                    namespaces.make_and_send(theirs.fileno())
                os._exit(0)

            process = subprocess.Popen([sys.executable], preexec_fn=make)
        ours.settimeout(_ISOLATE_SECONDS)
        try:
            return namespaces.received(ours)
        finally:
            process.kill()
            process.wait()


async def adopt(pid: int, stdin: int, stdout: int, stderr: int, reap: Callable[[], None]) -> "Child":
    """Adopt a child that another of our programs forked, with our ends of its pipes. It starts no processes of its own.

    `reap` is called once when it has ended: until then no other code may reap the zombie.
    """
    pipes = os.fdopen(stdin, "wb", 0), os.fdopen(stdout, "rb", 0), os.fdopen(stderr, "rb", 0)
    program = Child(_Forked(pid, *pipes, reap), group=False)
    await program._open(None, keep_stdin=True)
    return program


class Process(Protocol):
    """The process as a Child needs it: that of subprocess, or a fork of another of our programs."""

    pid: int
    returncode: int | None
    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def wait(self) -> int: ...


@dataclass
class _Forked:
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

    async def _open(self, stdin: bytes | None, *, keep_stdin: bool) -> None:
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
