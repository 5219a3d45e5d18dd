"""`serve`: everything in one process, started in order and stopped in reverse. Owns the signals.

    lock -> PostgreSQL -> migrations -> media folder -> control socket -> jobs -> HTTP -> "ready"

A second signal while it stops ends it at once.
"""

import asyncio
import importlib
import os
import signal
import socket
import sys

from mediafetcher import commands, instance
from mediafetcher.accounts import setup
from mediafetcher.base import log
from mediafetcher.base.settings import Settings

_log = log.get("serve")


async def serve(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT -> 0. Raises a `Problem` where it cannot start."""
    stopping = asyncio.Event()
    _own_signals(stopping)
    # The web framework takes half a second to import; PostgreSQL starts in the same time.
    importing = asyncio.create_task(asyncio.to_thread(importlib.import_module, "mediafetcher.api.front"))
    async with instance.open(settings, commands.remote) as opened:
        front = await importing
        code = await setup.prepare()
        await opened.ensure_jobs()

        def ready() -> None:
            address = _address(settings)
            _log.info("ready", address=address)
            print(f"MediaFetcher is ready: {address}", flush=True)
            if code is not None:
                # On a console only: standard output may be a log file, and the code must not lie in one.
                shown = code if sys.stdout.isatty() else "that `mediafetcher setup` prints"
                print(f"First run: open it and give the one-time code {shown}", flush=True)
            _notify("READY=1")

        await front.serve(settings, ready, stopping)
        _notify("STOPPING=1")
    _log.info("stopped")
    return 0


def _own_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def asked(name: str) -> None:
        if stopping.is_set():
            os._exit(130)
        _log.info("stopping", signal=name)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked, number.name)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a closed terminal does not end a server


def _address(settings: Settings) -> str:
    if settings.public_url:
        return settings.public_url
    host = settings.host
    if host in ("0.0.0.0", "::"):  # noqa: S104 (comparison only)
        host = socket.gethostname()
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _notify(message: str) -> None:
    """Tell a service manager that asks for it (systemd's sd_notify protocol; a datagram to $NOTIFY_SOCKET)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
            manager.sendto(message.encode(), address)
    except OSError as error:
        print(f"could not tell the service manager: {error}", file=sys.stderr)


def start(settings: Settings) -> int:
    """Run `serve` to its end in a loop of its own."""
    import uvloop

    log.setup(settings.log_level, settings.log_format)
    return uvloop.run(serve(settings))
