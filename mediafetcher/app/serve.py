"""`serve`: everything in one process, started in order and stopped in reverse. Owns the signals.

    lock -> PostgreSQL -> migrations -> media folder -> control socket -> jobs -> HTTP -> "ready"

A second signal while it stops ends it at once.
"""

import asyncio
import gc
import importlib
import socket
import sys

from mediafetcher.accounts.auth import first_run
from mediafetcher.app import instance
from mediafetcher.core import logging, signals
from mediafetcher.core.settings import Settings
from mediafetcher.db import engine

_log = logging.get("serve")


async def serve(settings: Settings, command: instance.Command) -> int:
    """Run until SIGTERM or SIGINT -> 0. Raises a `Problem` if it cannot start.

    `command(instance)` runs the commands that arrive at the control socket.
    """
    stopping = asyncio.Event()
    signals.own_signals(stopping)
    hurrying = asyncio.create_task(_hurry(stopping))
    # The web framework takes half a second to import; PostgreSQL starts in the same time.
    importing = asyncio.create_task(asyncio.to_thread(importlib.import_module, "mediafetcher.api.server"))
    async with instance.open(settings, command) as opened:
        front = await importing
        code = await first_run.prepare()
        await opened.ensure_jobs()

        def ready() -> None:
            # What the start made stays for good. A collection that walked all of it would hold everybody up for 60 ms.
            gc.freeze()
            gc.enable()
            address = _address(settings)
            _log.info("ready", address=address)
            print(f"MediaFetcher is ready: {address}", flush=True)
            if code is not None:
                # On a console only: standard output may be a log file, and the code must not lie in one.
                shown = code if sys.stdout.isatty() else "that `mediafetcher setup` prints"
                print(f"First run: open it and give the one-time code {shown}", flush=True)
            signals.notify("READY=1")

        await front.serve(settings, ready, stopping)
        signals.notify("STOPPING=1")
        opened.patience = min(instance.PATIENCE, settings.stop_seconds)
    hurrying.cancel()
    _log.info("stopped")
    return 0


async def _hurry(stopping: asyncio.Event) -> None:
    """A database that does not answer holds up the end of the program for seconds only."""
    await stopping.wait()
    engine.hurry()


def _address(settings: Settings) -> str:
    if settings.public_url:
        return settings.public_url
    host = settings.host
    if host in ("0.0.0.0", "::"):  # noqa: S104 (comparison only)
        host = socket.gethostname()
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def start(settings: Settings, command: instance.Command) -> int:
    """Run `serve` to its end in a loop of its own."""
    import uvloop

    logging.setup(settings.log_level, settings.log_format)
    gc.disable()  # until it is ready
    return uvloop.run(serve(settings, command))
