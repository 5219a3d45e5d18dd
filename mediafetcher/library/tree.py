"""A folder of links on disk, made equal to what is wanted: links and small files made, kept or removed.

Only what this module made is ever removed. A list in the tree (`MANIFEST`) says of every path what was made there:
the inode of a hard link, the target of a symbolic link, the hash of a written file. What does not fit that any more
is somebody else's and stays. The list is written before the links are, so that a crash leaves none that it does not
know; and where somebody removed it, links to our own files are recognised by their inode.

Everything here runs in a thread.
"""

import contextlib
import errno
import hashlib
import json
import os
import stat
import threading
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

MANIFEST = ".mediafetcher-export.json"
_PROBE = ".mediafetcher-probe"
# What a file system says that has no such link, or none for this file.
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
_NO_LINK |= {errno.EINVAL, errno.EIO}  # some shares say it this way
_NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}


@dataclass(frozen=True)
class Wanted:
    """One file of the tree: a link to `source`, or a file with this `content`."""

    path: str  # below the tree, with slashes
    source: Path | None = None
    content: bytes = b""


@dataclass
class Report:
    """How many files were made, were right already, were removed; and which could not be had."""

    made: int = 0
    kept: int = 0
    removed: int = 0
    missing: int = 0  # their bytes are not in the store just now, or their way is too long for the disk
    symbolic: bool = False  # links are symbolic ones


class NoLinks(Exception):
    """Neither kind of link can be made in this folder."""


class Stopped(Exception):
    """Whoever asked does not want it any more."""


