"""The files of an exported tree: links and small files made, examined and removed, one at a time.

Only files made here are ever removed: one word describes a file (`Disk.state`), and if it differs from the
recorded one, the file is foreign. No symbolic link in place of a folder is followed: it could lead out of the tree.

Everything here runs in a thread.
"""

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

MANIFEST = ".mediafetcher-export.json"  # marks a folder as an exported tree
_PROBE = ".mediafetcher-probe"
# The errors of a file system that has no such links, or none for this file.
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
_NO_LINK |= {errno.EINVAL, errno.EIO}  # some shares report it so
_NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}


class NoLinks(Exception):
    """Neither kind of link can be made in this folder."""


class Disk:
    """A tree in the folder `root`. Paths are below it, with slashes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._ways: dict[str, bool] = {}

    def state(self, path: str) -> str | None:
        """Return the state of a path: `inode:N`, `to:TARGET` of a symbolic link, `folder`, `other`; None: nothing."""
        try:
            if not self._reached(path):
                return "other"
            status = (self.root / path).lstat()
            if stat.S_ISLNK(status.st_mode):
                return f"to:{os.readlink(self.root / path)}"
        except OSError as error:
            if error.errno in _NOT_THERE:
                return None
            raise
        if stat.S_ISDIR(status.st_mode):
            return "folder"
        return f"inode:{status.st_ino}" if stat.S_ISREG(status.st_mode) else "other"

    def content(self, path: str) -> str | None:
        """Return the state of a written file: a digest of its bytes."""
        state = self.state(path)
        return word_of((self.root / path).read_bytes()) if state and state.startswith("inode:") else state

    def moment(self, path: str) -> str | None:
        """Return the state of a copy: the time of its last change, which is chosen when it is made."""
        state = self.state(path)
        if state is None or not state.startswith("inode:"):
            return state
        return moment_of((self.root / path).lstat().st_mtime_ns)

    def size(self, path: str) -> int:
        return (self.root / path).lstat().st_size

    def word(self, path: str, source: Path, *, hard: bool) -> str:
        """Return the state that a link to `source` at this path has. Raises: OSError if the source does not exist."""
        return f"inode:{source.stat().st_ino}" if hard else f"to:{self._target(path, source)}"

    def leads_to(self, path: str, state: str | None, source: Path) -> bool:
        """Tell whether the file at a path is our link to `source`, of either kind."""
        return state is not None and state == self.word(path, source, hard=not state.startswith("to:"))

    def link(self, path: str, source: Path, *, hard: bool) -> None:
        """Make the link. Raises: OSError."""
        self._make_folders(path)
        if hard:
            os.link(source, self.root / path)
        else:
            os.symlink(self._target(path, source), self.root / path)

    def write(self, path: str, content: bytes) -> None:
        """Write a small file completely or not at all, readable by others."""
        with self._replacing(path) as fresh:
            fresh.write_bytes(content)

    def put(self, path: str, copy: Path, moment: int) -> None:
        """Copy a file completely or not at all, readable by others. `moment`: its last change in ns."""
        with self._replacing(path) as fresh:
            shutil.copyfile(copy, fresh)
            os.utime(fresh, ns=(moment, moment))

    @contextlib.contextmanager
    def _replacing(self, path: str) -> Iterator[Path]:
        """Name a file that takes the place of `path` once it is whole, readable by others."""
        self._make_folders(path)
        place = self.root / path
        fresh = place.with_name(f".mf-{os.getpid()}-{threading.get_ident()}.tmp")
        try:
            yield fresh
            with contextlib.suppress(PermissionError):
                fresh.chmod(0o644)
            os.replace(fresh, place)
        finally:
            fresh.unlink(missing_ok=True)

    def remove(self, path: str) -> None:
        (self.root / path).unlink(missing_ok=True)

    def remove_folder(self, path: str) -> None:
        """Remove the folder if it is empty: a folder with foreign files stays."""
        with contextlib.suppress(OSError):
            if self._reached(f"{path}/x"):
                (self.root / path).rmdir()

    def probe(self, sample: Path) -> bool:
        """Tell whether hard links to files like `sample` can be made here; otherwise symbolic ones can.

        Raises: `NoLinks`, and leaves nothing then.
        """
        fresh = [path for path in (self.root, *self.root.parents) if not path.exists()]
        _make_folder(self.root)
        probe = self.root / _PROBE
        try:
            kind = _try_links(sample, probe)
        finally:
            probe.unlink(missing_ok=True)
        if kind is None:
            for path in fresh:
                path.rmdir()
            raise NoLinks
        return kind

    def _reached(self, path: str) -> bool:
        """Tell whether its path has no symbolic link."""
        folder = path.rpartition("/")[0]
        if folder not in self._ways:
            self._ways[folder] = not any((self.root / above).is_symlink() for above in _above(path))
        return self._ways[folder]

    def _make_folders(self, path: str) -> None:
        if not self._reached(path):
            raise OSError(errno.EEXIST, "a link lies where a folder of the tree should be")
        _make_folder((self.root / path).parent)

    def _target(self, path: str, source: Path) -> str:
        """Return the target of a symbolic link: relative if both are on one share, which may be mounted elsewhere."""
        place = self.root / path
        share = source.parents[2]  # <media>/store/ab/<file>
        return os.path.relpath(source, place.parent) if place.is_relative_to(share) else str(source)


def moment_of(nanoseconds: int) -> str:
    return f"copy:{nanoseconds // 100}"  # shares keep tenths of microseconds


def word_of(content: bytes) -> str:
    return f"file:{hashlib.sha256(content).hexdigest()[:32]}"


def _above(path: str) -> list[str]:
    """Return the folders above a path: a and a/b for a/b/c."""
    return [path[:place] for place, char in enumerate(path) if char == "/" and place]


def _make_folder(folder: Path) -> None:
    """Make the folder and its parents, readable by others: players are other programs."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o755)


def _try_links(source: Path, probe: Path) -> bool | None:
    """Try both kinds of links. Returns: True: hard links; False: symbolic ones; None: neither."""
    probe.unlink(missing_ok=True)
    for hard, make in ((True, os.link), (False, os.symlink)):
        try:
            make(source, probe)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
        else:
            return hard
    return None
