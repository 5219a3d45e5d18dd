"""Connections by a proxy that the user named: HTTP CONNECT, with or without TLS to the proxy, or SOCKS 5.

The gateway (socks_proxy.py) gives the proxy an address that it has checked, never a name. TLS to the site begins
behind this, in the child, with the site's name. Plain http uses CONNECT too: a request to the proxy that names an
address would lose the name of the site.
"""

import asyncio
import base64
import ipaddress
import socket
import ssl
from functools import cache
from urllib.parse import unquote, urlsplit

_MOST_ANSWER = 16 << 10  # bytes
_CHUNK = 128 << 10
_PORTS = {"http": 80, "https": 443, "socks5": 1080}
_relays: set[asyncio.Task[None]] = set()


class FailedError(Exception):
    """The proxy does not connect."""


def place(proxy: str) -> tuple[str, int]:
    """Return the host and port of a proxy."""
    parts = urlsplit(proxy)
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


async def connect(there: socket.socket, proxy: str, address: str, port: int) -> socket.socket:
    """Ask the proxy behind `there` for a connection. Returns: a socket that leads to `address`.

    Raises: `FailedError`, OSError or EOFError; then the caller closes `there`.
    """
    parts = urlsplit(proxy)
    user = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    if parts.scheme == "https":
        there = await _encrypted(there, parts.hostname or "")
    try:
        if parts.scheme == "socks5":
            await _socks(there, user, address, port)
        else:
            await _http(there, user, address, port)
    except BaseException:
        there.close()
        raise
    return there


async def _http(there: socket.socket, user: tuple[str, str] | None, address: str, port: int) -> None:
    target = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if user:
        lines.append("Proxy-Authorization: Basic " + base64.b64encode(":".join(user).encode()).decode())
    await asyncio.get_running_loop().sock_sendall(there, "\r\n".join([*lines, "", ""]).encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):  # byte by byte: the rest belongs to the site
        answer += await _exactly(there, 1)
        if len(answer) > _MOST_ANSWER:
            raise FailedError("not an answer of a proxy")
    status = answer.split(b" ", 2)[1:2]
    if not status or not status[0].startswith(b"2"):
        raise FailedError(f"the proxy answers {status}")


async def _socks(there: socket.socket, user: tuple[str, str] | None, address: str, port: int) -> None:
    """Connect by SOCKS 5 (RFC 1928 and 1929)."""
    send = asyncio.get_running_loop().sock_sendall
    await send(there, b"\x05\x02\x00\x02" if user else b"\x05\x01\x00")
    method = (await _exactly(there, 2))[1]
    if method == 2 and user:
        name, password = (part.encode()[:255] for part in user)
        await send(there, bytes([1, len(name)]) + name + bytes([len(password)]) + password)
        if (await _exactly(there, 2))[1] != 0:
            raise FailedError("the proxy does not take the name and password")
    elif method != 0:
        raise FailedError("the proxy wants another way to sign in")
    number = ipaddress.ip_address(address.partition("%")[0])
    kind = 1 if number.version == 4 else 4
    await send(there, bytes([5, 1, 0, kind]) + number.packed + port.to_bytes(2))
    _, answer, _, kind = await _exactly(there, 4)
    length = {1: 4, 4: 16}.get(kind) or (await _exactly(there, 1))[0]
    await _exactly(there, length + 2)
    if answer != 0:
        raise FailedError(f"the proxy answers {answer}")


async def _encrypted(there: socket.socket, name: str) -> socket.socket:
    """Return the plain end of a TLS connection to the proxy; a task of its own encrypts what passes."""
    reader, writer = await asyncio.open_connection(sock=there, ssl=_tls(), server_hostname=name)
    near, far = socket.socketpair()
    near.setblocking(False)  # noqa: FBT003 (a method of sockets)
    far.setblocking(False)  # noqa: FBT003 (a method of sockets)
    relay = asyncio.create_task(_relay(far, reader, writer))
    _relays.add(relay)
    relay.add_done_callback(_relays.discard)
    return near


@cache
def _tls() -> ssl.SSLContext:
    """Return the certificates of the system (`SSL_CERT_FILE`) and the bundled ones; loading them takes 30 ms."""
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


async def _relay(far: socket.socket, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    loop = asyncio.get_running_loop()

    async def out() -> None:
        while data := await loop.sock_recv(far, _CHUNK):
            writer.write(data)
            await writer.drain()

    async def back() -> None:
        while data := await reader.read(_CHUNK):
            await loop.sock_sendall(far, data)
        far.shutdown(socket.SHUT_WR)

    try:
        with far:
            # TLS has no half-closed connection: when either side ends, both do.
            tasks = [asyncio.create_task(out()), asyncio.create_task(back())]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        writer.close()


async def _exactly(there: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = await asyncio.get_running_loop().sock_recv(there, count - len(data))
        if not more:
            raise EOFError
        data += more
    return data
