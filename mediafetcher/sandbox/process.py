"""Start a child with limits, which ends with us. The only module that starts processes.

Every child has a session of its own, ends with the server (even by kill -9), gains no privileges, writes no core, and
drops root for the service account (see privilege_drop.py). Its own children are killed when it ends: the group is
killed while its leader is still a zombie, so that the group's number cannot yet belong to another process.

child.py reads what was started, and ends it. Children start on threads that live as long as the program
(launcher.py), because the kernel sends the death signal when the *thread* that forked ends; `spawn` alone starts on
the main thread.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from mediafetcher.sandbox import landlock, launcher, namespaces
from mediafetcher.sandbox.child import STDERR_TAIL, Child, Forked
from mediafetcher.sandbox.landlock import Ruleset
from mediafetcher.sandbox.privilege_drop import Account, Limits, give, prepare, python_paths, service_account

__all__ = [
    "Account",
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
_ISOLATE_SECONDS = 10.0


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
) -> Child:
    """Start a confined program whose lines we read. `stdin` is written to it; `keep_stdin` leaves it open.

    `reach`: files and folders that it must be able to read, besides the program and `cwd`. `tail`: how many bytes
    of its standard error are kept. `alone`: apart from the system it can access only these files, no socket, and starts
    no processes. `network`: the network that it enters.

    Use it as `async with await process.start(...) as program: async for line in program: ...`; leaving the block
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
    await program.open(stdin, keep_stdin=keep_stdin)
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


async def adopt(pid: int, stdin: int, stdout: int, stderr: int, reap: Callable[[], None]) -> Child:
    """Adopt a child that another of our programs forked, with our ends of its pipes. It starts no processes of its own.

    `reap` is called once when it has ended: until then no other code may reap the zombie.
    """
    pipes = os.fdopen(stdin, "wb", 0), os.fdopen(stdout, "rb", 0), os.fdopen(stderr, "rb", 0)
    program = Child(Forked(pid, *pipes, reap), group=False)
    await program.open(None, keep_stdin=True)
    return program
