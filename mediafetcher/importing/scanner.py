"""Scan folders that a user names, and open and remove the files found there without race conditions.

Links are not followed: not out of a tree, and not within it, where their targets are found by their own names. Our own
files (the store, the state folder) and a NAS's private folders are skipped. Names may be anything that a
file system allows; memory holds only the path to the present folder.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mediafetcher.core import settings
from mediafetcher.core import text as normal
from mediafetcher.library.export import link_tree
from mediafetcher.library.storage import mount

_NOT_OURS = {"#recycle", "$RECYCLE.BIN", "lost+found", "System Volume Information"}  # in addition to .names and @eaDir
_LONGEST = 200  # characters of a folder's name


@dataclass(frozen=True)
class Found:
    """A file that was found. `folders`: its path from the named folder. `problem`: why it cannot be imported."""

    path: Path
    folders: tuple[str, ...]
    size: int = 0  # bytes
    mtime: int = 0  # nanoseconds
    identity: tuple[int, int] = (0, 0)  # device and number
    problem: str = ""
    bad: bool = False  # the problem is an error, not the kind of the file


def files(named: Path) -> Iterator[Found]:
    """Yield every file of a folder, sorted, or the one file that was named. Blocking; errors are findings."""
    ours = _ours()
    try:
        top = Path(os.path.realpath(named))
        status = top.stat()
    except OSError as error:
        yield _failed(named, (), error)
        return
    if any(_identity(folder.stat()) in ours for folder in (top, *top.parents)):
        yield Found(named, (), problem="belongs to MediaFetcher", bad=True)
    elif stat.S_ISDIR(status.st_mode):
        yield from _below(top, (), ours)
    else:
        yield _look(top, (), status)


def _below(folder: Path, names: tuple[str, ...], ours: set[tuple[int, int]]) -> Iterator[Found]:
    waiting = [(folder, names)]
    while waiting:
        folder, names = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield _failed(folder, names, error)
            continue
        if any(entry.name == link_tree.MANIFEST for entry in entries):
            yield Found(folder, names, problem="is an export of the library")
            continue
        deeper = []
        for entry in entries:
            path = folder / entry.name
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                yield _failed(path, names, error)
                continue
            if not stat.S_ISDIR(status.st_mode):
                yield _look(path, names, status)
            elif _identity(status) in ours:
                yield Found(path, names, problem="belongs to MediaFetcher")
            elif not entry.name.startswith((".", "@")) and entry.name not in _NOT_OURS:
                deeper.append((path, (*names, entry.name)))
        waiting += reversed(deeper)


def _look(path: Path, names: tuple[str, ...], status: os.stat_result) -> Found:
    if stat.S_ISLNK(status.st_mode):
        return Found(path, names, problem="is a symbolic link")
    if not stat.S_ISREG(status.st_mode):
        return Found(path, names, problem="not a file")
    if not status.st_size:
        return Found(path, names, problem="empty file")
    return Found(path, names, status.st_size, status.st_mtime_ns, _identity(status))


def _failed(path: Path, names: tuple[str, ...], error: OSError) -> Found:
    return Found(path, names, problem=f"cannot be read ({error.strerror})", bad=True)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _ours() -> set[tuple[int, int]]:
    """Return the identities of our own folders, so that another name of one does not deceive us."""
    found = set()
    for folder in (settings.get().state, mount.root() / "store", mount.incoming()):
        with contextlib.suppress(OSError):
            found.add(_identity(folder.stat()))
    return found


# ---- one file ------------------------------------------------------------------------------------------


def open_found(found: Found) -> int:
    """Open the found file for reading. Returns: its descriptor. Raises: OSError, also if it was replaced."""
    file = os.open(found.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not unchanged(found, file):
        os.close(file)
        raise OSError(errno.ESTALE, "the file is being changed")
    return file


def unchanged(found: Found, file: int) -> bool:
    status = os.fstat(file)
    return (_identity(status), status.st_size, status.st_mtime_ns) == (found.identity, found.size, found.mtime)


def remove(found: Found, stored: Path) -> str:
    """Remove the file whose bytes are at `stored`. Returns: why it was left, or "" if it was removed. Blocking.

    It leaves another file of that name, and the last name of the stored file itself.
    """
    try:
        folder = os.open(found.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            status = os.stat(found.path.name, dir_fd=folder, follow_symlinks=False)
            if (_identity(status), status.st_size, status.st_mtime_ns) != (found.identity, found.size, found.mtime):
                return "another file now has this name"
            if _identity(stored.stat()) == found.identity and status.st_nlink < 2:
                return "is the stored file itself"
            os.unlink(found.path.name, dir_fd=folder)
        finally:
            os.close(folder)
    except OSError as error:
        return f"cannot be removed ({error.strerror})"
    return ""


def text(name: str) -> str:
    """Return a file's name as text, whatever its bytes are."""
    return os.fsencode(name).decode("utf-8", "replace")


def folder_names(folders: tuple[str, ...]) -> list[str]:
    """Return the names of virtual folders for these real ones."""
    return [_folder_name(name) for name in folders]


def _folder_name(name: str) -> str:
    clean = normal.one_line(text(name), _LONGEST)
    return clean if clean not in ("", ".", "..") else "_"
