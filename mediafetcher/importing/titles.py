"""The title and the other metadata that yt-dlp wrote in `<name>.info.json`, next to a file."""

import contextlib
import os
from pathlib import Path

from mediafetcher.core import errors
from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.importing import info_json
from mediafetcher.library.storage import mount
from mediafetcher.sandbox import parsing


async def beside(path: Path) -> str | None:
    """Return the title in the `.info.json` beside this file; None if there is none that can be read.

    Raises: `MediaOffline` if the media folder hangs.
    """
    found = await metadata(path)
    return found.title if found else None


async def metadata(path: Path) -> SourceMetadata | None:
    """Return what the `.info.json` beside this file says; None if there is none with a title.

    Raises: `MediaOffline` if the media folder hangs.
    """
    for place in (path.with_suffix(".info.json"), path.with_name(f"{path.name}.info.json")):
        try:
            descriptor = await mount.run_io(parsing.open_regular, place)
        except OSError:
            continue
        try:
            with contextlib.suppress(errors.ParserFailed):
                if found := await parsing.call(info_json.metadata, files=[descriptor]):
                    return found
        finally:
            os.close(descriptor)
    return None
