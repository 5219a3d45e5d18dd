"""The command `desktop`: the entry in the application menu, and what other processes ask of the running server."""

import argparse
import asyncio
import os
import signal

import msgspec

from mediafetcher.app import desktop
from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.core import errors
from mediafetcher.core.settings import Settings
from mediafetcher.ops import desktop_entry

_KEPT = ("state", "media", "host", "port")  # flags that every start from the menu gets


def run(settings: Settings, asked: argparse.Namespace, out: Out) -> int:
    """Run one of its actions in the process of the caller. Returns: its exit code."""
    if asked.action == "stop":
        return asyncio.run(desktop.stop(settings))
    if asked.action == "link":
        out.line(asyncio.run(desktop.link(settings)))
        return 0
    if os.geteuid() == 0 and os.environ.get("SUDO_UID"):
        raise errors.UsageError("Type it without sudo: the entry is for the user of the desktop.")
    if asked.action == "uninstall":
        for path in desktop_entry.uninstall(os.environ):
            out.line(f"{path} removed")
        return 0
    for path in desktop_entry.install(_arguments(settings, asked), os.environ):
        out.line(f"{path} written")
    out.line("MediaFetcher is in the application menu now.")
    return 0


def _arguments(settings: Settings, asked: argparse.Namespace) -> list[str]:
    """Return the flags of this command line, and the state folder if the environment names it."""
    if getattr(asked, "database_url", None):
        raise errors.UsageError("Set database_url in config.toml in the state folder instead: it has a password.")
    given = {name: getattr(asked, name, None) for name in _KEPT}
    if "state" in settings.pinned or given["state"]:
        given["state"] = str(settings.state)
    if given["media"]:
        given["media"] = str(settings.media)
    return [word for name, value in given.items() if value for word in (f"--{name.replace('_', '-')}", str(value))]


async def manage(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    """Run `link` or `stop` in the server. Returns: 0; `desktop.NOT_READY` if this is no server that is ready."""
    if asked.action == "stop":
        os.kill(os.getpid(), signal.SIGTERM)
        return 0
    page = await desktop.page(instance)
    if page is None:
        return desktop.NOT_READY
    out.line(msgspec.json.encode(page).decode())
    return 0
