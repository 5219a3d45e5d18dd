"""The egress filter: decides which addresses a download may reach, when it connects.

A name is no proof: it may resolve to anything, and to another address a moment later; a redirect, a playlist or a
fragment may name any address. The check is therefore an audit hook on the connect itself, with the real address. Python
cannot remove an audit hook. No other program may be started, since the hook would not cover it. The exceptions
are named programs, JavaScript runtimes with a sandbox of their own, and only as `PROGRAM run OPTIONS -` without
permissions.

An address is reachable if its number is public and the routing table shows neither this machine nor a neighbour
(local_network.py). `allow_hosts` are exceptions, `name[:port]`: other addresses that a name resolved to. Our own ports
are never among them.
"""

import ipaddress
import os
import socket
import sys
from collections.abc import Collection, Iterable
from typing import Any

from mediafetcher.net import local_network

# The special-purpose registries of IANA, as a list: the one of Python differs between its versions. Infrastructure
# networks that are formally global (anycast of AS112, AMT, PCP) are included; they contain no site.
_SPECIAL_IPV4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")  # the only range that is assigned; the rest is special or unused
_SPECIAL_IPV6 = tuple(
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")  # 2001::/23 includes Teredo
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP = {0x00005EFE, 0x02005EFE}  # the upper half of an interface identifier that contains an IPv4 address
_IP = (socket.AF_INET, socket.AF_INET6)
_PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "pty.spawn"}
_OTHER_WAYS = {"socket.bind", "socket.sendto", "socket.sendmsg"}

# deno's options that remove permissions or forbid network access; none gives a permission.
_SANDBOX = {
    *("--ext=js", "--no-code-cache", "--no-prompt", "--no-remote", "--no-lock", "--node-modules-dir=none"),
    *("--no-config", "--no-npm", "--cached-only", "--v8-flags=--jitless"),
}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Blocked(PermissionError):
    """The address, or the way to reach it, is not allowed."""


def public(address: str) -> bool:
    """Return whether an address belongs to the public internet, also if it is embedded in another one.

    Decided by its number alone; see `reachable`.
    """
    try:
        return _public(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return False


def reachable(address: str) -> bool:
    """Return whether an address is public and neither this machine's nor on a network that it is attached to."""
    return public(address) and not local_network.contains(ipaddress.ip_address(address))


def _public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _SPECIAL_IPV4)
    if address.ipv4_mapped:
        return _public(address.ipv4_mapped)
    if address in _NAT64:
        return _public(_lowest_32_bits(address))
    if address not in _GLOBAL_IPV6 or any(address in network for network in _SPECIAL_IPV6):
        return False
    if address.sixtofour and not _public(address.sixtofour):
        return False
    return int(address) >> 32 & 0xFFFFFFFF not in _ISATAP or _public(_lowest_32_bits(address))


def _lowest_32_bits(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def excepted(host: str, port: int, allow_hosts: Collection[str]) -> bool:
    """Tell whether `host:port` is among the exceptions, with its port or as a whole."""
    host = host.strip("[]").rstrip(".").lower()
    names = {entry.lower() for entry in allow_hosts}
    return bool({host, f"{host}:{port}", f"[{host}]", f"[{host}]:{port}"} & names)


def allowed(address: str, port: int, host: str, allow_hosts: Collection[str]) -> bool:
    """Tell whether `address`, which `host` resolved to, may be reached at `port`."""
    return reachable(address) or excepted(host, port, allow_hosts)


class EgressFilter:
    """The rules of one child, and the addresses of its exceptions so far."""

    def __init__(self, allow_hosts: Iterable[str], own_ports: Iterable[int], programs: Iterable[str] = ()) -> None:
        self._programs = frozenset(programs)
        self._allow_hosts = frozenset(allow_hosts)
        self._own_ports = frozenset(own_ports)
        self._resolved: set[tuple[str, int]] = set()
        self._looking = False  # the hook does not stop our own query of this machine's addresses

    def resolved(self, host: Any, port: Any, answers: list[Any]) -> None:
        """Record the addresses of an exception: at connect time only the address is known."""
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
        for *_, where in answers:
            if excepted(name, int(where[1]), self._allow_hosts):
                self._resolved.add((where[0], int(where[1])))

    def check(self, address: str, port: int) -> None:
        """Raises: `Blocked` unless the address may be reached."""
        if port in self._own_ports and self._is_ours(address):
            raise Blocked("address not allowed: our own port")
        if (address, port) not in self._resolved and not self._reachable(address):
            raise Blocked("address not allowed: private")

    def _is_ours(self, address: str) -> bool:
        self._looking = True
        try:
            return address in ("0.0.0.0", "::") or local_network.is_own(address)  # noqa: S104
        finally:
            self._looking = False

    def _reachable(self, address: str) -> bool:
        self._looking = True
        try:
            return reachable(address)
        finally:
            self._looking = False

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            used, where = arguments
            if used.family not in _IP:
                raise Blocked("socket family not allowed")
            self.check(str(where[0]), int(where[1]))
        elif event in _OTHER_WAYS and not self._looking:
            if arguments[0].family in _IP or event == "socket.bind":
                raise Blocked("only outgoing connections are allowed")
        elif event == "subprocess.Popen" and self._sandboxed(*arguments[:2]):
            return
        elif event in _PROGRAMS:
            raise Blocked(f"program not allowed: {os.fsdecode(arguments[0]) if arguments else event}")

    def _sandboxed(self, program: Any, arguments: Any) -> bool:
        """Tell whether this is a named program that only runs its input, without permissions."""
        if program not in self._programs or not isinstance(arguments, list | tuple):
            return False
        rest = [str(argument) for argument in arguments[1:]]
        if rest == ["--version"]:
            return True
        options = rest[1:-1]
        return rest[:1] == ["run"] and rest[-1] == "-" and all(option in _SANDBOX for option in options)


def install(allow_hosts: Iterable[str], own_ports: Iterable[int], programs: Iterable[str] = ()) -> EgressFilter:
    """Install the egress filter of this process permanently. Call it before any foreign code is imported."""
    gate = EgressFilter(allow_hosts, own_ports, programs)
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *more: Any, **named: Any) -> list[Any]:
        answers = resolve(host, port, *more, **named)
        gate.resolved(host, port, answers)
        return answers

    socket.getaddrinfo = getaddrinfo
    sys.addaudithook(gate.hook)
    return gate
