"""Restrict the files that a process can access, by the kernel (Landlock), independent of permissions.

For processes that read untrusted bytes: a vulnerability in them, or in a library, must not expose the key, the cookies
and files of other downloads, or the database, although all of them belong to the same account. A restricted process
can access the system's programs and libraries, the given files, and nothing else; it traces and signals only its own
children. The restriction is permanent, and child processes inherit it.

A kernel without Landlock (before 5.13, or built without it) restricts nothing.
"""

import contextlib
import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from mediafetcher.sandbox.libc import LIBC, NO_NEW_PRIVS, must, prctl

_CREATE, _ADD, _RESTRICT, _ASK_VERSION, _BELOW = 444, 445, 446, 1, 1  # the same numbers on every architecture
_EXECUTE, _WRITE, _READ, _LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_OLDEST, _REFER, _TRUNCATE = (1 << 13) - 1, 1 << 13, 1 << 14
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE  # the permissions that a single file can have
_SCOPES = 3  # abstract sockets and signals: only those of its own
_BIND, _CONNECT, _TO_PORT = 1 << 0, 1 << 1, 2  # of TCP
WITH_NETWORK = 4  # the first version with these rules
_O_PATH = os.O_PATH | os.O_CLOEXEC

# Programs, libraries, and what they read about the machine. Not all of /etc: it contains our own settings.
_SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", "/nix/store", "/gnu/store", "/proc", "/sys/devices"),
    *("/sys/fs/cgroup", "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/alternatives", "/etc/localtime"),
)
_NETWORK = (
    *("/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/crypto-policies", "/etc/resolv.conf", "/etc/hosts"),
    *("/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/passwd"),
    *("/etc/group", "/etc/mime.types", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager"),
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


class Ruleset(NamedTuple):
    """The access in addition to the system: files and folders to read (and run), and those to write."""

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    network: bool = False  # also the files for resolving names and checking certificates
    ports: tuple[int, ...] | None = None  # the only ports for TCP connections, if the kernel supports it; None: all


def is_left_out(what: str) -> bool:
    """Tell whether a test disables this part of the sandbox: a word of the variable `MF_WITHOUT`."""
    return what in os.environ.get("MF_WITHOUT", "").split(",")


def version() -> int:
    """Return this kernel's version of Landlock; 0: none, or a test disables it."""
    if is_left_out("landlock"):
        return 0
    return max(0, int(LIBC.syscall(_CREATE, None, ctypes.c_size_t(0), _ASK_VERSION)))


def restrict_self(access: Ruleset) -> None:
    """Restrict this process permanently. Raises: OSError if the kernel refuses a rule that it supports."""
    ruleset = build(access)
    if ruleset is not None:
        must(prctl(NO_NEW_PRIVS, 1))
        enter(ruleset)


def build(access: Ruleset) -> int | None:
    """Build the rules, as a descriptor for `enter`; None if the kernel has no Landlock. Only system calls."""
    known = version()
    if not known:
        return None
    writing = _OLDEST | (_REFER if known >= 2 else 0) | (_TRUNCATE if known >= 3 else 0)
    limited = access.ports is not None and known >= WITH_NETWORK
    tcp = _BIND | _CONNECT if limited else 0
    size = 24 if known >= 6 else 16 if known >= WITH_NETWORK else 8
    rules = struct.pack("=QQQ", writing, tcp, _SCOPES if known >= 6 else 0)[:size]
    ruleset = must(LIBC.syscall(_CREATE, rules, ctypes.c_size_t(len(rules)), 0))
    reading = _EXECUTE | _READ | _LIST
    _add(ruleset, (*_SYSTEM, *(_NETWORK if access.network else ()), *access.read), reading)
    _add(ruleset, _DEVICES, _READ | _WRITE)
    _add(ruleset, access.write, writing & ~_EXECUTE)
    for port in (access.ports or ()) if limited else ():
        must(LIBC.syscall(_ADD, ruleset, _TO_PORT, struct.pack("=QQ", _CONNECT, port), 0))
    return ruleset


def enter(ruleset: int) -> None:
    """Apply the rules to this process, which can no longer gain privileges."""
    must(LIBC.syscall(_RESTRICT, ruleset, 0))
    os.close(ruleset)


def _add(ruleset: int, paths: Iterable[Path | str], rights: int) -> None:
    for path in paths:
        # Missing or inaccessible paths need no rule.
        with contextlib.suppress(OSError):
            place = os.open(path, _O_PATH)
            try:
                given = rights if stat.S_ISDIR(os.fstat(place).st_mode) else rights & _OF_FILES
                must(LIBC.syscall(_ADD, ruleset, _BELOW, struct.pack("=Qi", given, place), 0))
            finally:
                os.close(place)
