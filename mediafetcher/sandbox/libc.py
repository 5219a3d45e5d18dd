"""System calls that Python has no function for. Safe between fork and exec: nothing here takes a lock or imports."""

import ctypes
import os

NO_NEW_PRIVS = 38  # of prctl

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long
LIBC.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]


def prctl(option: int, first: int = 0, second: int = 0) -> int:
    """Call prctl(2). Returns: its result, -1 for an error."""
    return int(LIBC.prctl(option, first, second, 0, 0))


def must(result: int) -> int:
    """Return the result of a system call. Raises: OSError by errno if it is negative."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
