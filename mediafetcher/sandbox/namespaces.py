"""A network namespace for children: nothing but loopback, where one socket of the server listens.

A process in it reaches that socket and nothing else, whatever its code. Root makes and enters it directly; other users
make a user namespace first, in which they may. `make_and_send` runs in a process that ends afterwards; the descriptors
that it sends keep the network alive, and `enter` puts a child into it between fork and exec.
"""

import errno
import fcntl
import os
import socket
import struct
from typing import NamedTuple

from mediafetcher.sandbox.libc import LIBC, must, prctl

PORT = 1080  # of the socket that listens inside

_NEWUSER, _NEWNET = 0x10000000, 0x40000000
_PR_SET_DUMPABLE = 4
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _UP = 0x8913, 0x8914, 1
_REQUEST = "16sh22x"  # struct ifreq: a name and its flags


class Network(NamedTuple):
    """Descriptors of a network namespace and of the user namespace it belongs to (None: ours); the listening socket."""

    net: int
    user: int | None
    listening: socket.socket

    def close(self) -> None:
        os.close(self.net)
        if self.user is not None:
            os.close(self.user)
        self.listening.close()


def make_and_send(channel: int) -> None:
    """Make a network and send its descriptors through this socket. The process has one thread, and ends afterwards."""
    opened = []
    if os.geteuid() != 0:
        _make_user()
        opened.append(os.open("/proc/self/ns/user", os.O_RDONLY))
    must(LIBC.unshare(_NEWNET))
    _bring_up(b"lo")
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.bind(("127.0.0.1", PORT))
    listening.listen(512)
    given = [os.open("/proc/self/ns/net", os.O_RDONLY), listening.fileno(), *opened]
    with socket.socket(fileno=channel) as ours:
        socket.send_fds(ours, [b"network"], given)


def received(channel: socket.socket) -> Network:
    """Return the network sent by `make_and_send`. Raises: OSError if it sent nothing."""
    message, descriptors, _, _ = socket.recv_fds(channel, 16, 3)
    if message != b"network" or len(descriptors) < 2:
        for descriptor in descriptors:
            os.close(descriptor)
        raise OSError(errno.EPERM, "this machine gives no network namespace")
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)  # noqa: FBT003 (a function of os)
    user = descriptors[2] if len(descriptors) > 2 else None
    return Network(descriptors[0], user, socket.socket(fileno=descriptors[1]))


def enter(network: Network) -> None:
    """Enter that network for good. Only system calls; before root is dropped."""
    if network.user is not None:
        must(LIBC.setns(network.user, _NEWUSER))
    must(LIBC.setns(network.net, _NEWNET))


def _make_user() -> None:
    """Make a user namespace that maps our own user."""
    user, group = os.geteuid(), os.getegid()
    must(LIBC.unshare(_NEWUSER))
    prctl(_PR_SET_DUMPABLE, 1)  # otherwise the files below belong to root
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        file = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(file, text.encode())
        os.close(file)


def _bring_up(name: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        flags = struct.unpack(_REQUEST, fcntl.ioctl(asking, _SIOCGIFFLAGS, struct.pack(_REQUEST, name, 0)))[1]
        fcntl.ioctl(asking, _SIOCSIFFLAGS, struct.pack(_REQUEST, name, flags | _UP))
