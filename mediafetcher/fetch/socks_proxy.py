"""The only way to the network for fetch children: a SOCKS5 proxy that applies the egress rules.

A child reaches this proxy and nothing else; usually the kernel enforces it (gateway.py). Each fetch has its own token
and with it its rules. Names are resolved here, and the egress filter (net/egress.py) checks each address when it is
connected to: a name that resolves differently a moment later, a redirect, another notation of an address and our own
ports are all subject to the same rules, whatever code connects.

It supports `CONNECT` of SOCKS5 (RFC 1928, 1929) with a name and password, and a private command to resolve a name. In
an answer the address is the error number of the system.

Argument: the number of the listening socket. Standard input: JSON lines, {"add": TOKEN, "allow_hosts", "own_ports",
"only", "through"} and {"drop": TOKEN}; `only` is the one "host:port" that may be reached, `through` the URL of a proxy
for the connections (upstream_proxy.py). It ends with its input.
"""

import asyncio
import concurrent.futures
import contextlib
import contextvars
import errno
import ipaddress
import json
import os
import resource
import socket
import sys
from dataclasses import dataclass, field
from typing import Any

from mediafetcher.fetch import upstream_proxy
from mediafetcher.net import egress
from mediafetcher.sandbox import profiles

CONNECT, RESOLVE = 1, 0xF1
DONE, FAILED, REFUSED, AWAY, NOT_BY_PROXY, UNKNOWN = 0, 1, 2, 4, 5, 7  # the answers of RFC 1928
PRIVATE, OUR_PORT, PAST_PROXY = 1, 2, 3  # why it is refused

_MOST = 64  # connections of one fetch at once
_RESOLVERS = 32  # names that are resolved at once
_GREETING_SECONDS = 10.0
_CONNECT_SECONDS = 20.0
_REGISTERED_SECONDS = 5.0  # how long an unknown token may still be announced
_MOST_UNKNOWN = 128  # connections that have not sent their token; beyond it the oldest is closed
_CHUNK = 128 << 10
_FAMILIES = {socket.AF_INET, socket.AF_INET6}


class Refused(Exception):
    """A refusal for the other side, by its number."""

    def __init__(self, answer: int, number: int = 0) -> None:
        self.answer = answer
        self.number = number


@dataclass
class Rules:
    """The rules of one fetch."""

    gate: egress.EgressFilter
    allow_hosts: tuple[str, ...]
    only: str | None = None
    through: str | None = None
    proxy: set[tuple[str, int]] = field(default_factory=set)  # the addresses of `only`
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def check(self, host: str, address: str, port: int) -> None:
        """Raises: `Refused` unless `address`, which `host` resolved to, may be connected to."""
        if self.only is not None and (address, port) not in self.proxy:
            raise Refused(REFUSED, PAST_PROXY)
        if not _is_number(host) and not egress.allowed(address, port, host, self.allow_hosts):
            raise Refused(REFUSED, PRIVATE)  # an exception covers its own name alone
        try:
            self.gate.check(address, port)
        except egress.Blocked as blocked:
            raise Refused(REFUSED, OUR_PORT if "own port" in str(blocked) else PRIVATE) from blocked

    def resolved(self, host: str, port: int, answers: list[Any]) -> None:
        """Record the addresses of exceptions and of the proxy."""
        self.gate.resolved(host, port, answers)
        if f"{host}:{port}" == self.only:
            self.proxy |= {(str(where[0]), port) for *_, where in answers}


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


_rules: contextvars.ContextVar[Rules] = contextvars.ContextVar("rules")


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    """Make the last check, with the address that is really connected to."""
    if event == "socket.connect" and arguments[0].family in _FAMILIES:
        where = arguments[1]
        if (rules := _rules.get(None)) is None:
            raise egress.Blocked("nobody asked for this connection")
        rules.gate.check(str(where[0]), int(where[1]))


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    profiles.confine_gateway()
    sys.addaudithook(_hook)
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        asyncio.run(Proxy(listening).serve())


