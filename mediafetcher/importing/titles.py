"""The title that yt-dlp wrote beside a file, in `<name>.info.json`."""

import json
from pathlib import Path

_LARGEST = 8 << 20  # bytes; such a file lists every format


def beside(path: Path) -> str | None:
    """The title in the `.info.json` beside this file; None if there is none that can be read. Blocking."""
    for place in (path.with_suffix(".info.json"), path.with_name(f"{path.name}.info.json")):
        try:
            with place.open("rb") as file:
                found = json.loads(file.read(_LARGEST))
        except (OSError, ValueError, RecursionError):
            continue
        title = found.get("title") if isinstance(found, dict) else None
        if isinstance(title, str) and title.strip():
            return title
    return None