@dataclass
class Tree:
    """An open tree: `files` (path -> what we made there) and `folders` that are ours, as its list says."""

    root: Path
    files: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    _saved: tuple[dict[str, str], set[str]] | None = None
    _ways: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def open(cls, root: Path) -> "Tree":
        """The tree in this folder. A list that cannot be read counts as none: then nothing is ours for sure."""
        tree = cls(root)
        try:
            found = json.loads((root / MANIFEST).read_text())
            files, folders = dict(found["files"]), set(found["folders"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return tree
        # The tree may be shared: what its list says is never followed out of it.
        tree.files = {path: str(made) for path, made in files.items() if _inside(path)}
        tree.folders = {path for path in folders if _inside(path)}
        tree._saved = (dict(tree.files), set(tree.folders))
        return tree

    def strangers(self, folder: str, ours: set[int]) -> list[str]:
        """The names in a folder of the tree that we cannot have: not made by us, and no folders to share.

        `ours` are the inodes of the store: links to them are ours even where the list was lost.
        """
        if not self._reached(f"{folder}/x" if folder else "x"):
            return []
        try:
            entries = list(os.scandir(self.root / folder))
        except OSError as error:
            if error.errno in _NOT_THERE:
                return []
            raise
        prefix = f"{folder}/" if folder else ""
        taken = []
        for entry in entries:
            name = unicodedata.normalize("NFC", entry.name)  # some file systems give it back in another form
            if entry.is_dir(follow_symlinks=False) or prefix + name in self.files:
                continue
            if not ours or _inode(entry) not in ours:
                taken.append(entry.name)
        if self._saved is not None:
            return taken
        # The list was lost: a description beside a link of ours was not put there by somebody else.
        here = {entry.name for entry in entries} - set(taken)
        stems = {name.rpartition(".")[0] for name in here}
        return [name for name in taken if not (name.endswith(".nfo") and name[:-4] in stems)]

    def forget_strangers(self) -> None:
        """Strike from the list what somebody replaced. A written file that was edited stays on it, untouched."""
        for path, made in list(self.files.items()):
            if not made.startswith("file:") and self._state(path) not in (None, made):
                del self.files[path]

    # ---- making it equal ---------------------------------------------------------------------------------

    def update(self, wanted: list[Wanted], sample: Path, stop: threading.Event) -> Report:
        """Remove what is not wanted any more, keep what is right, make the rest -> what was done.

        `sample` is a file of ours on the store's file system, to try links with. Raises `NoLinks` (nothing is made
        then), `Stopped`, OSError.
        """
        report = Report()
        target: dict[str, tuple[Wanted, str]] = {}
        for one in wanted:
            made = _identity(one) or self.files.get(one.path)
            if made is not None:
                target[one.path] = (one, made)
            if one.source is not None and not one.source.exists():
                report.missing += 1
        todo = [path for path, (one, made) in target.items() if not self._right(path, one, made)]
        report.kept = len(target) - len(todo)
        hard = self._probe(sample) if self._saved is None or any(target[path][0].source for path in todo) else True
        self._remove(target, set(todo), report)
        self._plan(target, hard)
        for path in todo:
            if stop.is_set():
                raise Stopped
            self._make(*target[path], hard, report)
        self._remove_folders(
            {above for folder in {path.rpartition("/")[0] for path in target} for above in _above(folder + "/x")}
        )
        self._save()
        report.symbolic = any(made.startswith("to:") for made in self.files.values())
        return report

    def _right(self, path: str, one: Wanted, made: str) -> bool:
        found = self._state(path)
        if found is None:
            return False
        if one.source is not None:
            right = found == made or found == f"to:{_target(self.root / path, one.source)}"
            if right:
                self.files[path] = found
            return right
        if path not in self.files:
            self.files[path] = made  # written by us before the list was lost: it is the same to the byte
        return found == made or found != self.files[path]  # other than what we wrote: edited by somebody, and theirs

    def _state(self, path: str) -> str | None:
        """What is at a path now, as the list would say it; None: nothing."""
        place = self.root / path
        try:
            if not self._reached(path):
                return "elsewhere"
            status = place.lstat()
            if stat.S_ISLNK(status.st_mode):
                return f"to:{os.readlink(place)}"
            if not stat.S_ISREG(status.st_mode):
                return "other"
            if self.files.get(path, "file:" if path.endswith(".nfo") else "").startswith("file:"):
                return _hash(place.read_bytes())
            return f"inode:{status.st_ino}"
        except OSError as error:
            if error.errno in _NOT_THERE:
                return None
            raise

    def _reached(self, path: str) -> bool:
        """Whether the way to it has no symbolic link, which could lead out of the tree."""
        folder = path.rpartition("/")[0]
        if folder not in self._ways:
            self._ways[folder] = not any((self.root / above).is_symlink() for above in _above(path))
        return self._ways[folder]

    def _remove(self, target: dict[str, tuple[Wanted, str]], todo: set[str], report: Report) -> None:
        for path, made in list(self.files.items()):
            if path in target and path not in todo:
                continue
            if report.missing and made.startswith("inode:") and self._links(path) == 1:
                continue  # files are missing in the store: this may be the last name of one of them
            if self._state(path) == made:
                (self.root / path).unlink()
                report.removed += path not in target
            del self.files[path]

    def _links(self, path: str) -> int:
        try:
            return (self.root / path).lstat().st_nlink
        except OSError:
            return 0

    def _plan(self, target: dict[str, tuple[Wanted, str]], hard: bool) -> None:
        """Write down what is about to be made, before it is."""
        for folder in {path.rpartition("/")[0] for path in target}:
            self.folders |= {above for above in _above(f"{folder}/x") if not os.path.exists(self.root / above)}
        for path, (one, made) in target.items():
            if one.source is not None and not hard:
                made = f"to:{_target(self.root / path, one.source)}"
            self.files.setdefault(path, made)
        self._save()

    def _make(self, one: Wanted, made: str, hard: bool, report: Report) -> None:
        place = self.root / one.path
        try:
            _make_folders(place.parent)
            if one.source is None:
                _write(place, one.content)
            else:
                made = _link(one.source, place, made, hard)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENAMETOOLONG, errno.EEXIST):
                raise
            report.missing += 1  # removed from the store meanwhile, too long a path, or somebody was first
            self.files.pop(one.path, None)
            return
        self.files[one.path] = made
        report.made += 1

    def _remove_folders(self, needed: set[str]) -> None:
        """Folders that are ours, not needed and empty; one in which somebody else keeps something stays."""
        for path in sorted(self.folders - needed, key=len, reverse=True):
            try:
                if self._reached(path):
                    (self.root / path).rmdir()
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                    continue
                if error.errno not in _NOT_THERE:
                    raise
            self.folders.discard(path)

    def _probe(self, sample: Path) -> bool:
        """Whether hard links can be made here; else symbolic ones can. Raises `NoLinks`, and leaves nothing."""
        fresh = [path for path in (self.root, *self.root.parents) if not path.exists()]
        _make_folders(self.root)
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

    def _save(self) -> None:
        now = (self.files, self.folders)
        if self._saved == now:
            return
        text = json.dumps({"version": 1, "files": self.files, "folders": sorted(self.folders)}, ensure_ascii=False)
        _make_folders(self.root)
        _write(self.root / MANIFEST, text.encode(), sync=True)
        self._saved = (dict(self.files), set(self.folders))


def _identity(one: Wanted) -> str | None:
    """What is to be at its path; None where the bytes are not there."""
    if one.source is None:
        return _hash(one.content)
    inode = inode_of(one.source)
    return None if inode is None else f"inode:{inode}"


def _inode(entry: os.DirEntry[str]) -> int | None:
    """Of the file itself, also behind a symbolic link."""
    try:
        return entry.stat().st_ino
    except OSError:
        return None


def _hash(content: bytes) -> str:
    return f"file:{hashlib.sha256(content).hexdigest()[:32]}"


def inode_of(path: Path) -> int | None:
    """None where there is no such file."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def _above(path: str) -> list[str]:
    """The folders on the way to a path: a/b/c -> a, a/b."""
    return [path[:place] for place, char in enumerate(path) if char == "/" and place]


def _inside(path: str) -> bool:
    return bool(path) and not path.startswith("/") and ".." not in path.split("/") and "\0" not in path


def _make_folders(folder: Path) -> None:
    """The folder and those above it, readable by others: players are other programs."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o755)


def _write(place: Path, content: bytes, *, sync: bool = False) -> None:
    """Write a small file whole or not at all, readable by others."""
    fresh = place.with_name(f".mf-{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        with contextlib.suppress(PermissionError):
            fresh.chmod(0o644)
        os.replace(fresh, place)
    finally:
        fresh.unlink(missing_ok=True)


def _target(place: Path, source: Path) -> str:
    """What a symbolic link says: the short way where both lie on one share, so that it may be mounted elsewhere."""
    share = source.parents[2]  # <media>/store/ab/<file>
    return os.path.relpath(source, place.parent) if place.is_relative_to(share) else str(source)


def _link(source: Path, place: Path, made: str, hard: bool) -> str:
    if hard:
        try:
            os.link(source, place)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
        else:
            return made
    target = _target(place, source)
    os.symlink(target, place)
    return f"to:{target}"


def _try_links(source: Path, probe: Path) -> bool | None:
    """True: hard links; False: symbolic ones; None: neither."""
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
