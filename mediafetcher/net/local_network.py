"""Find addresses of this machine and of its attached networks, by the kernel's present routes.

A global address need not be public: a machine with IPv6 has global addresses of its own, and so have its
neighbours, whose services trust the local network. Each address is looked up in the routing table (rtnetlink) when
it is needed; changes of interfaces and addresses need no notification.

A route without a gateway is on-link. Routes that cover a large part of the internet do not count: the default route
of a tunnel (WireGuard, PPP) has no gateway either.
"""

import errno
import ipaddress
import os
import socket
import struct

_RTM_NEWROUTE, _RTM_GETROUTE, _NLMSG_ERROR = 24, 26, 2
_NLM_F_REQUEST = 1
_RTM_F_FIB_MATCH = 0x2000  # answer with the entry of the table, and so with the length of its prefix (Linux 4.13)
_RTA_DST, _RTA_GATEWAY, _RTA_MULTIPATH, _RTA_VIA = 1, 5, 9, 18
_INDIRECT = {_RTA_GATEWAY, _RTA_MULTIPATH, _RTA_VIA}
_RTN_UNICAST, _RTN_LOCAL, _RTN_BROADCAST, _RTN_ANYCAST, _RTN_MULTICAST = 1, 2, 3, 4, 5
_LOCAL_TYPES = {_RTN_LOCAL, _RTN_BROADCAST, _RTN_ANYCAST, _RTN_MULTICAST}
_HEADER, _ROUTE = struct.Struct("=IHHII"), struct.Struct("=BBBBBBBBI")
_ATTRIBUTE = struct.Struct("=HH")
_SHORTEST_PREFIX = {4: 8, 6: 16}  # bits; a shorter route leads to the internet, not to a network
_ANSWER = 1 << 14  # bytes

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def contains(address: Address) -> bool:
    """Return whether `address` belongs to this machine or to a directly attached network.

    If the kernel does not answer (no rtnetlink in a sandbox), only the addresses of this machine are recognised.
    """
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    try:
        kind, _, direct = _look_up(address, 0)
        if kind in _LOCAL_TYPES:
            return True
        if kind != _RTN_UNICAST or not direct:
            return False
        _, length, direct = _look_up(address, _RTM_F_FIB_MATCH)
        return direct and length >= _SHORTEST_PREFIX[address.version]
    except _NoRouteError:
        return False
    except OSError:
        return is_own(str(address))


def is_own(address: str) -> bool:
    """Return whether a socket of this machine can be bound to `address`."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


class _NoRouteError(Exception):
    """The kernel has no route: connecting will fail anyway."""


def _look_up(address: Address, flags: int) -> tuple[int, int, bool]:
    """Return the type of the route to `address`, the length of its prefix, and whether it has no gateway."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    destination = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(address.packed), _RTA_DST) + address.packed
    body = _ROUTE.pack(family, address.max_prefixlen, 0, 0, 0, 0, 0, 0, flags) + destination
    request = _HEADER.pack(_HEADER.size + len(body), _RTM_GETROUTE, _NLM_F_REQUEST, 1, 0) + body
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as asking:
        asking.settimeout(2)
        asking.send(request)
        answer = asking.recv(_ANSWER)
    return _parse(answer)


def _parse(answer: bytes) -> tuple[int, int, bool]:
    length, kind, *_ = _HEADER.unpack_from(answer)
    if kind == _NLMSG_ERROR:
        number = -struct.unpack_from("=i", answer, _HEADER.size)[0]
        raise _no_route(number)
    if kind != _RTM_NEWROUTE:
        raise OSError("not an answer about a route")
    route = _ROUTE.unpack_from(answer, _HEADER.size)
    attributes = set()
    position = _HEADER.size + _ROUTE.size
    while position + _ATTRIBUTE.size <= min(length, len(answer)):
        size, attribute = _ATTRIBUTE.unpack_from(answer, position)
        attributes.add(attribute & 0x3FFF)
        position += max(size + 3 & ~3, _ATTRIBUTE.size)
    return route[7], route[1], not attributes & _INDIRECT


def _no_route(number: int) -> Exception:
    """Return the meaning of an error number of the kernel: no route to the address, or no answer at all."""
    if number in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EINVAL, errno.ESRCH):
        return _NoRouteError()
    return OSError(number, os.strerror(number))
