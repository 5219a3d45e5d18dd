"""The subtitles of an imported file: texts in files of their own, and the text tracks inside it.

A text belongs to the file whose name its own name begins with: `film.en.srt` to `film.mkv`. Texts stay where they are;
the library keeps a copy as WebVTT. Links are not followed.
"""

import contextlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mediafetcher.core import errors
from mediafetcher.fetch import sidecars
from mediafetcher.importing import language_names, scanner
from mediafetcher.library.storage import mount
from mediafetcher.media import probe, subtitles, webvtt
from mediafetcher.sandbox import parsing

SUFFIXES = frozenset({".srt", ".vtt", ".ass", ".ssa"})
_FOLDERS = frozenset({"subs", "subtitles"})  # of texts, beside the films
_MAX_TEXTS = 60  # of one file
_MAX_FOLDERS = 16  # that are remembered
_STARTS = (".", "_", "-", " ")  # what may follow the name of a film


@dataclass(frozen=True)
class Text:
    """A text beside a file. `version` changes if the text does."""

    path: Path
    language: str
    forced: bool
    impaired: bool  # for the deaf and hard of hearing
    version: str


class Folder:
    """The names in one folder, and in its folders of texts, read once. Blocking."""

    def __init__(self, path: Path) -> None:
        texts: list[os.DirEntry[str]] = []
        self._films: dict[str, str] = {}  # names by stem
        for entry in _entries(path):
            if is_text(entry.name):
                texts.append(entry)
            elif not entry.is_dir(follow_symlinks=False):
                self._films[Path(entry.name).stem] = entry.name
            elif entry.name.lower() in _FOLDERS:
                texts += [inner for inner in _entries(Path(entry.path)) if is_text(inner.name)]
        self._of: dict[str, list[os.DirEntry[str]]] = {}  # by the stem of their film
        for entry in texts:
            if entry.is_file(follow_symlinks=False) and (stem := self._owner(entry.name)) is not None:
                self._of.setdefault(stem, []).append(entry)

    def of(self, film: Path) -> list[Text]:
        """Return the texts of this file, those for the deaf and hard of hearing last."""
        found = []
        for entry in self._of.get(film.stem, ()):
            with contextlib.suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                named = language_names.read(Path(entry.name).stem[len(film.stem) + 1 :])
                version = f"{scanner.text(entry.name)} {status.st_size} {status.st_mtime_ns}"
                found.append(Text(Path(entry.path), named.language, named.forced, named.impaired, version))
        return sorted(found, key=lambda text: (text.impaired, text.path.name))[:_MAX_TEXTS]

    def film(self, text: str) -> str | None:
        """Return the name of the file to which a text of this name belongs."""
        return self._films.get(self._owner(text) or "")

    def _owner(self, text: str) -> str | None:
        """Return the longest name of a film that the name of a text continues, both without suffix."""
        stem = Path(text).stem
        if stem in self._films:
            return stem
        for end in range(len(stem) - 1, 0, -1):
            if stem[end] in _STARTS and stem[:end] in self._films and _continues(stem[end], stem[end + 1 :]):
                return stem[:end]
        return None


class Folders:
    """The folders that were read last."""

    def __init__(self) -> None:
        self._read: dict[Path, Folder] = {}

    def get(self, path: Path) -> Folder:
        if path not in self._read:
            if len(self._read) >= _MAX_FOLDERS:
                self._read.clear()
            self._read[path] = Folder(path)
        return self._read[path]

    def beside(self, film: Path) -> list[Text]:
        """Return the texts of this file. Blocking."""
        return self.get(film.parent).of(film)

    def belongs(self, text: Path) -> str:
        """Say whose subtitles these are. Blocking."""
        places = [text.parent, text.parent.parent] if text.parent.name.lower() in _FOLDERS else [text.parent]
        films = [film for place in places if (film := self.get(place).film(text.name))]
        return f"subtitles of {scanner.text(films[0])}" if films else "subtitles without a film of their name"


def is_text(name: str) -> bool:
    """Tell whether the name is that of subtitles."""
    return Path(name).suffix.lower() in SUFFIXES


def _continues(separator: str, rest: str) -> bool:
    """Tell whether these words may follow the name of a film. After `.` all may, else only known ones."""
    return separator == "." or (bool(rest) and language_names.read(rest).plain)


def _entries(path: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(path) as listing:
            yield from listing
    except OSError:
        return


async def make(
    film: Path, scratch: Path, facts: probe.Facts, beside: list[Text]
) -> tuple[dict[str, Path], tuple[str, ...]]:
    """Make WebVTT of the texts beside a file, and of its text tracks.

    Returns: the side files by their names (`en.vtt`), in `scratch`; and what could not be read, as text.
    """
    files: dict[str, Path] = {}
    left_out: list[str] = []
    for text in beside:
        target = _target(scratch)
        if await _from_text(text, target):
            files[sidecars.side_name(text.language, files, forced=text.forced, impaired=text.impaired)] = target
        else:
            target.unlink(missing_ok=True)
            left_out.append(f"subtitles {scanner.text(text.path.name)}")
    tracks = [one for one in facts.subtitles if one.codec in probe.TEXT_SUBTITLES][:_MAX_TEXTS]
    targets = {one.index: _target(scratch) for one in tracks}
    made = await subtitles.all_from_film(film, targets)
    for track in tracks:
        language = track.language or "und"
        if made.get(track.index) and subtitles.is_language(language):
            name = sidecars.side_name(language, files, forced=track.forced, impaired=track.impaired)
            files[name] = targets[track.index]
            continue
        targets[track.index].unlink(missing_ok=True)
        if made.get(track.index) is None:
            left_out.append(f"subtitles {track.index} ({language}, {track.codec})")
    return files, tuple(left_out)


def _target(scratch: Path) -> Path:
    return scratch / f"{uuid.uuid4().hex}.und.vtt"


async def _from_text(text: Text, target: Path) -> bool:
    """Make WebVTT of one text, from a copy that FFmpeg's account may read. Returns: whether it has a line."""
    source = target.with_name(f"{uuid.uuid4().hex}{text.path.suffix.lower()}")
    try:
        await mount.run_io(_copy, text.path, source)
        return await subtitles.from_text(source, target, language=text.language)
    except (OSError, errors.TranscodeFailed, errors.ParserFailed, errors.ToolKilled):
        return False
    finally:
        source.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Copy a text up to the size that is read. Raises: OSError, also for a link. Blocking."""
    if source.is_symlink():
        raise OSError(f"{source.name} is a symbolic link")
    descriptor = parsing.open_regular(source)
    with open(descriptor, "rb") as data, target.open("xb") as copy:
        copy.write(data.read(webvtt.MAX_BYTES))
