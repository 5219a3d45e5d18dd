"""The layout of an exported tree: free and stable names for items and folders.

An item keeps its name as long as its folder and title lead to the same one, so that the data of media players
stays valid. A new item gets the first name that neither another item nor a foreign file has. The steps:

    settle   correct files stay, our wrong files are removed from the disk
    place    names for missing files; they are recorded in the database before anything is made
    make     links and descriptions
"""

import contextlib
import errno
import shutil
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mediafetcher.core import errors
from mediafetcher.library.export import filenames, nfo
from mediafetcher.library.export.link_tree import Disk, word_of
from mediafetcher.library.export.rows import FolderRow, UserRow
from mediafetcher.library.export.tree_files import Copy, File, Folder, Item, Report, is_text

_DEEP, _SHORT = 6, 60  # folders deeper than this have short names: a whole path may have 4096 bytes
_FEW = 8  # items of one folder that are named at once: for more, reading all its names is faster
_NOT_MADE = {errno.ENOENT, errno.ENAMETOOLONG, errno.EEXIST}


class Stopped(Exception):
    """The caller was cancelled."""


Keys = Callable[[int, list[str] | None], list[str]]
Convert = Callable[[Path], bytes]  # WebVTT to SubRip
Tag = Callable[[Copy], Path]  # makes a tagged copy, alone in a folder of its own


