"""A forward proxy for tests: plain HTTP requests, or SOCKS 5 without a name. `proxy.asked` is what came."""

import contextlib
import socket
import threading
from typing import Self
from urllib.parse import urlsplit


class Proxy:
    """On a free port of 127.0.0.1. `kind`: "http" or "socks5"."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.asked: list[str] = []  # host:port of every connection that was wished for
        self.names: dict[str, str] = {}  # what it resolves by itself
        self.ports: dict[int, int] = {}  # other ports that it connects to instead

    def __enter__(self) -> Self:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        return f"{self.kind}://127.0.0.1:{self.port}"

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError, IndexError), client:
            host, port, head = (self._http if self.kind == "http" else self._socks)(client)
            self.asked.append(f"{host}:{port}")
            with socket.create_connection((self.names.get(host, host), self.ports.get(port, port))) as there:
                there.sendall(head)
                back = threading.Thread(target=_pump, args=(there, client), daemon=True)
                back.start()
                _pump(client, there)
                back.join(30)

    def _http(self, client: socket.socket) -> tuple[str, int, bytes]:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65536) or b"\r\n\r\n"
        first, _, rest = head.partition(b"\r\n")
        method, url, version = first.decode().split(" ")
        if method == "CONNECT":
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            host, _, port = url.rpartition(":")
            return host, int(port), b""
        parts = urlsplit(url)
        path = url.partition(parts.netloc)[2] or "/"
        # One request for each connection: a second one may be for another host.
        rest = b"\r\n".join(line for line in rest.split(b"\r\n") if not line.lower().startswith(b"connection:"))
        return (
            parts.hostname or "",
            parts.port or 80,
            f"{method} {path} {version}\r\nConnection: close\r\n".encode() + rest,
        )

    def _socks(self, client: socket.socket) -> tuple[str, int, bytes]:
        """RFC 1928."""
        client.recv(1 + 1 + client.recv(2, socket.MSG_PEEK)[1])
        client.sendall(b"\5\0")
        kind = client.recv(4)[3]
        if kind == 1:
            host = socket.inet_ntoa(client.recv(4))
        else:
            host = client.recv(client.recv(1)[0]).decode()
        port = int.from_bytes(client.recv(2), "big")
        client.sendall(b"\5\0\0\1\0\0\0\0\0\0")
        return host, port, b""


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
