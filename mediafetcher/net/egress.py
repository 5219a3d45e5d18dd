"""The outbound gate: which addresses a download may reach, decided when it connects.

A name is no proof: it may resolve to anything, and to something else a moment later; a redirect, a playlist or a
fragment may name any address. So the check is an audit hook on the connect itself, with the real address. Python
cannot take an audit hook away again. No other program may be started, since it would not be under the hook; but for
those that are named, JavaScript runtimes with a sandbox of their own, and only as `PROGRAM run OPTIONS -` without a
right.

`allow_hosts` are exceptions, `name[:port]`: private addresses that a name resolved to. Our own ports are never
among them.
"""

import ipaddress
import os
import socket
import sys
from collections.abc import Collection, Iterable
from typing import Any

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_IP = (socket.AF_INET, socket.AF_INET6)
_PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "pty.spawn"}
_OTHER_WAYS = {"socket.bind", "socket.sendto", "socket.sendmsg"}

# deno's options that take rights away or keep to what is there; none gives a right.
_SANDBOX = {
    *("--ext=js", "--no-code-cache", "--no-prompt", "--no-remote", "--no-lock", "--node-modules-dir=none"),
    *("--no-config", "--no-npm", "--cached-only", "--v8-flags=--jitless"),
}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Blocked(PermissionError):
    """The address, or the way to reach it, is not allowed."""


def public(address: str) -> bool:
    """Whether an address belongs to the public internet, also where it hides in another one."""
    try:
        return _public(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return False


def _public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            hidden = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if hidden is not None:
            return _public(hidden)
        if int(address) < 1 << 32:  # the long deprecated IPv4-compatible form
            return False
    return address.is_global and not address.is_multicast and not address.is_unspecified


def excepted(host: str, port: int, allow_hosts: Collection[str]) -> bool:
    """Whether `host:port` is named in the exceptions, with its port or as a whole."""
    host = host.strip("[]").rstrip(".").lower()
    names = {entry.lower() for entry in allow_hosts}
    return bool({host, f"{host}:{port}", f"[{host}]", f"[{host}]:{port}"} & names)


def allowed(address: str, port: int, host: str, allow_hosts: Collection[str]) -> bool:
    """Whether `address`, which `host` resolved to, may be reached at `port`."""
    return public(address) or excepted(host, port, allow_hosts)


def is_ours(address: str) -> bool:
    """Whether an address is one of this machine's."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


class Gate:
    """The rules of one child, and what its exceptions resolved to so far."""

    def __init__(self, allow_hosts: Iterable[str], own_ports: Iterable[int], programs: Iterable[str] = ()) -> None:
        self._programs = frozenset(programs)
        self._allow_hosts = frozenset(allow_hosts)
        self._own_ports = frozenset(own_ports)
        self._resolved: set[tuple[str, int]] = set()
        self._looking = False  # our own look at this machine's addresses is not stopped by the hook

    def resolved(self, host: Any, port: Any, answers: list[Any]) -> None:
        """Remember what an exception resolved to: at connect time only the address is known."""
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
        for *_, where in answers:
            if excepted(name, int(where[1]), self._allow_hosts):
                self._resolved.add((where[0], int(where[1])))

    def check(self, address: str, port: int) -> None:
        """Raises `Blocked` unless the address may be reached."""
        if port in self._own_ports and self._is_ours(address):
            raise Blocked("address not allowed: our own port")
        if not public(address) and (address, port) not in self._resolved:
            raise Blocked("address not allowed: private")

    def _is_ours(self, address: str) -> bool:
        self._looking = True
        try:
            return address in ("0.0.0.0", "::") or is_ours(address)  # noqa: S104
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
        """Whether this is a program that was named, told to run what it reads and given no right."""
        if program not in self._programs or not isinstance(arguments, list | tuple):
            return False
        rest = [str(argument) for argument in arguments[1:]]
        if rest == ["--version"]:
            return True
        options = rest[1:-1]
        return rest[:1] == ["run"] and rest[-1] == "-" and all(option in _SANDBOX for option in options)


def install(allow_hosts: Iterable[str], own_ports: Iterable[int], programs: Iterable[str] = ()) -> Gate:
    """Close the gate of this process, for good. Call it before anything of others is imported."""
    gate = Gate(allow_hosts, own_ports, programs)
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *more: Any, **named: Any) -> list[Any]:
        answers = resolve(host, port, *more, **named)
        gate.resolved(host, port, answers)
        return answers

    socket.getaddrinfo = getaddrinfo
    sys.addaudithook(gate.hook)
    return gate
