"""The kernel's view of one connection: whether it takes more bytes, and how to cut it.

Granian takes every piece of a streamed answer at once and keeps in memory what the client has not read, without an end
and without a word. As long as the socket can be written Granian has nothing left to write, so the socket is what we
look at. Granian does not say which descriptor it is; the address of the client finds it among those of this process.
"""

import asyncio
import contextlib
import os
import select
import socket
import stat

_BUFFER = 64 << 10  # bytes that the kernel may hold for a streamed answer (it doubles the number for its own needs)


class Connection:
    """A second descriptor of Granian's socket. It has to be closed, or the client never sees the end."""

    def __init__(self, own: socket.socket) -> None:
        self._socket = own
        # A stream is small; without a bound the kernel would hold up to 4 MB of it for a client that does not read.
        own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self._poll = select.poll()
        self._poll.register(own, select.POLLOUT)

    def is_writable(self) -> bool:
        """Whether the socket takes bytes, or has ended: in either case nobody needs to wait for it."""
        return bool(self._poll.poll(0))

    async def writable(self, seconds: float) -> bool:
        """Wait until it takes bytes -> whether it does so in time."""
        if self.is_writable():
            return True
        loop, taken = asyncio.get_running_loop(), asyncio.Event()
        loop.add_writer(self._socket.fileno(), taken.set)
        try:
            async with asyncio.timeout(seconds):
                await taken.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_writer(self._socket.fileno())
        return True

    def cut(self) -> None:
        """End the connection now; what waits in it is thrown away."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()


def find(client: str, port: int) -> Connection | None:
    """The connection from `client` ("address:port") to our `port`; None where it has ended or cannot be told.

    It looks at every descriptor of the process (some 3 us each), so it belongs into a thread.
    """
    address, _, client_port = client.rpartition(":")
    wanted = (address.strip("[]"), int(client_port))
    for name in os.listdir("/proc/self/fd"):
        own = _socket_of(int(name))
        if own is None:
            continue
        try:
            if own.getpeername()[:2] == wanted and own.getsockname()[1] == port:
                found, own = own, None
                return Connection(found)
        except OSError:
            pass  # it has no other end, or none any more
        finally:
            if own is not None:
                own.close()
    return None


def _socket_of(descriptor: int) -> socket.socket | None:
    """A descriptor of our own of a TCP socket, which stays that socket whatever the number is used for meanwhile."""
    try:
        # Only of sockets: to close a second descriptor of a file would give up the locks that we have on it.
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return None
        second = os.dup(descriptor)
    except OSError:
        return None
    try:
        own = socket.socket(fileno=second)
    except OSError:
        os.close(second)
        return None
    if own.type != socket.SOCK_STREAM or own.family not in (socket.AF_INET, socket.AF_INET6):
        own.close()
        return None
    return own
