"""The commands, one short function each, run here or over the control socket.

A command gets the open installation, its parsed arguments, the output, and the text of standard input. It returns the
exit code. The functions that do the work are shared with the API.
"""

import argparse
from collections.abc import Awaitable, Callable

from mediafetcher.app import control_socket
from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.cli import parser
from mediafetcher.cli.commands import (
    desktop,
    downloads,
    following,
    library,
    notifications,
    presets,
    shares,
    sites,
    store,
    users,
    vault,
    ytdlp,
)
from mediafetcher.core import errors, logging

_log = logging.get("commands")


_COMMANDS: dict[str, Callable[[Instance, argparse.Namespace, Out, str | None], Awaitable[int]]] = {
    "get": downloads.get,
    "import": downloads.adopt_files,
    "list": library.list_items,
    "channels": library.list_channels,
    "show": library.show_item,
    "refresh-metadata": library.refresh_metadata,
    "rm": library.remove,
    "restore": library.restore,
    "keep": library.keep,
    "purge": library.purge,
    "never": downloads.never,
    "export": library.export_tree,
    "check": library.check_store,
    "store": store.manage,
    "desktop": desktop.manage,
    "setup": users.setup_code,
    "user": users.user,
    "token": users.token,
    "key": vault.key,
    "audit": vault.trail,
    "ytdlp": ytdlp.manage,
    "notify": notifications.notify,
    "preset": presets.preset,
    "site": sites.site,
    "share": shares.share,
    "feed": shares.feed,
    "follow": following.follow,
    "following": following.following,
    "unfollow": following.unfollow,
}


def remote(instance: Instance) -> control_socket.Run:
    """Return the function that the control socket calls."""

    async def command(argv: list[str], out: Out, stdin: str | None) -> int:
        return await run(instance, argv, out, stdin)

    return command


async def run(instance: Instance, argv: list[str], out: Out, stdin: str | None) -> int:
    """Run one command of this installation. Returns: its exit code. A problem becomes one line of the error output."""
    try:
        asked = parser.parser().parse_args(argv)
        return await _COMMANDS[asked.command](instance, asked, out, stdin)
    except errors.Problem as problem:
        out.error(f"mediafetcher: {problem.detail} [{problem.code}]")
        return problem.exit_code
    except Exception:
        _log.exception("command failed", command=argv[:1])
        out.error(f"mediafetcher: {errors.Internal.default_detail} [{errors.Internal.code}]")
        return 1
