"""What this state folder is called in the rows that it holds: a lasting name, and one for each start.

A copied state folder carries the same name, and would put back what the original has in work. So the name is held by a
session lock of the database: who finds it taken takes a new name, and waits for the leases of the old one.
"""

import asyncio
import uuid

from mediafetcher.core import errors, logging, settings
from mediafetcher.db.session_lock import SessionLock

_LOCK = 77_019  # the kind of the advisory lock
_PATIENCE = 2.0  # seconds that the lock of an earlier start, which died, may stay
_AGAIN = 5.0  # seconds between two tries to take a lost lock again

_log = logging.get("queue")
_boot = uuid.uuid4().hex[:12]
_instance: tuple[str, str] | None = None


def worker_id() -> str:
    """Who holds rows here: the installation of this state folder, and this start of it."""
    return f"{instance()}:{_boot}"


def instance() -> str:
    """The lasting name of this state folder, made at its first use."""
    global _instance
    path = settings.get().state / "instance"
    if _instance is None or _instance[0] != str(path):
        if not path.exists():
            _write_new_name()
        _instance = (str(path), path.read_text().strip())
    return _instance[1]


def _write_new_name() -> None:
    path = settings.get().state / "instance"
    fresh = path.with_name(f"instance.{uuid.uuid4().hex}")
    fresh.write_text(uuid.uuid4().hex)
    fresh.rename(path)


async def hold() -> SessionLock:
    """Hold the name, or a new one if another living process has it. Raises `DatabaseAway`."""
    global _instance
    while (lock := await SessionLock.take(_LOCK, instance(), _PATIENCE)) is None:
        _log.warning("this state folder is a copy of one that is in use: it gets a name of its own")
        _write_new_name()
        _instance = None
    return lock


async def keep(lock: SessionLock) -> None:
    """Take the lock again each time that its connection ends, until cancelled; then release it."""
    held: SessionLock | None = lock
    try:
        while True:
            if held is not None:
                await held.lost.wait()
                held = None
            try:
                held = await SessionLock.take(_LOCK, instance(), 0.0)
            except errors.DatabaseAway:
                held = None
            if held is None:
                await asyncio.sleep(_AGAIN)
    finally:
        if held is not None:
            await held.release()
