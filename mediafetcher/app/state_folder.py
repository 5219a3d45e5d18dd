"""The state folder of a process: made, locked, and its database created at the first start.

This module imports little: the server does all of this while the rest of the program is loaded.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from mediafetcher.core import errors
from mediafetcher.core.settings import Settings
from mediafetcher.db import embedded
from mediafetcher.sandbox import process


def make(settings: Settings) -> None:
    """Create the private state folder. If we are root, the service account may traverse it."""
    mode = 0o711 if process.service_account() else 0o700
    try:
        for folder in (settings.state, settings.work, settings.logs):
            if not folder.exists():
                folder.mkdir(parents=True, mode=mode)
                folder.chmod(mode)
    except OSError as error:
        raise errors.InvalidStateDir(
            f"Cannot create the state folder {settings.state} ({error.strerror}). Choose another with --state."
        ) from error


@contextlib.contextmanager
def lock(state: Path) -> Iterator[None]:
    """Take the instance lock. The kernel releases it when the process ends. Raises: `AlreadyRunning`."""
    descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise errors.AlreadyRunning(f"MediaFetcher is already running on {state}.") from error
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


async def create_database(settings: Settings) -> None:
    """Create the embedded database if this is the first start. The caller holds the lock.

    Anything else that a start finds is for `instance.open`: the data of an earlier version, an interrupted creation.
    """
    if settings.database_url is None and not embedded.home(settings.state).exists():
        await embedded.Cluster(settings.state).create()