class Proxy:
    """Serves connections from children while its input is open."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self._rules: dict[str, Rules] = {}
        self._news = asyncio.Event()
        self._ended = asyncio.Event()
        self._rest = b""
        self._tasks: set[asyncio.Task[None]] = set()
        self._unknown: dict[asyncio.Task[None], None] = {}  # in the order of arrival

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(_RESOLVERS, "resolve"))
        os.set_blocking(0, False)
        loop.add_reader(0, self._read)
        self._listening.setblocking(False)  # noqa: FBT003 (a method of sockets)
        accepting = asyncio.create_task(self._accept())
        await self._ended.wait()
        accepting.cancel()
        os._exit(0)  # does not wait for names that are still being resolved

    def _read(self) -> None:
        """Read orders of the server. The program ends with them."""
        data = os.read(0, 1 << 16)
        if not data:
            self._ended.set()
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))

    def _obey(self, order: dict[str, Any]) -> None:
        if token := order.get("add"):
            hosts = tuple(order["allow_hosts"])
            self._rules[token] = Rules(
                egress.EgressFilter(hosts, order["own_ports"]), hosts, order["only"], order["through"]
            )
            self._news.set()
            self._news = asyncio.Event()
        elif (rules := self._rules.pop(order["drop"], None)) is not None:
            for task in rules.tasks:
                task.cancel()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                here, _ = await loop.sock_accept(self._listening)
            except OSError:  # no free descriptors: some will be closed
                await asyncio.sleep(0.1)
                continue
            task = asyncio.create_task(self._take(here))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _take(self, here: socket.socket) -> None:
        with here:
            here.setblocking(False)  # noqa: FBT003 (a method of sockets)
            here.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(OSError, EOFError, TimeoutError, asyncio.CancelledError):
                await self._connection(here)

    async def _connection(self, here: socket.socket) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._unknown[task] = None
        if len(self._unknown) > _MOST_UNKNOWN:
            next(iter(self._unknown)).cancel()
        try:
            async with asyncio.timeout(_GREETING_SECONDS):
                rules = await self._known(here)
        finally:
            self._unknown.pop(task, None)
        if len(rules.tasks) >= _MOST:
            return
        _rules.set(rules)
        rules.tasks.add(task)
        try:
            await self._serve_one(here, rules)
        except Refused as refused:
            await _send(here, _answer(refused.answer, refused.number))
        finally:
            rules.tasks.discard(task)

    async def _serve_one(self, here: socket.socket, rules: Rules) -> None:
        async with asyncio.timeout(_GREETING_SECONDS):
            command, host, port = await _asked(here)
        if command == RESOLVE:
            found = await _resolve(host, port, rules)
            addresses = json.dumps([str(where[0]) for *_, where in found]).encode()
            await _send(here, _answer(DONE) + len(addresses).to_bytes(2) + addresses)
            return
        if command != CONNECT:
            raise Refused(UNKNOWN)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                there = await connected(host, port, rules)
        except TimeoutError:
            raise Refused(FAILED, errno.ETIMEDOUT) from None
        with there:
            await _send(here, _answer(DONE))
            await _relay(here, there)

    async def _known(self, here: socket.socket) -> Rules:
        """Read the greeting and the token. Returns: its rules. Raises: EOFError for an invalid greeting or token."""
        version, count = await _exactly(here, 2)
        if version != 5 or 2 not in await _exactly(here, count):
            raise EOFError
        await _send(here, b"\x05\x02")
        _, length = await _exactly(here, 2)
        await _exactly(here, length)
        token = (await _exactly(here, (await _exactly(here, 1))[0])).decode("ascii", "replace")
        if token not in self._rules:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_REGISTERED_SECONDS):
                    while token not in self._rules:
                        await self._news.wait()
        if token not in self._rules:
            await _send(here, b"\x01\x01")
            raise EOFError
        await _send(here, b"\x01\x00")
        return self._rules[token]


async def _asked(here: socket.socket) -> tuple[int, str, int]:
    """Read a request. Returns: command, host, port."""
    version, command, _, kind = await _exactly(here, 4)
    if version != 5:
        raise EOFError
    if kind == 3:
        host = (await _exactly(here, (await _exactly(here, 1))[0])).decode("ascii", "replace")
    elif kind in (1, 4):
        host = str(ipaddress.ip_address(await _exactly(here, 4 if kind == 1 else 16)))
    else:
        raise EOFError
    return command, host, int.from_bytes(await _exactly(here, 2))


async def _resolve(host: str, port: int, rules: Rules) -> list[Any]:
    try:
        # Also for numbers: exceptions are recorded here.
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise Refused(AWAY, abs(error.errno or 0)) from None
    except (OSError, ValueError):
        raise Refused(AWAY, abs(socket.EAI_NONAME)) from None
    rules.resolved(host, port, found)
    return found[:16]


async def connected(host: str, port: int, rules: Rules) -> socket.socket:
    """Connect to the first address of the host that is allowed, and answers. Raises: `Refused`.

    A child that resolved a name itself names an address: it is an exception if such a name resolved to it.
    """
    if rules.through is not None:
        return await _connected_through(rules.through, host, port, rules)
    failed: Refused | None = None
    for found in (await _resolve(host, port, rules))[:8]:
        try:
            rules.check(host, str(found[4][0]), port)
            return await _connect(found)
        except Refused as refused:
            failed = refused
        except egress.Blocked:
            failed = Refused(REFUSED, PRIVATE)
        except OSError as error:
            failed = failed or Refused(FAILED, error.errno or 0)
    raise failed or Refused(AWAY)


async def _connected_through(proxy: str, host: str, port: int, rules: Rules) -> socket.socket:
    """Connect by a proxy, which gets the checked address: a name could resolve differently there."""
    failed: Refused | None = None
    for *_, where in (await _resolve(host, port, rules))[:4]:
        address = str(where[0])
        try:
            rules.check(host, address, port)
            there = await _connect_to_proxy(proxy, rules)
        except Refused as refused:
            failed = refused
            continue
        try:
            return await upstream_proxy.connect(there, proxy, address, port)
        except (upstream_proxy.FailedError, OSError, EOFError):
            there.close()
            failed = Refused(NOT_BY_PROXY)
        except BaseException:
            there.close()
            raise
    raise failed or Refused(AWAY)


async def _connect_to_proxy(proxy: str, rules: Rules) -> socket.socket:
    """Return a connection to the proxy itself, which is subject to the rules as well. Raises: `Refused`."""
    host, port = upstream_proxy.place(proxy)
    refused: Refused | None = None
    for found in (await _resolve(host, port, rules))[:4]:
        try:
            rules.check(host, str(found[4][0]), port)
            return await _connect(found)
        except Refused as error:
            refused = error
        except OSError:
            refused = refused or Refused(NOT_BY_PROXY)
    raise refused or Refused(NOT_BY_PROXY)


async def _connect(found: Any) -> socket.socket:
    """Connect to an address of `getaddrinfo`."""
    family, kind, protocol, _, where = found
    there = socket.socket(family, kind, protocol)
    try:
        there.setblocking(False)  # noqa: FBT003 (a method of sockets)
        await asyncio.get_running_loop().sock_connect(there, where)
        there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        there.close()
        raise
    return there


def _answer(answer: int, number: int = 0) -> bytes:
    return bytes([5, answer, 0, 1]) + number.to_bytes(4) + bytes(2)


async def _exactly(here: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = await asyncio.get_running_loop().sock_recv(here, count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


async def _send(here: socket.socket, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(here, data)


async def _relay(here: socket.socket, there: socket.socket) -> None:
    """Relay both directions to their ends; an error in one ends both."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_pump(here, there))
            group.create_task(_pump(there, here))
    except* OSError:
        pass


async def _pump(source: socket.socket, target: socket.socket) -> None:
    loop, buffer = asyncio.get_running_loop(), memoryview(bytearray(_CHUNK))
    while count := await loop.sock_recv_into(source, buffer):
        await loop.sock_sendall(target, buffer[:count])
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
