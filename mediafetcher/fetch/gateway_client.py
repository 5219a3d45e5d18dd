"""The fetch child's side of the gateway: all of its Python connects through the proxy of gateway.py.

The proxy resolves names and makes every connection; a refusal of the proxy is raised here as `egress.Blocked`.
The kernel leaves the child no other way if it can; an audit hook enforces the same for Python, and
forbids starting programs and listening.
"""

import json
import os
import socket
import sys
from typing import Any, NamedTuple

from mediafetcher.fetch import socks_proxy
from mediafetcher.net import egress

_PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "pty.spawn", "os.fork", "os.forkpty"}
_OTHER_WAYS = {"socket.bind", "socket.sendto", "socket.sendmsg"}
_RESOLVE_SECONDS = 60.0
_WHY = {
    socks_proxy.PRIVATE: "address not allowed: private",
    socks_proxy.OUR_PORT: "address not allowed: our own port",
    socks_proxy.PAST_PROXY: "address not allowed: past the proxy",
}


class Way(NamedTuple):
    """The address of the proxy, on loopback, and the token of this fetch."""

    port: int
    token: str

    @property
    def url(self) -> str:
        """Return the URL for curl."""
        return f"socks5h://mf:{self.token}@127.0.0.1:{self.port}"


class ProxyFailed(ConnectionError):
    """The proxy that the user named does not answer, or does not connect to the site."""


_connect_plainly = socket.socket.connect


def install(way: Way | None, *, also: Way | None = None) -> None:
    """Connect through the proxy alone from now on; None: not at all. Call it before importing yt-dlp. Permanent.

    `also`: a way of `connection`, which is possible in any case.
    """
    if way is not None:
        _install(way)
    used = way or also
    there = ("127.0.0.1", used.port) if used else None

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            if there is None or tuple(arguments[1][:2]) != there:
                raise egress.Blocked("address not allowed: past the way out")
        elif event in _OTHER_WAYS:
            raise egress.Blocked("only outgoing connections are allowed")
        elif event in _PROGRAMS:
            raise egress.Blocked(f"program not allowed: {arguments[0] if arguments else event}")

    sys.addaudithook(hook)


def connection(way: Way, host: str, port: int, seconds: float) -> socket.socket:
    """Return a connection to one host by a way of its own. Raises: OSError."""
    there = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        there.settimeout(seconds)
        _connect_plainly(there, ("127.0.0.1", way.port))
        _ask(there, way, socks_proxy.CONNECT, host, port)
    except BaseException:
        there.close()
        raise
    return there


def _install(way: Way) -> None:
    def connect(self: socket.socket, address: Any) -> None:
        host, port = address[:2]
        patience = self.gettimeout()
        if patience == 0:
            self.settimeout(_RESOLVE_SECONDS)
        try:
            _connect_plainly(self, ("127.0.0.1", way.port))
            _ask(self, way, socks_proxy.CONNECT, host, int(port))
        finally:
            if patience == 0:
                self.settimeout(patience)

    def connect_ex(self: socket.socket, address: Any) -> int:
        try:
            connect(self, address)
        except OSError as error:
            return error.errno or -1
        return 0

    def getaddrinfo(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        """Return all hosts as IPv4 addresses, the only kind of socket here; each connection names the host again."""
        if host in (None, "", b""):
            raise egress.Blocked("only outgoing connections are allowed")
        number = int(port or 0)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as asking:
            asking.settimeout(_RESOLVE_SECONDS)
            _connect_plainly(asking, ("127.0.0.1", way.port))
            _ask(asking, way, socks_proxy.RESOLVE, host, number)
            addresses = json.loads(_exactly(asking, int.from_bytes(_exactly(asking, 2))))
        return [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, number)) for address in addresses
        ]

    socket.socket.connect = connect  # type: ignore[method-assign, assignment]
    socket.socket.connect_ex = connect_ex  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = getaddrinfo


def _ask(asking: socket.socket, way: Way, command: int, host: Any, port: int) -> None:
    """Greet, send token and request, all at once: the answers are known. Raises: the error of the answer."""
    name = _name(host)
    token = way.token.encode()
    request = b"\x05\x01\x02" + b"\x01\x02mf" + bytes([len(token)]) + token
    request += bytes([5, command, 0, 3, len(name)]) + name + port.to_bytes(2)
    socket.socket.sendall(asking, request)
    if _exactly(asking, 4) != b"\x05\x02\x01\x00":
        raise ConnectionRefusedError("the way out does not know this fetch")
    answer = _exactly(asking, 10)
    number = int.from_bytes(answer[4:8])
    if answer[1] == socks_proxy.REFUSED:
        raise egress.Blocked(_WHY.get(number, "address not allowed"))
    if answer[1] == socks_proxy.AWAY:
        raise socket.gaierror(-number, "the name is not known")
    if answer[1] == socks_proxy.NOT_BY_PROXY:
        raise ProxyFailed("the proxy does not connect to it")
    if answer[1] != socks_proxy.DONE:
        raise _error(number, host, port)


def _error(number: int, host: Any, port: int) -> OSError:
    if not number:
        return ConnectionError("it does not answer")
    return OSError(number, f"{os.strerror(number)} ({host}:{port})")


def _name(host: Any) -> bytes:
    if isinstance(host, bytes):
        name = host
    else:
        name = str(host).partition("%")[0].encode("ascii") if str(host).isascii() else str(host).encode("idna")
    if not 0 < len(name) < 256:
        raise socket.gaierror(socket.EAI_NONAME, "no name of a host")
    return name


def _exactly(source: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = socket.socket.recv(source, count - len(data))
        if not more:
            raise ConnectionResetError("the way out was closed")
        data += more
    return data
