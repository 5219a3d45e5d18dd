"""The title that yt-dlp wrote in `<name>.info.json`, next to a file."""

import contextlib
import os
from pathlib import Path

from mediafetcher.core import errors
from mediafetcher.importing import info_json
from mediafetcher.library.storage import mount
from mediafetcher.sandbox import parsing


async def beside(path: Path) -> str | None:
    """Return the title in the `.info.json` beside this file; None if there is none that can be read.

    Raises: `MediaOffline` if the media folder hangs.
    """
    for place in (path.with_suffix(".info.json"), path.with_name(f"{path.name}.info.json")):
        try:
            descriptor = await mount.run_io(parsing.open_regular, place)
        except OSError:
            continue
        try:
            with contextlib.suppress(errors.ParserFailed):
                if title := await parsing.call(info_json.title, files=[descriptor]):
                    return title
        finally:
            os.close(descriptor)
    return None
