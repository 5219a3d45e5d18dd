"""What each command does, one short function each; the same here and over the control socket.

A command takes the open installation, its parsed arguments, where to speak, and what came on standard input; it
gives the exit code. The work itself is in the functions that the API calls too.
"""

import argparse
from collections.abc import Awaitable, Callable

from mediafetcher.app import control_socket
from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.cli import parser
from mediafetcher.cli.commands import downloads, library, store, users, vault, ytdlp
from mediafetcher.core import errors, logging

_log = logging.get("commands")


_COMMANDS: dict[str, Callable[[Instance, argparse.Namespace, Out, str | None], Awaitable[int]]] = {
    "get": downloads.get,
    "import": downloads.adopt_files,
    "list": library.list_items,
    "rm": library.remove,
    "restore": library.restore,
    "purge": library.purge,
    "never": downloads.never,
    "export": library.export_tree,
    "check": library.check_store,
    "store": store.manage,
    "setup": users.setup_code,
    "user": users.user,
    "token": users.token,
    "key": vault.key,
    "audit": vault.trail,
    "ytdlp": ytdlp.manage,
}


def remote(instance: Instance) -> control_socket.Run:
    """What the control socket runs."""

    async def command(argv: list[str], out: Out, stdin: str | None) -> int:
        return await run(instance, argv, out, stdin)

    return command


async def run(instance: Instance, argv: list[str], out: Out, stdin: str | None) -> int:
    """Run one command of this installation -> its exit code; problems become one line on the error stream."""
    try:
        asked = parser.parser().parse_args(argv)
        return await _COMMANDS[asked.command](instance, asked, out, stdin)
    except errors.Problem as problem:
        out.error(f"mediafetcher: {problem.detail} [{problem.code}]")
        return problem.exit_code
    except Exception:
        _log.exception("command failed", command=argv[:1])
        out.error(f"mediafetcher: {errors.Internal.words} [{errors.Internal.code}]")
        return 1
