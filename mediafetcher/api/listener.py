"""The listening socket and the number of connections that the process can hold.

Granian limits connections only in total, and stops accepting at the limit, so one client could lock out all others.
Therefore the limit is higher than any flood that one machine sends, and the descriptor limit of the process is higher
than the limit. Accepted connections inherit the socket options that are set here.
"""

import errno
import resource
import socket

from mediafetcher.core import errors, logging

BACKLOG = 4096  # connections that the kernel completes before they are accepted
_WANTED = 16_384  # maximum of open connections
_LEAST = 256
_OWN = 1024  # descriptors for the database, downloads, child processes and other files
_EACH = 2  # descriptors of one connection: its socket and the file that is sent

_IDLE = 30  # seconds without traffic before the first keep-alive probe
_INTERVAL = 10  # seconds between two probes
_UNREAD = 60_000  # ms after which a connection is dropped if its peer acknowledges nothing or never reads

_log = logging.get("api")


def most_connections() -> int:
    """Raise the descriptor limit as far as needed and allowed. Returns: the number of connections that fit."""
    limit = _raise_descriptor_limit(_OWN + _EACH * _WANTED)
    fitting = max(_LEAST, min(_WANTED, (limit - _OWN) // _EACH))
    if fitting < _WANTED:
        _log.info("the descriptor limit bounds the connections", descriptors=limit, connections=fitting)
    return fitting


def _raise_descriptor_limit(wanted: int) -> int:
    """Raise the soft limit. Returns: the new soft limit. Root may raise the hard limit, but not in a container."""
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
    """Bind a socket to `host:port` without listening. Raises: `PortInUse`, `BadSetting`.

    Granian would share a port silently (SO_REUSEPORT). A socket without that option detects that the port is in use.
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
                f"Port {port} on {host} is used by another program. Stop it, or choose another port with --port."
            ) from error
        raise errors.BadSetting(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
    return opened


def _set_options(opened: socket.socket) -> None:
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # ignore sockets of the previous run
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _INTERVAL)
    # This also covers a closed window: a reader that does not read is dropped after this time.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD)
