"""A TCP relay before a database that forgets connections: it keeps them open and forwards nothing more.

This is what a firewall does that lost its table, and what a machine does whose network went away; the kernels at
both ends may know nothing of it for hours.
"""

import contextlib
import selectors
import socket
import threading
from typing import Self
from urllib.parse import parse_qsl, quote, unquote, urlsplit


class Relay:
    """Forwards from a port of loopback to the server of a DSN, for as long as the block takes."""

    def __init__(self, dsn: str) -> None:
        parts = urlsplit(dsn)
        query = dict(parse_qsl(parts.query))
        self._host = query.get("host") or parts.hostname or "127.0.0.1"
        self._port = int(query.get("port") or parts.port or 5432)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        user = f"{quote(unquote(parts.username or ''))}:{quote(unquote(parts.password or ''), safe='')}"
        self.dsn = f"postgresql://{user}@127.0.0.1:{self.port}{parts.path}"
        self._generation = 0  # connections of an earlier one are forgotten
        self._deaf = False
        self._ended = False
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def forget(self) -> None:
        """From now on, nothing is forwarded on the connections that are open. New ones work."""
        self._generation += 1

    def go_silent(self) -> None:
        """Nothing is forwarded on any connection, new ones too."""
        self._deaf = True

    def _accept(self) -> None:
        while not self._ended:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._forward, args=(client, self._generation), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _forward(self, client: socket.socket, generation: int) -> None:
        if self._host.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{self._host}/.s.PGSQL.{self._port}")
        else:
            server = socket.create_connection((self._host, self._port))
        with client, server, selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            with contextlib.suppress(OSError):
                while not self._ended:
                    if self._deaf or generation != self._generation:
                        threading.Event().wait(0.05)  # neither read nor closed
                        continue
                    for key, _ in ready.select(0.05):
                        data = key.fileobj.recv(65536)  # type: ignore[union-attr]
                        if not data:
                            return
                        if not self._deaf and generation == self._generation:
                            key.data.sendall(data)

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._listening.close()
