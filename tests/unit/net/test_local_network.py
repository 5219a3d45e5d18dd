"""Own addresses and neighbours, by the kernel's routing table: in a network namespace with global addresses.

Nothing here reaches the network: the namespace contains virtual interfaces alone.
"""

import ipaddress
import subprocess
import sys
from pathlib import Path

import pytest

from mediafetcher.net import local_network

REPOSITORY = Path(__file__).parents[3]
COMMANDS = """
ip link set lo up
ip link add lan type veth peer name wire
ip link set wire up
ip link set lan up
ip addr add 45.76.1.2/24 dev lan
ip addr add 2a05:d018::2/64 dev lan nodad
ip route add default via 45.76.1.1
ip -6 route add default via 2a05:d018::1
ip link add tunnel type veth peer name far
ip link set far up
ip link set tunnel up
ip route add 64.0.0.0/2 dev tunnel
ip -6 route add 2600::/12 dev tunnel
"""
PROBE = """
import sys
from mediafetcher.net import egress
print(*(address for address in sys.argv[1:] if egress.reachable(address)))
"""


@pytest.fixture(scope="module")
def in_network():
    """Return a function that runs a program in a network with global addresses."""
    lines = " && ".join(COMMANDS.strip().splitlines())
    enter = ["unshare", "--net", "--map-root-user", "--user", "sh", "-c", f'{lines} && exec "$@"', "sh"]
    if subprocess.run([*enter, "true"], capture_output=True).returncode:
        pytest.skip("no network namespace with virtual interfaces can be made here")

    def run(*argv: str) -> str:
        done = subprocess.run([*enter, *argv], cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


OWN_AND_NEIGHBOURS = ["45.76.1.2", "45.76.1.77", "45.76.1.255", "2a05:d018::2", "2a05:d018::77", "::ffff:45.76.1.77"]
ELSEWHERE = ["1.1.1.1", "45.76.2.1", "2a05:d018:0:1::1", "2a00:1450::1", "::ffff:1.1.1.1"]
BY_TUNNEL = ["93.184.216.34", "2606:4700:4700::1111"]  # a route without a gateway that is no local network


def test_own_address_or_neighbour_refused(in_network):
    assert in_network(sys.executable, "-c", PROBE, *OWN_AND_NEIGHBOURS) == ""


def test_address_behind_gateway_or_tunnel_reachable(in_network):
    assert in_network(sys.executable, "-c", PROBE, *ELSEWHERE, *BY_TUNNEL).split() == [*ELSEWHERE, *BY_TUNNEL]


def test_address_added_while_running_refused(in_network):
    program = (
        "import subprocess; from mediafetcher.net import egress;"
        "before = egress.reachable('45.77.3.9');"
        "subprocess.run(['ip', 'addr', 'add', '45.77.3.2/24', 'dev', 'lan'], check=True);"
        "print(before, egress.reachable('45.77.3.9'))"
    )
    assert in_network(sys.executable, "-c", program) == "True False"


CONNECT = """
import http.server, socket, threading
from mediafetcher.fetch import socks_proxy
from mediafetcher.net import egress
import asyncio
server = http.server.HTTPServer(("45.76.1.2", 0), http.server.SimpleHTTPRequestHandler)
port = server.server_address[1]
socket.create_connection(("45.76.1.2", port)).close()  # it does listen

async def ask(allow):
    try:
        rules = socks_proxy.Rules(egress.EgressFilter(allow, []), allow)
        (await socks_proxy.connected("45.76.1.2", port, rules)).close()
        return "connected"
    except socks_proxy.Refused as refused:
        return f"refused {refused.number}"

print(asyncio.run(ask(())), asyncio.run(ask(("45.76.1.2",))), sep=", ")
"""


def test_gateway_connection_to_own_global_address_needs_exception(in_network):
    assert in_network(sys.executable, "-c", CONNECT) == "refused 1, connected"


def test_loopback_address_is_own():
    assert local_network.contains(ipaddress.ip_address("127.3.2.1"))
    assert local_network.is_own("127.0.0.1") and local_network.is_own("127.3.2.1")
    assert not local_network.is_own("192.0.2.77")


def test_kernel_without_answer_still_recognises_own_address(monkeypatch):
    def fail(address, flags):
        raise PermissionError("no rtnetlink here")

    monkeypatch.setattr(local_network, "_look_up", fail)
    assert local_network.contains(ipaddress.ip_address("127.0.0.1"))
    assert not local_network.contains(ipaddress.ip_address("1.1.1.1"))
