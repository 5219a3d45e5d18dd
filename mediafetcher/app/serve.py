"""`serve`: all services in one process. Starts them in order, stops them in reverse, and owns the signals.

Order: lock, PostgreSQL, migrations, media folder, control socket, workers, HTTP, "ready".

A second signal during the shutdown ends the process immediately.
"""

import asyncio
import gc
import importlib
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from mediafetcher.app import state_folder
from mediafetcher.core import logging, signals
from mediafetcher.core.settings import Settings

if TYPE_CHECKING:  # loaded by `serve`
    from mediafetcher.app import instance

_log = logging.get("serve")


WhenReady = Callable[["instance.Instance"], Awaitable[None]]


async def serve(settings: Settings, command: "instance.Command", when_ready: WhenReady | None = None) -> int:
    """Run until SIGTERM or SIGINT. Returns: 0. Raises: a `Problem` if it cannot start.

    `command(instance)` runs the commands of the control socket, `when_ready(instance)` beside the server once it is
    ready.
    """
    stopping = asyncio.Event()
    signals.own_signals(stopping)
    state_folder.make(settings)
    with state_folder.lock(settings.state):
        # The imports take a second, as creating the database does, and more than starting it.
        loading = asyncio.create_task(_load("mediafetcher.app.instance"))
        loading_front = asyncio.create_task(_load("mediafetcher.api.server", after=loading))
        try:
            await state_folder.create_database(settings)
        finally:
            await loading
        return await _serve(settings, command, when_ready, stopping, loading_front)


async def _load(module: str, after: asyncio.Task[None] | None = None) -> None:
    """Import a module in a thread."""
    if after is not None:
        await asyncio.wait({after})
    await asyncio.to_thread(importlib.import_module, module)


async def _serve(
    settings: Settings,
    command: "instance.Command",
    when_ready: WhenReady | None,
    stopping: asyncio.Event,
    loading_front: asyncio.Task[None],
) -> int:
    from mediafetcher.accounts.auth import first_run
    from mediafetcher.app import instance

    hurrying = asyncio.create_task(_hurry(stopping))
    async with instance.open(settings, command, is_locked=True) as opened:
        await loading_front
        from mediafetcher.api import server as front

        code = await first_run.prepare()
        await opened.ensure_jobs()
        beside: list[asyncio.Future[None]] = []

        def ready() -> None:
            # Objects of the start live until the end. A collection of all of them would block the loop for 60 ms.
            gc.freeze()
            gc.enable()
            where = address(settings)
            _log.info("ready", address=where)
            print(f"MediaFetcher is ready: {where}", flush=True)
            opened.ready = True
            if when_ready is not None:
                beside.append(asyncio.ensure_future(_guarded(when_ready(opened))))
            elif code is not None:
                # Only on a terminal: standard output may be a log file, which must not contain the code.
                shown = code if sys.stdout.isatty() else "printed by `mediafetcher setup`"
                print(f"First start: open this address and enter the one-time code {shown}", flush=True)
            signals.notify("READY=1")

        await front.serve(settings, ready, stopping)
        opened.ready = False
        for task in beside:
            task.cancel()
        signals.notify("STOPPING=1")
        opened.patience = min(instance.PATIENCE, settings.shutdown_seconds)
    hurrying.cancel()
    _log.info("stopped")
    return 0


async def _guarded(work: Awaitable[None]) -> None:
    """Run work beside the server, which its failure does not end."""
    try:
        await work
    except Exception:
        _log.exception("work beside the server failed")


async def _hurry(stopping: asyncio.Event) -> None:
    """Limit the delay that an unresponsive database causes at the end to a few seconds."""
    from mediafetcher.db import engine

    await stopping.wait()
    engine.hurry()


def address(settings: Settings) -> str:
    if settings.public_url:
        return settings.public_url
    host = settings.host
    if host in ("0.0.0.0", "::"):  # noqa: S104 (comparison only)
        host = socket.gethostname()
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def start(settings: Settings, command: "instance.Command", when_ready: WhenReady | None = None) -> int:
    """Run `serve` in an event loop of its own."""
    import uvloop

    logging.setup(settings.log_level, settings.log_format)
    gc.disable()  # until it is ready
    return uvloop.run(serve(settings, command, when_ready))
