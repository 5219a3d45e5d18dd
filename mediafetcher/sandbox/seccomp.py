"""Restrict the system calls of a process, by the kernel (seccomp), for code that no audit hook covers.

Three permanent rules, each for a process and its children:

* only sockets of the given families, of the kind that connects (TCP); calls that bypass `socket()` are
  refused too: io_uring makes sockets of its own, ptrace and similar calls use those of other processes, other tables
  of system calls have other numbers. `socketpair()` stays, since asyncio and libcurl use it.
* it can always be ended: it cannot cancel that it ends with its parent, leave its session or process
  group, or change its namespaces.
* with `alone`, it starts no process (threads are allowed) and signals only itself. Nothing can then outlive it.

Every refused call returns EACCES.
"""

import ctypes
import errno
import os
import platform
import signal
import socket
import struct
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from mediafetcher.sandbox.libc import NO_NEW_PRIVS, must, prctl

INTERNET = (socket.AF_INET,)
NONE = ()

_PR_SET_SECCOMP, _PR_SET_PDEATHSIG, _FILTER = 22, 1, 2
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_REFUSE, _UNKNOWN = _ERRNO | errno.EACCES, _ERRNO | errno.ENOSYS
_LOAD, _AND, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_NUMBER, _MACHINE = 0, 4  # their offsets in the data of the filter
_ARGUMENT = (16, 24)  # the low halves of the first two arguments
_X32 = 0x40000000
_KIND = 0xF  # the bits of a socket's type without its flags
_CLONE_THREAD, _CLONE_NAMESPACES = 0x00010000, 0x7E020000


class _Machine(NamedTuple):
    """The system call numbers of an architecture."""

    number: int
    socket: int
    clone: int
    prctl: int
    around: tuple[int, ...]  # ptrace, process_vm_readv, process_vm_writev, io_uring_setup, pidfd_getfd
    leaving: tuple[int, ...]  # setsid, setpgid, unshare, setns
    forks: tuple[int, ...]  # fork, vfork
    signals: tuple[int, ...]  # kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo
    by_descriptor: int = 424  # pidfd_send_signal
    clone3: int = 435


_MACHINES = {
    "x86_64": _Machine(
        *(0xC000003E, 41, 56, 157),
        *((101, 310, 311, 425, 438), (112, 109, 272, 308), (57, 58), (62, 200, 234, 129, 297)),
    ),
    "aarch64": _Machine(
        *(0xC00000B7, 198, 220, 167),
        *((117, 270, 271, 425, 438), (157, 154, 97, 268), (), (129, 130, 131, 138, 240)),
    ),
}

_Line = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def available() -> bool:
    """Tell whether this architecture and kernel support it."""
    return platform.machine() in _MACHINES and Path("/proc/sys/kernel/seccomp/actions_avail").exists()


def install(families: Collection[int] = NONE, *, alone: bool = True) -> None:
    """Allow only these sockets from now on, permanently. Raises: OSError if that is impossible."""
    load(code(families, alone=alone))
    _prove(families)


def load(program: bytes) -> None:
    """Apply the result of `code`. Only system calls, for between fork and exec."""
    given = _Program(len(program) // 8, program)
    must(prctl(NO_NEW_PRIVS, 1))
    must(prctl(_PR_SET_SECCOMP, _FILTER, ctypes.addressof(given)))


def _prove(families: Collection[int]) -> None:
    """Test the filter, since its installation alone proves nothing."""
    every = {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET}
    for family in sorted(every):
        try:
            socket.socket(family, socket.SOCK_DGRAM).close()
        except PermissionError:
            continue
        except OSError:
            pass  # refused for another reason, which proves nothing about the filter
        raise OSError(errno.EPERM, "the kernel still makes sockets that it should not")


def code(families: Collection[int] | None, *, alone: bool = True) -> bytes:
    """Return the filter for the calling process; `families` None allows all sockets.

    Raises: OSError on an architecture that is not supported.
    """
    if platform.machine() not in _MACHINES:
        raise OSError(errno.ENOSYS, f"not known for {platform.machine()}")
    machine = _MACHINES[platform.machine()]
    lines: list[_Line] = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, machine.number),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _REFUSE),
        *_always(_REFUSE, *machine.around, *machine.leaving),
        *_always(_UNKNOWN, machine.clone3),  # its flags are in memory: the C library then uses clone
        *_when(machine.prctl, _deaths()),
        *(_when(machine.socket, _sockets(families)) if families is not None else ()),
        *_when(
            machine.clone,
            [(_ANY_BIT, 0, 1, _CLONE_NAMESPACES), (_RETURN, 0, 0, _REFUSE), *_processes(alone=alone)],
        ),
    ]
    if alone:
        lines += _always(_REFUSE, *machine.forks, machine.by_descriptor)
        for number in machine.signals:
            lines += _when(number, [(_EQUAL, 1, 0, os.getpid()), (_RETURN, 0, 0, _REFUSE)])
    lines.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _always(answer: int, *numbers: int) -> Iterator[_Line]:
    """Return this answer to these system calls. Jumps count the instructions that follow."""
    for number in numbers:
        yield (_EQUAL, 0, 1, number)
        yield (_RETURN, 0, 0, answer)


def _when(number: int, rules: list[_Line]) -> list[_Line]:
    """Apply rules to the first argument of a system call, which is allowed unless they return another answer."""
    body: list[_Line] = [(_LOAD, 0, 0, _ARGUMENT[0]), *rules, (_RETURN, 0, 0, _ALLOW)]
    return [(_EQUAL, 0, len(body), number), *body]


def _sockets(families: Collection[int]) -> list[_Line]:
    """Allow these families, and only sockets that connect; the second argument contains the kind."""
    lines: list[_Line] = []
    for at, family in enumerate(sorted(families)):
        lines.append((_EQUAL, len(families) - at, 0, family))
    lines.append((_RETURN, 0, 0, _REFUSE))
    if families:
        lines += [(_LOAD, 0, 0, _ARGUMENT[1]), (_AND, 0, 0, _KIND)]
        lines += [(_EQUAL, 1, 0, socket.SOCK_STREAM), (_RETURN, 0, 0, _REFUSE)]
    return lines


def _deaths() -> list[_Line]:
    """Allow a process to be killed with its parent, but not to cancel that."""
    return [
        (_EQUAL, 0, 3, _PR_SET_PDEATHSIG),
        (_LOAD, 0, 0, _ARGUMENT[1]),
        (_EQUAL, 1, 0, signal.SIGKILL),
        (_RETURN, 0, 0, _REFUSE),
    ]


def _processes(*, alone: bool) -> list[_Line]:
    return [(_ANY_BIT, 1, 0, _CLONE_THREAD), (_RETURN, 0, 0, _REFUSE)] if alone else []
