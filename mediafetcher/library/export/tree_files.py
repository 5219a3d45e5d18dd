"""The parts of an exported tree: folders, files, copies with tags, and the items that they show."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from mediafetcher.library.export import filenames
from mediafetcher.library.export.link_tree import moment_of
from mediafetcher.library.export.rows import ItemRow
from mediafetcher.library.storage import blob_store

_NFO, _SRT = ".nfo", ".srt"
_LANGUAGE = re.compile(r"^[A-Za-z0-9.-]{1,32}$")
_STORED = re.compile(r"(?P<language>.+?)(?P<forced>-forced)?(?P<impaired>-sdh)?(?:-(?P<number>\d{1,2}))?")


def subtitle_suffix(name: str) -> str:
    """Return the ending of subtitles as players read it: `en-forced` is `.en.forced.vtt`, `en-2` is `.2.en.vtt`.

    Players read the language and the flags at the end, and take what is before them for a title.
    """
    found = _STORED.fullmatch(name)
    assert found is not None
    number = f".{found['number']}" if found["number"] else ""
    flags = f"{'.forced' if found['forced'] else ''}{'.sdh' if found['impaired'] else ''}"
    return f"{number}.{found['language']}{flags}.vtt"


@dataclass
class Report:
    """The number of files that were made, were already correct, or were removed; and of items without a file."""

    made: int = 0
    kept: int = 0
    removed: int = 0
    missing: int = 0  # their bytes are currently not in the store, or their path is too long for the disk
    symbolic: bool = False  # links are symbolic ones


@dataclass(eq=False)
class Folder:
    """A folder of the tree. `owner` and `folder`: its user, and which of the user's folders (None: the top)."""

    parent: "Folder | None"
    name: str
    owner: int | None
    folder: int | None
    ours: bool = False  # made by us, and so removed by us
    id: int = 0  # 0: not yet in the database

    @property
    def path(self) -> str:
        return f"{self.parent.path}/{self.name}" if self.parent else self.name

    @property
    def key(self) -> str:
        return filenames.key(self.name)


@dataclass(eq=False)
class File:
    """A file of the tree. `made`: the state of what we made there (see `Disk.state`)."""

    item: int
    folder: Folder
    stem: str
    suffix: str
    made: str
    id: int = 0
    size: int | None = None  # of a copy

    @property
    def path(self) -> str:
        return f"{self.folder.path}/{self.stem}{self.suffix}"

    @property
    def key(self) -> str:
        return filenames.key(self.stem + self.suffix)


class Copy(NamedTuple):
    """A music file that is copied with tags. `moment`: its last change in ns, which names source and tags."""

    source: Path
    cover: Path | None
    tags: dict[str, str]
    moment: int

    @property
    def word(self) -> str:
        return moment_of(self.moment)


@dataclass
class Item:
    """One item: its wanted name and files, its present files, and the name that it keeps."""

    id: int
    row: ItemRow | None  # None: it is no longer to be shown
    have: list[File]
    folder: Folder | None = None
    stem: str | None = None
    kept: set[str] = field(default_factory=set)
    missing: bool = False
    written: dict[str, bytes] = field(default_factory=dict)  # the texts that were made so far

    @cached_property
    def links(self) -> dict[str, Path]:
        """Return the files of an item: the suffix after the title in the tree, and the file in the store."""
        row = self.row
        assert row
        if row.links is not None:
            return {suffix: blob_store.path_of(row.sha256, name) for suffix, name in row.links.items()}
        wanted = {row.ext: row.ext} | dict.fromkeys(row.pictures if row.poster else (), "poster.jpg")
        named = {name: subtitle_suffix(name) for name in row.subtitles if _LANGUAGE.match(name)}
        wanted |= {suffix: f"{name}.vtt" for name, suffix in named.items()}
        return {suffix: blob_store.path_of(row.sha256, name) for suffix, name in wanted.items()}

    @cached_property
    def copies(self) -> dict[str, Copy]:
        """Return those of `links` that are copied with tags instead."""
        row = self.row
        assert row
        tags = row.music_tags
        if tags is None:
            return {}
        source = self.links[row.ext]
        cover = blob_store.path_of(row.sha256, "poster.jpg") if row.poster else None
        named = json.dumps([source.name, bool(cover), sorted(tags.items())]).encode()
        fraction = int.from_bytes(hashlib.sha256(named).digest()[:8]) % 10**7
        assert row.created_at is not None
        moment = int(row.created_at.timestamp()) * 10**9 + fraction * 100
        return {row.ext: Copy(source, cover, tags, moment)}

    @cached_property
    def subtitles(self) -> dict[str, Path]:
        """Return the subtitles that are also written as SubRip: their suffix, and the file in the store."""
        return {f"{suffix[:-4]}{_SRT}": path for suffix, path in self.links.items() if suffix.endswith(".vtt")}

    @property
    def suffixes(self) -> list[str]:
        assert self.row
        return [*self.links, *self.subtitles, *([_NFO] if self.row.root is not None else [])]


def is_text(suffix: str) -> bool:
    """Tell whether a file of the tree is written, and not a link."""
    return suffix == _NFO or suffix.endswith(_SRT)
