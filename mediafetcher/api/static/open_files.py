"""Stored files that the HTTP server opens: by a descriptor that was checked, never by their name.

Granian opens a file itself, some time after it was told its path. The path is therefore `/proc/self/fd/N` of a file
that we hold open. Somebody who can write to the share cannot exchange what lies behind that path.

A number is never closed, because it could then become another file before Granian opens it. It is replaced by
`/dev/null` once its file was not asked for during `_IDLE_SECONDS`, and is used again for another file.
"""

import fcntl
import os
import threading

from mediafetcher.core import clock, errors

_IDLE_SECONDS = 60.0  # Granian opens a file within milliseconds
_MOST = 512  # files that are open at once

_lock = threading.Lock()
_slots: dict[tuple[int, int], int] = {}  # device and inode -> descriptor
_used: dict[tuple[int, int], float] = {}  # when the file was last asked for; monotonic seconds
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
    """Let go of the files that were not asked for during this time.

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
