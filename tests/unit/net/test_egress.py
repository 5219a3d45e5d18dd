"""The egress filter, in a process of its own, since an audit hook cannot be taken away again."""

import http.server
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mediafetcher.net import egress

REPOSITORY = Path(__file__).parents[3]

PRIVATE = """
127.0.0.1 127.8.8.8 0.0.0.0 10.0.0.1 172.16.5.4 192.168.1.1 169.254.169.254 100.64.0.1 224.0.0.1 255.255.255.255
192.0.2.1 198.18.0.1 240.0.0.1 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12:3456::1 ff02::1 ::ffff:127.0.0.1
::ffff:10.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: 2001:db8::1 example.com
fec0::1 ::ffff:0:7f00:1 ::ffff:0:101:101 3fff::1 5f00::1 64:ff9b:1::1 64:ff9b:1::101:101 64:ff9b::a00:1 100::1
100:0:0:1::1 2001::1 2001:0:101:101::f5ff:fffe 2001:2::1 2001:10::1 2001:20::1 2001:30::1 2002:a00:1::1
2606:4700::5efe:a00:1 2606:4700::200:5efe:7f00:1 2620:4f:8000::1 4000::1 192.0.0.9 192.31.196.1 192.52.193.1
192.88.99.1 192.175.48.1 198.51.100.7 203.0.113.7
"""
PUBLIC = (
    "2002:101:101::1 2a00:1450::5efe:101:101 1.1.1.1 93.184.216.34 2606:4700:4700::1111 ::ffff:1.1.1.1 64:ff9b::101:101"
)


@pytest.mark.parametrize("address", PRIVATE.split())
def test_private_addresses_are_refused(address):
    assert not egress.public(address)
    assert not egress.allowed(address, 80, "example.com", ())


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_addresses_are_allowed(address):
    assert egress.public(address)


@pytest.mark.parametrize(
    ("host", "port", "exceptions", "may"),
    [
        ("nas", 80, ["nas"], True),
        ("NAS.", 80, ["nas"], True),
        ("nas", 8080, ["nas:8080"], True),
        ("nas", 80, ["nas:8080"], False),
        ("nas.evil.com", 80, ["nas"], False),
        ("[::1]", 80, ["::1"], True),
        ("::1", 80, ["[::1]:80"], True),
        ("nas", 80, [], False),
    ],
)
def test_allowed_hosts_are_exceptions(host, port, exceptions, may):
    assert egress.allowed("192.168.1.5", port, host, exceptions) is may


@pytest.fixture
def port():
    """A server on every loopback address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def _behind(program: str, allow: list[str] | None = None, own: list[int] | None = None) -> str:
    """Run a program behind the filter. Returns: its exit code."""
    head = f"from mediafetcher.net import egress; egress.install({allow or []!r}, {own or []!r})\n"
    done = subprocess.run(
        [sys.executable, "-c", head + program], cwd=REPOSITORY, capture_output=True, text=True, timeout=30
    )
    return "through" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


CONNECT = "import socket; socket.create_connection(({host!r}, {port}), 3)"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "017700000001", "127.1"])
def test_private_under_every_name(port, host):
    assert "Blocked" in _behind(CONNECT.format(host=host, port=port))


def test_exceptions_are_for_the_name_and_port(port):
    to_it = CONNECT.format(host="127.0.0.1", port=port)
    assert _behind(to_it, ["127.0.0.1"]) == "through"
    assert _behind(to_it, [f"127.0.0.1:{port}"]) == "through"
    assert "Blocked" in _behind(to_it, [f"127.0.0.1:{port + 1}"])
    assert "Blocked" in _behind(to_it, ["localhost:1"])
    assert "Blocked" in _behind(CONNECT.format(host="127.0.0.2", port=port), ["127.0.0.1"])


def test_our_own_port_is_never_an_exception(port):
    assert "our own port" in _behind(CONNECT.format(host="127.0.0.1", port=port), ["127.0.0.1"], [port])


def test_a_direct_connect_without_a_look_up(port):
    program = f"import socket; s = socket.socket(); s.connect(('127.0.0.1', {port}))"
    assert "Blocked" in _behind(program)


_REBOUND = """
import socket
answers = iter([("93.184.215.14", PORT), ("127.0.0.1", PORT)])  # public when it is looked at, private a moment later
socket.getaddrinfo = lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", next(answers))]
seen = socket.getaddrinfo("rebound.example", PORT)
socket.create_connection(("rebound.example", PORT), 3)
"""


def test_a_name_that_became_a_private_address(port):
    """Whatever a name said before: what counts is the address at the moment of the connect."""
    assert "Blocked" in _behind(_REBOUND.replace("PORT", str(port)), ["good.example"])


@pytest.mark.parametrize(
    "program",
    [
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.posix_spawn('/bin/true', ['true'], {})",
        "import os; os.execv('/bin/true', ['true'])",
        "import socket; socket.socket(socket.AF_UNIX).connect('/tmp/x')",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
        "import socket; socket.socket().bind(('127.0.0.1', 0))",
    ],
)
def test_no_other_way_out(program):
    assert "Blocked" in _behind(program)
