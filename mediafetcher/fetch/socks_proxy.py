"""The one door of a fetch that connects outside Python: a SOCKS5 proxy of its own, behind the outbound gate.

Started for one fetch by impersonation.py, confined, and gone with it. It listens on a local socket in a private folder
and wants a secret. Names are resolved here, and the gate (net/egress.py) looks at each address when it is connected to:
a name that means something else a moment later, a redirect, another way to write an address, our own ports, all meet
the same rules as a download without a proxy. Of SOCKS5 (RFC 1928, 1929) there is `CONNECT` with a name and password.

Standard input: one JSON line, {"socket", "secret", "allow_hosts", "own_ports"}. It says `ready` in a line.
"""

import asyncio
import contextlib
import hmac
import ipaddress
import json
import socket
import sys

from mediafetcher.net import egress

_MOST = 64  # connections at once
_GREETING_SECONDS = 10.0
_CONNECT_SECONDS = 20.0
_CHUNK = 64 << 10
_DONE, _FAILED, _REFUSED, _AWAY, _UNKNOWN = 0, 1, 2, 4, 7  # the answers of RFC 1928


class Refused(Exception):
    """What the other side is told, by its number."""

    def __init__(self, answer: int) -> None:
        self.answer = answer


def main() -> None:
    order = json.loads(sys.stdin.readline())
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(order["socket"])
        egress.install(order["allow_hosts"], order["own_ports"])
        asyncio.run(_serve(listening, order["secret"].encode(), order["allow_hosts"]))


async def _serve(listening: socket.socket, secret: bytes, allow_hosts: list[str]) -> None:
    open_now: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(open_now) < _MOST:
            open_now.add(task)
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                await _connection(reader, writer, secret, allow_hosts)
            open_now.discard(task)
        writer.close()

    async with await asyncio.start_unix_server(take, sock=listening) as server:
        print("ready", flush=True)
        await server.serve_forever()


async def _connection(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: bytes, allow_hosts: list[str]
) -> None:
    try:
        async with asyncio.timeout(_GREETING_SECONDS):
            host, port = await _asked(reader, writer, secret)
        async with asyncio.timeout(_CONNECT_SECONDS):
            there = await _connect(host, port, allow_hosts)
    except Refused as refused:
        writer.write(bytes([5, refused.answer, 0, 1]) + bytes(6))
        await writer.drain()
        return
    try:
        writer.write(bytes([5, _DONE, 0, 1]) + bytes(6))
        far_reader, far_writer = await asyncio.open_connection(sock=there)
    except BaseException:
        there.close()
        raise
    try:
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
    finally:
        far_writer.close()


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: bytes) -> tuple[str, int]:
    """The greeting -> host and port. Raises `Refused`, or EOFError for what is no greeting."""
    version, count = await reader.readexactly(2)
    if version != 5 or 2 not in await reader.readexactly(count):
        raise EOFError
    writer.write(b"\x05\x02")
    _, length = await reader.readexactly(2)
    await reader.readexactly(length)
    given = await reader.readexactly((await reader.readexactly(1))[0])
    if not hmac.compare_digest(given, secret):
        writer.write(b"\x01\x01")
        raise EOFError
    writer.write(b"\x01\x00")
    version, command, _, kind = await reader.readexactly(4)
    if kind == 3:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode("ascii", "replace")
    elif kind in (1, 4):
        host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
    else:
        raise EOFError
    port = int.from_bytes(await reader.readexactly(2))
    if (version, command) != (5, 1):
        raise Refused(_UNKNOWN)
    return host, port


async def _connect(host: str, port: int, allow_hosts: list[str]) -> socket.socket:
    """Connected to the first address of the host that may be reached, and can be. Raises `Refused`.

    Here the name is known, so that an exception is for that name alone; the gate adds our own ports, and looks once
    more at the address that is really connected to.
    """
    loop = asyncio.get_running_loop()
    try:
        # Of the loop, which does not skip the resolver for numbers: it is there that exceptions are noted.
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused(_AWAY) from None
    answer = _FAILED
    for family, kind, protocol, _, where in found[:8]:
        if not egress.allowed(str(where[0]), port, host, allow_hosts):
            answer = _REFUSED
            continue
        there = socket.socket(family, kind, protocol)
        there.setblocking(False)
        try:
            await loop.sock_connect(there, where)
        except egress.Blocked:
            there.close()
            answer = _REFUSED
        except OSError:
            there.close()
        except BaseException:
            there.close()
            raise
        else:
            return there
    raise Refused(answer)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction, to its end; a break ends both."""
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


if __name__ == "__main__":
    main()
