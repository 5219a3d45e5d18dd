"""End the leftovers of an earlier run: processes of the children's account that work below a folder of theirs.

Children cannot outlive their download if the kernel filters system calls (seccomp.py). Without that, or after an
earlier version, a process may have left its session before the server was killed.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from mediafetcher.core import logging
from mediafetcher.sandbox import privilege_drop

_LOOKS = 20  # a process that starts others is found again
_log = logging.get("child")


def end(folder: Path) -> int:
    """Kill such processes until none is left. Call it while no child runs. Returns: how many were killed."""
    ended = 0
    for _ in range(_LOOKS):
        found = [number for number in _processes() if _kill(number, folder)]
        if not found:
            break
        ended += len(found)
    if ended:
        _log.warning("processes of an earlier run ended", count=ended)
    return ended


def _processes() -> Iterator[int]:
    for entry in os.listdir("/proc"):
        if entry.isdecimal() and int(entry) != os.getpid():
            yield int(entry)


def _kill(number: int, folder: Path) -> bool:
    """Kill the process if it is a leftover; its number may be reused between the check and the signal."""
    try:
        descriptor = os.pidfd_open(number)
    except OSError:
        return False
    try:
        if not _is_left_over(number, folder):
            return False
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _is_left_over(number: int, folder: Path) -> bool:
    account = privilege_drop.service_account()
    place = Path(f"/proc/{number}")
    if "\nState:\tZ" in (place / "status").read_text():
        return False
    where = os.readlink(place / "cwd").removesuffix(" (deleted)")
    owner = account.uid if account else os.geteuid()
    return place.stat().st_uid == owner and Path(where).is_relative_to(folder.absolute())
