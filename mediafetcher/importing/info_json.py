"""Parse what yt-dlp writes beside a file; foreign text, so only in a parsing process (sandbox/parsing.py)."""

from typing import Any

import msgspec

from mediafetcher.core import source_metadata
from mediafetcher.core.source_metadata import SourceMetadata

_MAX_BYTES = 8 << 20  # such a file lists every format
_Info: Any = msgspec.defstruct("_Info", [(name, Any, None) for name in source_metadata.YTDLP_FIELDS])


def metadata(source: int) -> SourceMetadata | None:
    """Return what the file of this descriptor says; None if it cannot be read, or has no title."""
    with open(source, "rb", closefd=False) as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        return None
    try:
        values = msgspec.structs.asdict(msgspec.json.decode(data, type=_Info))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    found = source_metadata.of_ytdlp(values)
    return found if found.title else None


def description(source: int) -> SourceMetadata | None:
    """Return the description in the file of this descriptor; None if it is empty."""
    with open(source, "rb", closefd=False) as file:
        data = file.read(2 * source_metadata.DESCRIPTION_BYTES)
    found = source_metadata.of_ytdlp({"description": data.decode("utf-8-sig", "replace")})
    return found if found.description else None
