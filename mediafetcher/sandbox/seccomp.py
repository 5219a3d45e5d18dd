"""Which sockets a process may make, by the kernel: local ones alone, internet ones alone, or none at all.

For code that no audit hook sees, such as a library that connects by itself. A seccomp filter answers `socket()` of any
other family with EACCES, and refuses the system calls that lead around it: io_uring makes sockets of its own, ptrace
and its like borrow those of other processes, and other tables of system calls have other numbers. It cannot be taken
away again, and whatever this process starts has it too.
"""

import ctypes
import errno
import os
import platform
import socket
import struct
from collections.abc import Collection
from pathlib import Path

LOCAL = (socket.AF_UNIX,)
INTERNET = (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)  # the last one asks the kernel which addresses it has
NONE = ()

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EACCES
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _MACHINE, _FIRST = 0, 4, 16  # where they lie in what the filter sees; the low half of the first argument
_X32 = 0x40000000
# By machine: its number, that of `socket`, and those that lead around: ptrace, process_vm_writev, io_uring_setup,
# pidfd_getfd.
_MACHINES = {
    "x86_64": (0xC000003E, 41, (101, 311, 425, 438)),
    "aarch64": (0xC00000B7, 198, (117, 271, 425, 438)),
}


_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def available() -> bool:
    """Whether this machine and its kernel have what it takes."""
    return platform.machine() in _MACHINES and Path("/proc/sys/kernel/seccomp/actions_avail").exists()


def close(families: Collection[int] = LOCAL) -> None:
    """From now on sockets of these families alone, for good. Raises OSError where that cannot be had."""
    install(code(families))
    _prove(families)


def install(program: bytes) -> None:
    """Close it by what `code` gave. System calls alone, for between fork and exec."""
    given = _Program(len(program) // 8, program)
    for arguments in (
        (_PR_SET_NO_NEW_PRIVS, 1, None),
        (_PR_SET_SECCOMP, _FILTER, ctypes.cast(ctypes.pointer(given), ctypes.c_void_p)),
    ):
        if _libc.prctl(*arguments, 0, 0) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def _prove(families: Collection[int]) -> None:
    """Believed only when it is seen."""
    for family in {*LOCAL, *INTERNET, socket.AF_PACKET} - {*families}:
        try:
            socket.socket(family, socket.SOCK_DGRAM).close()
        except PermissionError:
            continue
        except OSError:
            pass  # refused for another reason: which proves nothing of ours
        raise OSError(errno.EPERM, "the kernel still makes sockets that it should not")


def code(families: Collection[int]) -> bytes:
    """The filter: jumps count the instructions that follow. Raises OSError on a machine that it is not known for."""
    if platform.machine() not in _MACHINES:
        raise OSError(errno.ENOSYS, f"not known for {platform.machine()}")
    machine, make, around = _MACHINES[platform.machine()]
    lines: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _REFUSE),
    ]
    for number in around:
        lines += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    lines += [(_EQUAL, 1, 0, make), (_RETURN, 0, 0, _ALLOW), (_LOAD, 0, 0, _FIRST)]
    for family in families:
        lines += [(_EQUAL, 0, 1, family), (_RETURN, 0, 0, _ALLOW)]
    lines += [(_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
