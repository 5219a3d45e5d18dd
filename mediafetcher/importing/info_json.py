"""Parse what yt-dlp writes beside a file; foreign text, so only in a parsing process (sandbox/parsing.py)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from mediafetcher.core import source_metadata, text
from mediafetcher.core.source_metadata import SourceMetadata

MAX_BYTES = 64 << 20  # such a file lists every format, and may have every comment
_MAX_CHAPTERS = 500
_CHAPTER = 200  # characters
# Everything else, such as comments, is skipped without building values.
_NAMES = (*source_metadata.YTDLP_FIELDS, "formats", "chapters")
_Values: Any = msgspec.defstruct("_Values", [(name, Any, None) for name in _NAMES])


class Info(msgspec.Struct):
    """The contents of such a file. `chapters`: the start in seconds and the title of each."""

    metadata: SourceMetadata | None = None
    chapters: list[tuple[float, str]] = []


def read(source: int) -> Info:
    """Return what the file of this descriptor says; nothing if it cannot be read, or has no title."""
    with open(source, "rb", closefd=False) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        return Info()
    try:
        values = msgspec.structs.asdict(msgspec.json.decode(data, type=_Values))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Info()
    found = source_metadata.of_ytdlp(values)
    return Info(found, _chapters(values["chapters"])) if found.title else Info()


def _chapters(value: Any) -> list[tuple[float, str]]:
    """Return the chapters that have a time, in their order."""
    given = value[:_MAX_CHAPTERS] if isinstance(value, list) else []
    found = []
    for one in given:
        start = one.get("start_time") if isinstance(one, Mapping) else None
        if isinstance(start, int | float) and not isinstance(start, bool) and 0 <= start < 1e11:
            title = one.get("title")
            found.append((float(start), text.one_line(title, _CHAPTER) if isinstance(title, str) else ""))
    return sorted(found, key=lambda one: one[0])


def description(source: int) -> SourceMetadata | None:
    """Return the description in the file of this descriptor; None if it is empty."""
    with open(source, "rb", closefd=False) as file:
        data = file.read(2 * source_metadata.DESCRIPTION_BYTES)
    found = source_metadata.of_ytdlp({"description": data.decode("utf-8-sig", "replace")})
    return found if found.description else None
