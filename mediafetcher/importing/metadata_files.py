"""Metadata files next to a media file: `.info.json` and `.description` of yt-dlp, and `.nfo` files."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from mediafetcher.core import errors
from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.importing import info_json, nfo_file, scanner
from mediafetcher.library.storage import mount
from mediafetcher.sandbox import parsing

_Read = SourceMetadata | info_json.Info | None


class _Kind(NamedTuple):
    """A kind of file. One of more than `limit` bytes is not read."""

    suffix: str
    read: Callable[[int], _Read]
    limit: int | None = None


# The file that says most comes first.
_KINDS = (
    _Kind(".info.json", info_json.read, info_json.MAX_BYTES),
    _Kind(".nfo", nfo_file.metadata, nfo_file.MAX_BYTES),
    _Kind(".description", info_json.description),
)
# Fields that are taken together: those of another file may belong to something else.
_GROUPS = (
    ("published_at", "published_precision"),
    ("channel_id", "channel_name", "channel_url", "channel_handle"),
    ("extractor", "extractor_id"),
    ("series", "season", "season_number", "episode", "episode_number"),
    ("artist", "album", "track", "track_number"),
)
_GROUPED = {name: group for group in _GROUPS for name in group}
_NOTHING = SourceMetadata()


class Beside(NamedTuple):
    """The contents of the files beside a file. `left_out`: files that could not be read, as text."""

    metadata: SourceMetadata | None = None
    chapters: tuple[tuple[float, str], ...] = ()  # (start in seconds, title)
    left_out: tuple[str, ...] = ()

    @property
    def title(self) -> str | None:
        return self.metadata.title if self.metadata else None


async def read(path: Path) -> Beside:
    """Read the files beside this file. Raises: `MediaOffline` if the media folder hangs."""
    said: list[SourceMetadata | None] = []
    chapters: tuple[tuple[float, str], ...] = ()
    left_out = []
    for place, descriptor, kind in await mount.run_io(_open, path):
        try:
            if kind.limit is not None and os.fstat(descriptor).st_size > kind.limit:
                left_out.append(f"{scanner.text(place.name)} (larger than {kind.limit >> 20} MiB)")
                continue
            found = await parsing.call(kind.read, files=[descriptor])
        except errors.ParserFailed:
            left_out.append(scanner.text(place.name))
            continue
        finally:
            os.close(descriptor)
        if isinstance(found, info_json.Info):
            chapters, found = tuple(found.chapters), found.metadata
        said.append(found)
    return Beside(combined(*said), chapters, tuple(left_out))


def combined(*said: SourceMetadata | None) -> SourceMetadata | None:
    """Return the metadata of several places: for each field that of the first place that has it. None: nothing."""
    kept: dict[str, object] = {}
    for one in filter(None, said):
        values = {
            name: value for name, value in msgspec.structs.asdict(one).items() if value != getattr(_NOTHING, name)
        }
        before = set(kept)
        for name, value in values.items():
            if before.isdisjoint(_GROUPED.get(name, (name,))):
                kept[name] = value
    return SourceMetadata(**kept) if kept else None  # type: ignore[arg-type]


def _open(path: Path) -> list[tuple[Path, int, _Kind]]:
    """Open the files beside this one. Blocking."""
    opened = []
    for kind in _KINDS:
        for place in dict.fromkeys((path.with_suffix(kind.suffix), path.with_name(f"{path.name}{kind.suffix}"))):
            try:
                opened.append((place, parsing.open_regular(place), kind))
            except OSError:
                continue
            break
    return opened
