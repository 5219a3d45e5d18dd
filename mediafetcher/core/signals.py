"""Signals of this process, and messages to its service manager."""

import asyncio
import os
import signal
import socket
import sys

from mediafetcher.core import logging

_log = logging.get("process")


def own_signals(stopping: asyncio.Event) -> None:
    """Set `stopping` on SIGTERM or SIGINT. A second signal ends the process immediately with 130."""
    loop = asyncio.get_running_loop()

    def asked(name: str) -> None:
        if stopping.is_set():
            os._exit(130)
        _log.info("stopping", signal=name)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked, number.name)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a closed terminal does not end a server


def notify(message: str) -> None:
    """Notify the service manager (systemd's sd_notify protocol; a datagram to $NOTIFY_SOCKET), if there is one."""
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
