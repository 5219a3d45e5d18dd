"""End the leftovers of an earlier run: processes of the children's account that work below a folder of theirs.

Children cannot outlive their download if the kernel filters system calls (seccomp.py). Without that, or after an
earlier version, a process may have left its session before the server was killed.
"""

import contextlib
import os
import select
import signal
from collections.abc import Iterator
from pathlib import Path

from mediafetcher.core import clock, logging
from mediafetcher.sandbox import privilege_drop

_LOOKS = 20  # a process that starts others is found again
_DYING = 5.0  # seconds that killed processes may take to end
_log = logging.get("child")


def end(folder: Path) -> int:
    """Kill such processes until none is left. Call it while no child runs. Returns: how many were killed."""
    ended = 0
    for _ in range(_LOOKS):
        killed = [descriptor for number in _processes() if (descriptor := _kill(number, folder)) is not None]
        ended += len(killed)
        if not killed or not _have_ended(killed):
            break
    if ended:
        _log.warning("processes of an earlier run ended", count=ended)
    return ended


def _processes() -> Iterator[int]:
    for entry in os.listdir("/proc"):
        if entry.isdecimal() and int(entry) != os.getpid():
            yield int(entry)


def _kill(number: int, folder: Path) -> int | None:
    """Kill the process if it is a leftover; its number may be reused between the check and the signal.

    Returns: a descriptor of the process, which the caller closes; None if it is not killed.
    """
    try:
        descriptor = os.pidfd_open(number)
    except OSError:
        return None
    try:
        if _is_left_over(number, folder):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


def _have_ended(killed: list[int]) -> bool:
    """Wait for killed processes, which the next look would find again, and close them.

    Returns: False if one has not ended, because the kernel waits for a disk or share that does not answer.
    """
    until, waiting, left = clock.monotonic() + _DYING, select.poll(), set(killed)
    for descriptor in killed:
        waiting.register(descriptor, select.POLLIN)
    try:
        while left and (seconds := until - clock.monotonic()) > 0:
            for descriptor, _ in waiting.poll(seconds * 1000):
                waiting.unregister(descriptor)
                left.discard(descriptor)
        return not left
    finally:
        for descriptor in killed:
            os.close(descriptor)


def _is_left_over(number: int, folder: Path) -> bool:
    account = privilege_drop.service_account()
    place = Path(f"/proc/{number}")
    if "\nState:\tZ" in (place / "status").read_text():
        return False
    where = os.readlink(place / "cwd").removesuffix(" (deleted)")
    owner = account.uid if account else os.geteuid()
    return place.stat().st_uid == owner and Path(where).is_relative_to(folder.absolute())
