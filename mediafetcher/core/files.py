"""Write small files so that a crash leaves the old content or the new one, and sync folders.

Large files that are written piece by piece (stored media, backups, the journal) have drafts of their own, with checks
of the media folder between the steps.
"""

import errno
import os
import secrets
from pathlib import Path

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def replace(path: Path, content: bytes, *, mode: int | None = 0o600, durable: bool = True) -> None:
    """Write a file atomically: readers see the old content or the new one.

    `mode`: its permissions, exactly; None leaves them to the umask and to the share. `durable`: the new content also
    survives a power cut. Files that are written at each start need not. Raises: OSError.
    """
    fresh = draft(path, content, mode=mode, durable=durable)
    try:
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    if durable:
        sync_folder(path.parent)


def draft(path: Path, content: bytes, *, mode: int | None = 0o600, durable: bool = True) -> Path:
    """Write a file beside `path` that can take its place. Returns: its path, of the form `draft_pattern`.

    Raises: OSError; then the draft is removed.
    """
    fresh = path.with_name(draft_pattern(path).replace("*", secrets.token_hex(4)))
    descriptor = os.open(fresh, _NEW, 0o666 if mode is None else mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, mode)  # whatever the umask is
            file.write(content)
            file.flush()
            if durable:
                os.fsync(descriptor)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return fresh


def draft_pattern(path: Path) -> str:
    """Return the pattern of names that drafts of `path` have, also those that a killed program left."""
    return f".{path.name.lstrip('.')}.*.new"


def create(path: Path, content: bytes, *, mode: int | None = 0o600) -> None:
    """Create a file durably under a name that only one writer can get. A crash may leave it incomplete.

    Raises: FileExistsError if another writer was first; OSError.
    """
    descriptor = os.open(path, _NEW, 0o666 if mode is None else mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, as far as its file system can. Raises: OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a share that cannot sync folders
            raise
    finally:
        os.close(descriptor)
