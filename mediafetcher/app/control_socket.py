"""The control socket: a command of one state folder runs where that folder's lock is held.

The holder (the server, or whatever command came first) listens on `<state>/control.sock`, mode 0600. A second
command sends its arguments there, the holder runs the very same function, and what it says streams back. So
each command is written once, and two at once help each other instead of waiting.

One connection is one command, as JSON lines:
    -> {"argv": [...], "stdin": "..." | null}
    <- {"line": "..."} | {"error": "..."} | {"progress": {...}} ... and at last {"exit": 0}
A client that goes away cancels its command (what it had put into the queue goes on). One that sends no command, or
does not read what its command says, is sent away: it can hold up nothing.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from mediafetcher.app.output import Out
from mediafetcher.core import errors, logging

_log = logging.get("control")
_LIMIT = 8 << 20  # one line at the most, in bytes
_ASK_SECONDS = 10.0  # until a client must have sent its command
_END_SECONDS = 5.0  # for cancelled commands to end
_DEEP = 100  # a socket's path may have 107 bytes

Run = Callable[[list[str], Out, str | None], Awaitable[int]]


class _Remote:
    """An `Out` whose words go through the socket."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def send(self, message: dict[str, Any]) -> None:
        if self._writer.transport.get_write_buffer_size() > _LIMIT:
            self._writer.transport.abort()  # the client does not read; its command is cancelled as if it had left
        self._writer.write(json.dumps(message).encode() + b"\n")

    def line(self, text: str) -> None:
        self.send({"line": text})

    def error(self, text: str) -> None:
        self.send({"error": text})

    def progress(self, row: dict[str, Any]) -> None:
        self.send({"progress": row})


class Server:
    """Answers other commands of the same state folder until closed; closing waits for those under way."""

    def __init__(self, state: Path, run: Run) -> None:
        self._path = state / "control.sock"
        self._run = run
        self._busy: set[asyncio.Task[None]] = set()
        self._silent: set[asyncio.Task[None]] = set()  # those of _busy whose client has sent no command yet
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._path.unlink(missing_ok=True)  # we hold the lock, so a socket that lies there is dead
        with _reachable(self._path) as path:
            old = os.umask(0o177)
            try:
                self._server = await asyncio.start_unix_server(self._accept, path, limit=_LIMIT)
            finally:
                os.umask(old)

    async def close(self, *, patience: float | None = None) -> None:
        """Take no more commands, wait `patience` seconds for those under way (None: until they end), end the rest."""
        if self._server is None:
            return
        self._server.close()
        self._path.unlink(missing_ok=True)
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
            async with asyncio.timeout(_ASK_SECONDS):
                asked = json.loads(await reader.readline())
            self._silent.discard(asyncio.current_task())
            out = _Remote(writer)
            command = asyncio.ensure_future(self._run(asked["argv"], out, asked.get("stdin")))
            gone = asyncio.ensure_future(reader.read())  # ends when the client does
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
        except (OSError, ValueError, KeyError) as error:
            _log.warning("control connection failed", reason=str(error) or type(error).__name__)
        finally:
            writer.close()


async def ask(state: Path, argv: list[str], stdin: str | None, out: Out) -> int | None:
    """Let the holder of the state folder run a command -> its exit code; None where nobody answers."""
    try:
        with _reachable(state / "control.sock") as path:
            reader, writer = await asyncio.open_unix_connection(path, limit=_LIMIT)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    try:
        writer.write(json.dumps({"argv": argv, "stdin": stdin}).encode() + b"\n")
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
    raise errors.Away("MediaFetcher stopped while it worked on this; what is in the queue goes on at its next start.")


@contextlib.contextmanager
def _reachable(path: Path) -> Any:
    """The path, or a short one to the same place through an open folder: socket paths are limited in length."""
    if len(os.fsencode(path)) < _DEEP:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
