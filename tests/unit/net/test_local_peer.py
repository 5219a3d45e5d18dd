"""Whose program is at the other end of a loopback connection."""

import os
import socket
import subprocess
import sys

import pytest

from mediafetcher.net import local_peer


def connected(family: int, host: str) -> tuple[socket.socket, socket.socket, socket.socket]:
    server = socket.socket(family)
    server.bind((host, 0))
    server.listen()
    client = socket.create_connection(server.getsockname()[:2])
    return server, client, server.accept()[0]


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_user_of_a_connection_is_found_while_it_is_open(family: int, host: str) -> None:
    server, client, accepted = connected(family, host)
    with server, accepted:
        port, served = client.getsockname()[1], server.getsockname()[1]
        assert local_peer.uid_of(host, port, served) == os.geteuid()
        assert local_peer.uid_of(host, port, served + 1) is None
        assert local_peer.uid_of("127.0.0.9", port, served) is None
        assert local_peer.uid_of("203.0.113.9", port, served) is None
        client.close()  # the kernel shows user 0 for what is left of it
        assert local_peer.uid_of(host, port, served) is None


def test_client_of_a_socket_for_both_families_is_found() -> None:
    server = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    with server, socket.create_connection(("127.0.0.1", server.getsockname()[1])) as client, server.accept()[0]:
        found = local_peer.uid_of("127.0.0.1", client.getsockname()[1], server.getsockname()[1])
        assert found == os.geteuid()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); sys.stdin.read()"
        port = server.getsockname()[1]
        python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
        other = subprocess.Popen(
            [python, "-c", script, str(port)], user=65534, group=65534, extra_groups=(), stdin=subprocess.PIPE, cwd="/"
        )
        try:
            accepted, (host, theirs) = server.accept()
            with accepted:
                assert local_peer.uid_of(host, theirs, port) == 65534
        finally:
            other.communicate()
