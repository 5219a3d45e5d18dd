"""Open files of the store for the HTTP server, by a checked descriptor instead of their name.

Granian opens a file itself, some time after it gets the path. Therefore the path is `/proc/self/fd/N` of a file that we
hold open. A machine that can write to the share cannot replace the file behind that path.

A number is never closed, because it could then become another file before Granian opens it. If its file was not
requested during `_IDLE_SECONDS`, it is replaced by `/dev/null`, and is used again for another file.
"""

import fcntl
import os
import threading

from mediafetcher.core import clock, errors

_IDLE_SECONDS = 60.0  # Granian opens a file within milliseconds
_MOST = 512  # maximum of open files

_lock = threading.Lock()
_slots: dict[tuple[int, int], int] = {}  # descriptor of each device and inode
_used: dict[tuple[int, int], float] = {}  # time of the last request for the file; monotonic seconds
_free: list[int] = []  # descriptors of /dev/null


def keep(descriptor: int) -> str:
    """Hold the file of this descriptor open; the caller may close its own descriptor.

    Returns: the path by which the server opens it within `_IDLE_SECONDS`. Raises: `TooManyRequests`.
    """
    facts = os.fstat(descriptor)
    key = (facts.st_dev, facts.st_ino)  # unique as long as the file is open
    with _lock:
        if key not in _slots:
            _slots[key] = _take_slot(descriptor)
        _used[key] = clock.monotonic()
        return f"/proc/self/fd/{_slots[key]}"


def release(idle_seconds: float = _IDLE_SECONDS) -> bool:
    """Release the files that were not requested during this time.

    Returns: whether files are still held.
    """
    with _lock:
        _release(idle_seconds)
        return bool(_slots)


def _take_slot(descriptor: int) -> int:
    if not _free and len(_slots) >= _MOST:
        _release(_IDLE_SECONDS)
        if not _free:
            raise errors.TooManyRequests("Too many different files at once: try again later.", retry_after=2)
    if not _free:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 0)
    slot = _free.pop()
    os.dup2(descriptor, slot, inheritable=False)
    return slot


def _release(idle_seconds: float) -> None:
    until = clock.monotonic() - idle_seconds
    idle = [key for key, used in _used.items() if used <= until]
    if not idle:
        return
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        for key in idle:
            slot = _slots.pop(key)
            del _used[key]
            os.dup2(nothing, slot, inheritable=False)
            _free.append(slot)
    finally:
        os.close(nothing)
