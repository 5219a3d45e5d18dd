"""The kernel's state of one connection: whether it accepts more bytes, and how to abort it.

Granian accepts every piece of a streamed answer immediately and buffers what the client has not read, without a limit
and without a signal. While the socket is writable Granian has nothing left to write, so the socket is polled. Granian
does not expose the descriptor; it is found by the client's address among the descriptors of this process.
"""

import asyncio
import contextlib
import os
import select
import socket
import stat

_BUFFER = 64 << 10  # bytes that the kernel may buffer for a streamed answer (it doubles the number for its own needs)


class Connection:
    """A duplicate of Granian's socket descriptor. It must be closed, or the client never sees the end."""

    def __init__(self, own: socket.socket) -> None:
        self._socket = own
        # A stream is small. Without a limit the kernel would buffer up to 4 MB for a client that does not read.
        own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self._poll = select.poll()
        self._poll.register(own, select.POLLOUT)

    def is_writable(self) -> bool:
        """Return whether the socket accepts bytes or has ended. In both cases there is no reason to wait."""
        return bool(self._poll.poll(0))

    async def writable(self, seconds: float) -> bool:
        """Wait until the socket is writable. Returns: False if the time in seconds is over."""
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
        """Abort the connection and discard its buffered bytes."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()


def find(client: str, port: int) -> Connection | None:
    """Find the connection from `client` ("address:port") to our `port`. Returns: None if it has ended or is ambiguous.

    This reads every descriptor of the process (about 3 us each), so call it in a thread.
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
            pass  # it has no peer, or no longer one
        finally:
            if own is not None:
                own.close()
    return None


def _socket_of(descriptor: int) -> socket.socket | None:
    """Duplicate the descriptor of a TCP socket. The duplicate stays valid if the number is reused in the meantime."""
    try:
        # Sockets only: closing a duplicate of a file would release the locks that we hold on it.
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
