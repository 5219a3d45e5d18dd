"""Metadata files next to a media file: `.info.json` and `.description` of yt-dlp, and `.nfo` files."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from mediafetcher.core import errors
from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.importing import info_json, nfo_file
from mediafetcher.library.storage import mount
from mediafetcher.sandbox import parsing

_Reader = Callable[[int], SourceMetadata | None]
# The file that says most comes first.
_READERS: tuple[tuple[str, _Reader], ...] = (
    (".info.json", info_json.metadata),
    (".nfo", nfo_file.metadata),
    (".description", info_json.description),
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


async def beside(path: Path) -> str | None:
    """Return the title in what lies beside this file; None if there is none that can be read.

    Raises: `MediaOffline` if the media folder hangs.
    """
    found = await metadata(path)
    return found.title if found else None


async def metadata(path: Path) -> SourceMetadata | None:
    """Return what the files beside this file say; None if there are none that say something.

    Raises: `MediaOffline` if the media folder hangs.
    """
    found = []
    for descriptor, read in await mount.run_io(_open, path):
        try:
            with contextlib.suppress(errors.ParserFailed):
                found.append(await parsing.call(read, files=[descriptor]))
        finally:
            os.close(descriptor)
    return combined(*found)


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


def _open(path: Path) -> list[tuple[int, _Reader]]:
    """Open the files beside this one. Blocking."""
    opened = []
    for suffix, read in _READERS:
        for place in dict.fromkeys((path.with_suffix(suffix), path.with_name(f"{path.name}{suffix}"))):
            with contextlib.suppress(OSError):
                opened.append((parsing.open_regular(place), read))
                break
    return opened
