"""The name of this state folder in the rows that it holds: a lasting one, and one for each start.

A copied state folder has the same name, and would requeue the running downloads of the original. So a session lock of
the database protects the name: a process that finds it locked chooses a new name, and waits for the old leases.
"""

import asyncio
import uuid

from mediafetcher.core import errors, files, logging, settings
from mediafetcher.db.session_lock import SessionLock

_LOCK = 77_019  # the kind of the advisory lock
_PATIENCE = 2.0  # seconds that the lock of an earlier, dead start may remain
_AGAIN = 5.0  # seconds between two attempts to take a lost lock again

_log = logging.get("queue")
_boot = uuid.uuid4().hex[:12]
_instance: tuple[str, str] | None = None


def worker_id() -> str:
    """Return the holder of rows here: the installation of this state folder, and this start of it."""
    return f"{instance()}:{_boot}"


def instance() -> str:
    """Return the lasting name of this state folder, made at its first use."""
    global _instance
    path = settings.get().state / "instance"
    if _instance is None or _instance[0] != str(path):
        if not path.exists():
            _write_new_name()
        _instance = (str(path), path.read_text().strip())
    return _instance[1]


def _write_new_name() -> None:
    files.replace(settings.get().state / "instance", uuid.uuid4().hex.encode())


async def hold() -> SessionLock:
    """Lock the name, or a new one if another living process has it. Raises: `DatabaseUnavailable`."""
    global _instance
    while (lock := await SessionLock.take(_LOCK, instance(), _PATIENCE)) is None:
        _log.warning("this state folder is a copy of one that is in use: it gets a name of its own")
        _write_new_name()
        _instance = None
    return lock


async def keep(lock: SessionLock) -> None:
    """Take the lock again whenever its connection ends, until cancelled; then release it."""
    held: SessionLock | None = lock
    try:
        while True:
            if held is not None:
                await held.lost.wait()
                held = None
            try:
                held = await SessionLock.take(_LOCK, instance(), 0.0)
            except errors.DatabaseUnavailable:
                held = None
            if held is None:
                await asyncio.sleep(_AGAIN)
    finally:
        if held is not None:
            await held.release()