class Layout:
    """The recorded tree. `keys(folder, beginnings)`: the files in a folder with one of these beginnings, or all."""

    def __init__(self, disk: Disk, folders: list[Folder], keys: Keys, to_srt: Convert, tag: Tag, *, hard: bool) -> None:
        self._to_srt, self._tag = to_srt, tag
        self.folders, self.left = folders, list[Folder]()
        self._disk, self._hard, self._keys = disk, hard, keys
        self._virtual: dict[int, FolderRow] = {}
        self._people: dict[int, str] = {}
        self._found = {(one.owner, one.folder): one for one in folders if one.owner is not None}
        self._taken: dict[Folder | None, filenames.Taken] = {}

    def learn(self, virtual: list[FolderRow], people: list[UserRow]) -> None:
        """Load the rows of the library's folders and users that the next items need."""
        self._virtual |= {row.id: row for row in virtual}
        self._people |= {row.id: row.name for row in people}

    def is_renamed(self, owner: int, number: int) -> bool:
        """Tell whether a folder has another name in the tree than it should have."""
        there, text = self._found.get((owner, number)), self._virtual[number].name
        return there is not None and not filenames.fits(there.name, text, [""], self._longest(there.parent))

    def renumber(self, owner: int, row: FolderRow) -> Folder | None:
        """Give a folder of an earlier version its present number. Returns: the folder; None: none is to be changed."""
        if (owner, row.id) in self._found or (owner, row.former) not in self._found:
            return None
        there = self._found.pop((owner, row.former))
        there.folder = row.id
        self._found[owner, row.id] = there
        return there

    # ---- settle ------------------------------------------------------------------------------------------

    def settle(self, items: list[Item], report: Report) -> list[File]:
        """Remove from the disk what no longer belongs. Returns: the files whose records must be removed."""
        gone: list[File] = []
        for item in items:
            if item.row is not None and not all(source.exists() for source in item.links.values()):
                item.missing = True  # the tree may hold the last name of its bytes
                report.missing += 1
                continue
            if item.row is not None:
                known = item.row.folder in self._virtual
                item.folder = self._folder(item.row.owner, item.row.folder if known else None)
                item.stem = self._kept_stem(item)
            gone += self._remove_wrong(item, report)
        return gone

    def _kept_stem(self, item: Item) -> str | None:
        """Return the item's name, if it still fits and no link was replaced by a foreign file."""
        row = item.row
        assert row
        if not item.have or item.folder is None or any(file.folder is not item.folder for file in item.have):
            return None
        stem = item.have[0].stem
        if not filenames.fits(stem, row.name, item.suffixes):
            return None
        made = {file.suffix: file.made for file in item.have}
        for suffix, source in item.links.items():
            if suffix in item.copies and made.get(suffix, "").startswith("copy:"):
                continue  # tags that a user edited are no reason for another name
            path = f"{item.folder.path}/{stem}{suffix}"
            state = self._state(path, made.get(suffix, ""))
            if state not in (None, made.get(suffix)) and not self._leads(item, suffix, path, source):
                return None
        return stem

    def _state(self, path: str, made: str) -> str | None:
        """Return the state of a path as it was recorded for what was made there."""
        return self._disk.moment(path) if made.startswith("copy:") else self._disk.state(path)

    def _leads(self, item: Item, suffix: str, path: str, source: Path) -> bool:
        """Tell whether the file at a path is our link to `source`, or our copy of it if one is wanted."""
        if copy := item.copies.get(suffix):
            return self._disk.moment(path) == copy.word
        return self._disk.leads_to(path, self._disk.state(path), source)

    def _remove_wrong(self, item: Item, report: Report) -> list[File]:
        gone = []
        for file in item.have:
            stays = item.stem is not None and self._is_right(item, file)
            if stays:
                item.kept.add(file.suffix)
                report.kept += 1
                continue
            gone.append(file)
            if file.folder in self._taken:
                self._taken[file.folder].drop(file.key)
            text = is_text(file.suffix)
            state = self._disk.content(file.path) if text else self._state(file.path, file.made)
            if state == file.made:
                self._disk.remove(file.path)
                report.removed += item.stem is None or file.suffix not in item.suffixes
        return gone

    def _is_right(self, item: Item, file: File) -> bool:
        if is_text(file.suffix):
            state = self._disk.content(file.path)
            if file.suffix not in item.suffixes:
                return False
            # It differs from what we wrote: a user edited it, so it is the user's.
            return state is not None and (state != file.made or state == word_of(self._text(item, file.suffix)))
        source = item.links.get(file.suffix)
        if source is None:
            return False
        if file.suffix in item.copies and file.made.startswith("copy:"):
            state = self._disk.moment(file.path)
            # A user edited its tags, so it is the user's.
            return state is not None and (state != file.made or state == item.copies[file.suffix].word)
        return self._leads(item, file.suffix, file.path, source)

    def _text(self, item: Item, suffix: str) -> bytes:
        """Return the content of a written file: the description of an item, or its subtitles as SubRip."""
        assert item.row
        if suffix not in item.written:
            source = item.subtitles.get(suffix)
            item.written[suffix] = nfo.document(item.row) if source is None else self._to_srt(source)
        return item.written[suffix]

    # ---- place -------------------------------------------------------------------------------------------

    def place(self, items: list[Item]) -> list[File]:
        """Choose names for missing files. Returns: the files to make."""
        placed = [item for item in items if item.folder is not None]
        self._know([item for item in placed if item.stem is None])
        fresh = []
        for item in placed:
            assert item.row and item.folder
            if item.stem is None:
                is_free = partial(self._is_free, item)
                item.stem = self._taken[item.folder].free(item.row.name, item.suffixes, is_free=is_free)
            fresh += [self._intend(item, suffix) for suffix in item.suffixes if suffix not in item.kept]
        return fresh

    def _know(self, items: list[Item]) -> None:
        """Read the names of the folders that need a name: all names for many items."""
        inside: dict[Folder, list[str]] = {}
        for item in items:
            assert item.row and item.folder
            inside.setdefault(item.folder, []).append(filenames.beginning(item.row.name, item.suffixes))
        for folder, beginnings in inside.items():
            few = len(beginnings) <= _FEW
            known = self._taken.get(folder)
            if known is None or not known.whole:
                self._taken[folder] = known = filenames.Taken()
                known.whole = not few
                known.add(self._keys(folder.id, beginnings if few else None) if folder.id else [])
            known.add(one.key for one in self.folders if one.parent is folder)

    def _intend(self, item: Item, suffix: str) -> File:
        assert item.row and item.folder and item.stem is not None
        path = f"{item.folder.path}/{item.stem}{suffix}"
        if is_text(suffix):
            made = word_of(self._text(item, suffix))
        elif copy := item.copies.get(suffix):
            made = copy.word
        else:
            state, source = self._disk.state(path), item.links[suffix]
            # A link that already leads there was made by us before the list was lost.
            ours = state is not None and self._disk.leads_to(path, state, source)
            made = state if ours and state else self._disk.word(path, source, hard=self._hard)
        return File(item.id, item.folder, item.stem, suffix, made)

    def _is_free(self, item: Item, stem: str) -> bool:
        """Tell whether no foreign file has these names."""
        assert item.row and item.folder
        path = f"{item.folder.path}/{stem}"
        known = False
        for suffix, source in item.links.items():
            state = self._disk.state(path + suffix)
            right = self._leads(item, suffix, path + suffix, source)
            if state is not None and not right:
                return False
            known |= right
        # A description next to our own link is not foreign.
        state = self._disk.content(f"{path}.nfo")
        return known or state is None or state == word_of(nfo.document(item.row))

    # ---- folders -----------------------------------------------------------------------------------------

    def _folder(self, owner: int, number: int | None) -> Folder:
        """Return a user's folder in the tree, under a free name."""
        parent, text = None, self._people[owner]
        if number is not None:
            parent, text = self._folder(owner, self._virtual[number].parent), self._virtual[number].name
        longest = self._longest(parent)
        there = self._found.get((owner, number))
        if there is not None:
            if there.parent is parent and filenames.fits(there.name, text, [""], longest):
                return there
            there.owner = there.folder = None  # renamed or moved: its content is removed, and then the folder
            self.left.append(there)
        above = f"{parent.path}/" if parent else ""
        taken = filenames.Taken(one.name for one in self.folders if one.parent is parent)
        if parent is not None and parent.id:
            taken.add(self._keys(parent.id, [filenames.beginning(text, [""], longest)]))
        name = taken.free(text, [""], longest, lambda name: self._disk.state(above + name) in (None, "folder"))
        made = Folder(parent, name, owner, number, ours=self._disk.state(above + name) is None)
        self.folders.append(made)
        self._found[owner, number] = made
        return made

    def _longest(self, parent: Folder | None) -> int:
        return filenames.LONGEST if parent is None or parent.path.count("/") < _DEEP else _SHORT

    # ---- make --------------------------------------------------------------------------------------------

    def make(self, items: list[Item], fresh: list[File], stop: threading.Event, report: Report) -> list[File]:
        """Make the recorded files. Returns: the files that failed, whose items are `missing` then."""
        by_id = {item.id: item for item in items}
        failed = []
        for file in fresh:
            item = by_id[file.item]
            if self._is_there(file):
                report.kept += 1
                continue
            if stop.is_set():
                raise Stopped
            try:
                self._make(item, file)
                report.made += 1
            except (OSError, errors.TranscodeFailed) as error:
                if isinstance(error, OSError) and error.errno not in _NOT_MADE:
                    raise
                failed.append(file)  # removed from the store meanwhile, a path that is too long, or a taken name
                report.missing += not item.missing
                item.missing = True
        return failed

    def _is_there(self, file: File) -> bool:
        if is_text(file.suffix):
            return self._disk.state(file.path) is not None
        return self._state(file.path, file.made) == file.made

    def _make(self, item: Item, file: File) -> None:
        if is_text(file.suffix):
            self._disk.write(file.path, self._text(item, file.suffix))
        elif file.made.startswith("copy:"):
            self._copy(item.copies[file.suffix], file.path)
        else:
            self._disk.link(file.path, item.links[file.suffix], hard=file.made.startswith("inode:"))

    def _copy(self, copy: Copy, path: str) -> None:
        made = self._tag(copy)
        try:
            self._disk.put(path, made, copy.moment)
        finally:
            shutil.rmtree(made.parent, ignore_errors=True)

    def measure(self, items: list[Item], fresh: list[File]) -> list[File]:
        """Note the sizes of copies, which count for their owners. Returns: the files that had none."""
        files = [file for item in items for file in item.have if file.suffix in item.kept] + fresh
        found = [file for file in files if file.made.startswith("copy:") and file.size is None]
        for file in found:
            with contextlib.suppress(OSError):
                file.size = self._disk.size(file.path)
        return [file for file in found if file.size is not None]

    def remove_folders(self, folders: list[Folder]) -> None:
        """Remove those folders that are ours and hold no foreign files."""
        for folder in folders:
            if folder.ours:
                self._disk.remove_folder(folder.path)
            self.folders.remove(folder)
