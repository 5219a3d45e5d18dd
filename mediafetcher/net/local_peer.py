"""The operating-system user at the other end of a loopback connection, by the kernel's table of sockets."""

import ipaddress
import sys
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ORDER = sys.byteorder  # of the words of an address
_ESTABLISHED = "01"  # in all other states the kernel may show user 0


def uid_of(address: str, port: int, server_port: int) -> int | None:
    """Return the user who owns the client's socket. Returns: None if it is not on this machine, or closed already.

    `address`, `port`: of the client. `server_port`: the port that it is connected to.
    """
    if not ipaddress.ip_address(address).is_loopback:
        return None
    for table in _TABLES:
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            _, local, remote, state, *rest = line.split()
            if state == _ESTABLISHED and _is(local, address, port) and _is(remote, None, server_port):
                uid, inode = int(rest[3]), int(rest[5])
                return uid if inode else None
    return None


def _is(written: str, address: str | None, port: int) -> bool:
    """Tell whether an end as the kernel writes it (hexadecimal, each word in the machine's order) is this one."""
    host, _, number = written.partition(":")
    if int(number, 16) != port:
        return False
    return address is None or _address(host) == ipaddress.ip_address(address)


def _address(written: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    words = [int(written[at : at + 8], 16).to_bytes(4, _ORDER) for at in range(0, len(written), 8)]
    found = ipaddress.ip_address(b"".join(words))
    return getattr(found, "ipv4_mapped", None) or found
