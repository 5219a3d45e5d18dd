"""Take over files that a child wrote, by descriptor, without following a name that the child chose.

A child owns its folder and can put anything under a name in it: a link to our key file, a device, a pipe that blocks
its reader. It can also exchange the file between a check and its use. Therefore a result is opened without
following links, checked by its descriptor, moved into our own folder, and compared there with the checked file.
Call `take` only after the child has ended.

`read` and `write_new` do the same for the files that we keep next to the results.
"""

import contextlib
import errno
import os
import shutil
import stat
from pathlib import Path

from mediafetcher.sandbox import privilege_drop

_LOOK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Untrusted(OSError):
    """The file of that name is no plain file of the child's own."""


def take(source: Path, target: Path) -> None:
    """Move the file that a child wrote at `source` to `target`, in a folder that only we write to.

    A file at `target` is replaced. Raises: `Untrusted` unless it is a regular file with one name that belongs
    to the account of children, and other OSErrors of the file system; then `target` does not exist.
    """
    with contextlib.ExitStack() as opened:
        theirs = _open(opened, source.parent, _FOLDER)
        ours = _open(opened, target.parent, _FOLDER)
        try:
            file = _open(opened, source.name, _LOOK, folder=theirs)
        except FileNotFoundError as error:
            raise Untrusted(errno.ENOENT, f"there is no {source.name}") from error
        expected = os.fstat(file)
        _require_plain(expected, source.name)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(target.name, dir_fd=ours)
        try:
            os.rename(source.name, target.name, src_dir_fd=theirs, dst_dir_fd=ours)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy(file, target.name, ours)
            return
        moved = os.stat(target.name, dir_fd=ours, follow_symlinks=False)
        if not os.path.samestat(moved, expected) or os.fstat(file).st_nlink != 1:
            _discard(target)
            raise Untrusted(errno.ESTALE, f"{source.name} was exchanged")


def require_plain(path: Path) -> None:
    """Raises: `Untrusted` unless `path` itself is a regular file with one name, and belongs to a child or to us."""
    _require_plain(path.lstat(), path.name)


def read(path: Path, limit: int | None = None) -> bytes:
    """Return the content of a regular file without following links; at most `limit` bytes.

    Raises: `Untrusted` for anything else. It never waits for another program.
    """
    try:
        descriptor = os.open(path, _READ)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise Untrusted(error.errno, f"{path.name} is no plain file") from error
        raise
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Untrusted(errno.EINVAL, f"{path.name} is no plain file")
        return file.read(-1 if limit is None else limit)


def write_new(path: Path, data: bytes) -> None:
    """Write a new private file (0600). An existing file of the name is removed, never written through."""
    with contextlib.suppress(FileNotFoundError):
        _discard(path)
    with os.fdopen(os.open(path, _NEW, 0o600), "wb") as file:
        file.write(data)


def _open(opened: contextlib.ExitStack, path: Path | str, flags: int, folder: int | None = None) -> int:
    descriptor = os.open(path, flags, dir_fd=folder)
    opened.callback(os.close, descriptor)
    return descriptor


def _require_plain(status: os.stat_result, name: str) -> None:
    account = privilege_drop.service_account()
    owners = {os.geteuid(), account.uid} if account else {os.geteuid()}
    if not stat.S_ISREG(status.st_mode):
        raise Untrusted(errno.EINVAL, f"{name} is no plain file")
    if status.st_nlink != 1:
        raise Untrusted(errno.EMLINK, f"{name} has several names")
    if status.st_uid not in owners:
        raise Untrusted(errno.EPERM, f"{name} belongs to another account")


def _copy(file: int, name: str, folder: int) -> None:
    """Copy from the descriptor, for a folder on another file system."""
    try:
        with (
            open(f"/proc/self/fd/{file}", "rb") as source,
            os.fdopen(os.open(name, _NEW, 0o600, dir_fd=folder), "wb") as target,
        ):
            shutil.copyfileobj(source, target, 1 << 20)
            account = privilege_drop.service_account()
            if account:
                os.fchown(target.fileno(), account.uid, account.gid)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=folder)
        raise


def _discard(path: Path) -> None:
    if stat.S_ISDIR(path.lstat().st_mode):
        remove_tree(path)
    else:
        path.unlink()


def remove_tree(folder: Path) -> None:
    """Remove a folder that a child filled, however deep it is. Files that cannot be removed are left.

    Nested folders are moved up one after the other, so that neither the depth nor the length of a path matters.
    """
    try:
        top = os.open(folder, _FOLDER)
    except OSError:
        return
    try:
        with contextlib.suppress(OSError):
            os.fchmod(top, 0o700)
        left = _Flattened(top)
        while left.step():
            pass
    finally:
        os.close(top)
    with contextlib.suppress(OSError):
        folder.rmdir()


class _Flattened:
    """A folder whose inner folders are emptied one by one, after their own inner folders were moved up."""

    def __init__(self, top: int) -> None:
        self._top = top
        self._number = 0
        self._stuck: set[str] = set()

    def step(self) -> bool:
        """Empty the folder by one level. Returns: False once nothing more can be removed."""
        folders = [name for name in _names(self._top) if name not in self._stuck and not _unlinked(name, self._top)]
        for name in folders:
            self._empty(name)
        return bool(folders)

    def _empty(self, name: str) -> None:
        self._stuck.add(name)  # unless it can be removed
        with contextlib.suppress(OSError), contextlib.ExitStack() as opened:
            look = _open(opened, name, _LOOK, folder=self._top)
            if stat.S_ISDIR(os.fstat(look).st_mode):
                os.chmod(f"/proc/self/fd/{look}", 0o700)
                inner = _open(opened, name, _FOLDER, folder=self._top)
                for one in _names(inner):
                    if not _unlinked(one, inner):
                        self._raise(one, inner)
                os.rmdir(name, dir_fd=self._top)
                self._stuck.discard(name)

    def _raise(self, name: str, folder: int) -> None:
        self._number += 1
        with contextlib.suppress(OSError):
            os.chmod(name, 0o700, dir_fd=folder)  # otherwise a folder without permissions cannot be renamed
        os.rename(name, f".removed-{self._number}", src_dir_fd=folder, dst_dir_fd=self._top)


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _unlinked(name: str, folder: int) -> bool:
    try:
        os.unlink(name, dir_fd=folder)
    except IsADirectoryError:
        return False
    except FileNotFoundError:
        return True
    except PermissionError:  # the error of some file systems for a folder
        return False
    return True
