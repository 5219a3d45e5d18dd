"""The command line: choose the process in which a command runs.

`serve` takes the state folder for itself. Every other command runs in `commands`: in this process, with the
installation opened for its duration, or in the process that already holds the state folder.
"""

import argparse
import asyncio
import getpass
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mediafetcher.app.output import Out, Terminal
from mediafetcher.cli import parser
from mediafetcher.core import errors, logging, settings
from mediafetcher.core.settings import Settings
from mediafetcher.sandbox import run_as

if TYPE_CHECKING:  # these load the program, which `serve` does while the database starts
    from mediafetcher.app.control_socket import Run
    from mediafetcher.app.instance import Instance

_FLAGS = ("state", "media", "database_url", "host", "port")
_AS_TYPED = ("backup", "restore-backup", "rebuild", "database", "doctor", "service")
_HOLDER_TIMEOUT = 60.0  # seconds that a holder may take to listen or to exit


def main(argv: list[str] | None = None) -> int:
    """Run one command. Returns: 0, 1 found or failed, 2 usage, 75 already running, 130 interrupted."""
    code = _main(sys.argv[1:] if argv is None else argv)
    mount = sys.modules.get("mediafetcher.library.storage.mount")  # not imported here, because that takes a moment
    if mount is not None and mount.has_hung_threads():
        sys.stdout.flush()
        os._exit(code)  # Python would wait for threads that wait for a share
    return code


def _main(argv: list[str]) -> int:
    try:
        asked = parser.parse(argv)
        flags = {name: getattr(asked, name, None) for name in _FLAGS}
        chosen = settings.use(settings.load(flags))
        if asked.command in _AS_TYPED:
            return _as_typed(chosen, asked)
        if asked.command == "desktop":
            return _desktop(chosen, asked)
        shown = asked.command is None and _is_shown(chosen, asked)
        run_as.become_owner(chosen.state)
        if shown:
            from mediafetcher.app import desktop

            return desktop.start(chosen, _remote)
        if asked.command in (None, "serve"):
            from mediafetcher.app import serve

            return serve.start(chosen, _remote)
        if asked.command == "worker":
            from mediafetcher.app import worker
            from mediafetcher.cli import commands

            return worker.start(chosen, commands.remote)
        return _command(chosen, asked, argv)
    except errors.Problem as problem:
        print(f"mediafetcher: {problem.detail} [{problem.code}]", file=sys.stderr)
        return problem.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has closed the pipe: no further output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _remote(instance: "Instance") -> "Run":
    """Return what runs the commands of other processes. It is loaded when the server needs it."""
    from mediafetcher.cli import commands

    return commands.remote(instance)


def _is_shown(chosen: Settings, asked: argparse.Namespace) -> bool:
    """Return whether this start opens the page: on a desktop, for the owner of the state folder."""
    from mediafetcher.app import desktop

    return not asked.no_browser and desktop.is_desktop(os.environ) and desktop.is_own(chosen.state)


def _desktop(chosen: Settings, asked: argparse.Namespace) -> int:
    from mediafetcher.cli.commands import desktop

    return desktop.run(chosen, asked, Terminal())


def _as_typed(chosen: Settings, asked: argparse.Namespace) -> int:
    """Run commands that access files outside the state folder with the rights of the caller."""
    from mediafetcher.cli.commands import system

    logging.setup("warning" if chosen.log_level == "info" else chosen.log_level, chosen.log_format)
    return system.run(chosen, asked, Terminal())


def _command(chosen: Settings, asked: argparse.Namespace, argv: list[str]) -> int:
    logging.setup("warning" if chosen.log_level == "info" else chosen.log_level, chosen.log_format)
    if asked.command == "settings":
        for name, value in settings.masked(chosen).items():
            print(f"{name} = {value!r}")
        for old in chosen.old_names:
            print(f"mediafetcher: {old.warning}", file=sys.stderr)
        return 0
    if asked.command == "licences":
        from mediafetcher.ops import licences

        print(licences.notice())
        return 0
    if asked.command == "extension":
        from mediafetcher.ops import extension_package

        for path, use in extension_package.write(Path(asked.folder)):
            print(f"{path}: {use}")
        return 0
    stdin = _password(asked) if asked.command == "user" and asked.action != "remove" else None
    if asked.command == "site" and asked.action == "password":
        stdin = _password(asked)
    if asked.command in ("share", "feed") and asked.password:
        stdin = _password(asked)
    if asked.command == "notify" and getattr(asked, "url", "") == "-":
        stdin = sys.stdin.readline().strip()  # an address with a secret should not appear in the list of processes
    if asked.command == "following" and asked.action == "import":
        stdin = _read(asked.file)  # the server may be another user, with another folder
    if asked.command in ("import", "export"):
        argv = [parser.HERE, os.getcwd(), *argv]
    out = Terminal()
    import uvloop

    try:
        return uvloop.run(_run(chosen, argv, out, stdin))
    finally:
        out.close()


def _read(file: str) -> str:
    """Read a text file, or standard input for `-`. Raises: `UsageError`."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise errors.UsageError(f"Cannot read {file} ({error.strerror}).") from error
    return data.decode("utf-8-sig", "replace")


def _password(asked: argparse.Namespace) -> str:
    """Read a password twice from the terminal, or from the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass(f"Password for {getattr(asked, 'name', None) or 'the link'}: ")
    if getpass.getpass("Repeat password: ") != first:
        raise errors.UsageError("The passwords do not match. Nothing was changed.")
    return first


async def _run(chosen: Settings, argv: list[str], out: Out, stdin: str | None) -> int:
    """Run the command in the process that holds the state folder, or in this one if there is none."""
    from mediafetcher.app import control_socket

    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    deadline = asyncio.get_running_loop().time() + _HOLDER_TIMEOUT
    try:
        while True:
            code = await control_socket.ask(chosen.state, argv, stdin, out)
            if code is not None:
                return code
            # The whole program, which takes half a second to load, is needed only here.
            from mediafetcher.app import instance
            from mediafetcher.cli import commands

            try:
                async with instance.open(chosen, commands.remote) as opened:
                    return await commands.run(opened, argv, out, stdin)
            except errors.AlreadyRunning:
                # The holder is starting or exiting: ask again in a moment.
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.1)
    except asyncio.CancelledError:
        return 130
