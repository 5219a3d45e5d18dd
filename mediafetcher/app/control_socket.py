"""Run commands of one state folder in the process that holds its lock.

The holder (the server, or the first command) listens on `<state>/control.sock`, mode 0600. A second command sends its
arguments there, the holder runs the same function, and the output streams back. Each command is therefore written once,
and two concurrent commands need not wait for each other.

Commands can create administrators, so access to the socket is not sufficient. The caller must be root or the owner of
the state folder, and know the secret of this start from `<state>/control.secret`. Child processes run as the same user
and cannot read that file (Landlock).

One connection is one command, as JSON lines:

- request: {"secret": "...", "argv": [...], "stdin": "..." | null}
- answer: {"line": "..."} | {"error": "..."} | {"progress": {...}} ... and last {"exit": 0}

If a client disconnects, its command is cancelled; queued downloads continue. A client that sends no command, or does
not read the output, is disconnected, so it cannot block anything.
"""

import asyncio
import contextlib
import json
import os
import secrets
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from mediafetcher.app.output import Out
from mediafetcher.core import errors, files, logging

_log = logging.get("control")
_LIMIT = 8 << 20  # maximum bytes of a line
_FILE = "control.secret"  # in the state folder
_ASK_SECONDS = 10.0  # a client must have sent its command by then
_END_SECONDS = 5.0  # cancelled commands must have ended by then
_DEEP = 100  # a socket's path may have 107 bytes

Run = Callable[[list[str], Out, str | None], Awaitable[int]]


class _Remote:
    """An `Out` that writes to the socket."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def send(self, message: dict[str, Any]) -> None:
        if self._writer.transport.get_write_buffer_size() > _LIMIT:
            # The client does not read; its command is cancelled as if it had disconnected.
            self._writer.transport.abort()
        self._writer.write(json.dumps(message).encode() + b"\n")

    def line(self, text: str) -> None:
        self.send({"line": text})

    def error(self, text: str) -> None:
        self.send({"error": text})

    def progress(self, row: dict[str, Any]) -> None:
        self.send({"progress": row})


class Server:
    """Answer other commands of the same state folder until closed. Closing waits for active commands."""

    def __init__(self, state: Path, run: Run) -> None:
        self._state = state
        self._path = state / "control.sock"
        self._secret = secrets.token_urlsafe(32)
        self._run = run
        self._busy: set[asyncio.Task[None]] = set()
        self._silent: set[asyncio.Task[None]] = set()  # those of _busy whose client has not sent a command yet
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._path.unlink(missing_ok=True)  # we hold the lock, so an existing socket is stale
        files.replace(self._state / _FILE, self._secret.encode(), durable=False)  # before the socket accepts clients
        with _reachable(self._path) as path:
            old = os.umask(0o177)
            try:
                self._server = await asyncio.start_unix_server(self._accept, path, limit=_LIMIT)
            finally:
                os.umask(old)

    async def close(self, *, patience: float | None = None) -> None:
        """Refuse new commands, wait `patience` seconds for active ones (None: until they end), and cancel the rest."""
        if self._server is None:
            return
        self._server.close()
        self._path.unlink(missing_ok=True)
        (self._state / _FILE).unlink(missing_ok=True)
        for task in self._silent:
            task.cancel()
        if self._busy and patience != 0:
            await asyncio.wait(self._busy, timeout=patience)
        for task in self._busy:
            task.cancel()
        if self._busy:
            await asyncio.wait(self._busy, timeout=_END_SECONDS)
        if self._busy:
            _log.warning("commands do not end", count=len(self._busy))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._busy.add(task)
        self._silent.add(task)
        task.add_done_callback(self._busy.discard)
        task.add_done_callback(self._silent.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if (user := _user(writer)) not in {0, os.geteuid(), self._state.stat().st_uid}:
                _log.warning("a command of another user was refused", user=user)
                return
            async with asyncio.timeout(_ASK_SECONDS):
                asked = json.loads(await reader.readline())
            if not secrets.compare_digest(str(asked.get("secret")).encode(), self._secret.encode()):
                _log.warning("a command without the secret was refused", user=user)
                return
            self._silent.discard(asyncio.current_task())
            out = _Remote(writer)
            command = asyncio.ensure_future(self._run(asked["argv"], out, asked.get("stdin")))
            gone = asyncio.ensure_future(reader.read())  # ends when the client disconnects
            try:
                await asyncio.wait({command, gone}, return_when=asyncio.FIRST_COMPLETED)
                if command.done():
                    out.send({"exit": command.result()})
                    async with asyncio.timeout(_ASK_SECONDS):
                        await writer.drain()
            finally:
                for task in (command, gone):
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError, Exception):
                        await task
        except (OSError, ValueError, KeyError, AttributeError) as error:
            _log.warning("control connection failed", reason=str(error) or type(error).__name__)
        finally:
            writer.close()


async def ask(state: Path, argv: list[str], stdin: str | None, out: Out) -> int | None:
    """Ask the holder of the state folder to run a command. Returns: its exit code; None if no process answers."""
    try:
        secret = (state / _FILE).read_text()
        with _reachable(state / "control.sock") as path:
            reader, writer = await asyncio.open_unix_connection(path, limit=_LIMIT)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    try:
        writer.write(json.dumps({"secret": secret, "argv": argv, "stdin": stdin}).encode() + b"\n")
        await writer.drain()
        while answer := await reader.readline():
            message = json.loads(answer)
            if "exit" in message:
                return int(message["exit"])
            for kind, value in message.items():
                getattr(out, kind)(value)
    except ConnectionError:
        pass  # the same as an early end
    finally:
        writer.close()
    raise errors.Unavailable(
        "MediaFetcher stopped while running this command. Queued downloads continue at its next start."
    )


def _user(writer: asyncio.StreamWriter) -> int:
    """Return the user at the other end, as reported by the kernel."""
    given = writer.get_extra_info("socket")
    with socket.socket(fileno=os.dup(given.fileno())) as own:  # uvloop's own object cannot read socket options
        return int(struct.unpack("3i", own.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1])


@contextlib.contextmanager
def _reachable(path: Path) -> Any:
    """Return the path, or a short alias through an open folder: the length of socket paths is limited."""
    if len(os.fsencode(path)) < _DEEP:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
