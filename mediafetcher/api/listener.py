"""The listening socket, and how many connections the process can hold.

Granian can limit connections only as a total, and stops accepting when the total is reached: whoever opens that many
keeps everybody else out. So the total lies above any flood that one machine sends, and the descriptor limit of the
process above the total. Accepted connections inherit the options that are set here.
"""

import errno
import resource
import socket

from mediafetcher.core import errors, logging

BACKLOG = 4096  # connections that the kernel completes before they are accepted
_WANTED = 16_384  # open connections at the most
_LEAST = 256
_OWN = 1024  # descriptors for the database, downloads, child processes and files that are not being sent
_EACH = 2  # descriptors of one connection: its socket, and the file that is sent over it

_IDLE = 30  # seconds without traffic before the kernel asks whether the other end is still there
_INTERVAL = 10  # seconds between two of these questions
_UNREAD = 60_000  # ms after which a connection is dropped whose other end acknowledges nothing, or never reads

_log = logging.get("api")


def most_connections() -> int:
    """Raise the descriptor limit as far as it is needed and allowed -> how many connections fit into it."""
    limit = _raise_descriptor_limit(_OWN + _EACH * _WANTED)
    fitting = max(_LEAST, min(_WANTED, (limit - _OWN) // _EACH))
    if fitting < _WANTED:
        _log.info("the descriptor limit bounds the connections", descriptors=limit, connections=fitting)
    return fitting


def _raise_descriptor_limit(wanted: int) -> int:
    """-> the soft limit afterwards. Root may raise the hard limit too, unless it is root of a container."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    for new in ((wanted, max(wanted, hard)), (min(wanted, hard) if hard != unlimited else wanted, hard)):
        if soft != unlimited and new[0] > soft:
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, new)
            except (ValueError, OSError):
                continue
            return new[0]
    return wanted if soft == unlimited else soft


def open_socket(host: str, port: int) -> socket.socket:
    """A socket that is bound to `host:port` and does not listen yet. Raises `PortInUse`, `BadSetting`.

    Granian would share a port in silence (SO_REUSEPORT); a socket without that option finds out whether somebody
    else has it.
    """
    try:
        family, kind, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror as error:
        raise errors.BadSetting(f"host: {host!r} is not an address of this machine ({error.strerror}).") from error
    opened = socket.socket(family, kind | socket.SOCK_CLOEXEC)
    try:
        _set_options(opened)
        opened.bind(where)
    except OSError as error:
        opened.close()
        if error.errno == errno.EADDRINUSE:
            raise errors.PortInUse(
                f"Port {port} on {host} is taken by another program: stop it, or choose another with --port."
            ) from error
        raise errors.BadSetting(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
    return opened


def _set_options(opened: socket.socket) -> None:
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # sockets of our last run do not count
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _INTERVAL)
    # It counts for a closed window too: a reader that does not read is gone after this time, with what waits for it.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD)
