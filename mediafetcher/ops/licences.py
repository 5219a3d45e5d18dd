"""The licences of the program's parts: the notice, and the location of the texts."""

from pathlib import Path

import mediafetcher
from mediafetcher.core import bundle


def folder() -> Path:
    """Return the folder of the texts: unpacked with the single file, else in the checkout."""
    unpacked = bundle.root()
    return unpacked / "licences" if unpacked else Path(mediafetcher.__file__).parents[1]


def notice() -> str:
    """Return NOTICE.md and the location of the full texts."""
    text = (folder() / "NOTICE.md").read_text(encoding="utf-8").rstrip()
    return f"{text}\n\nThe full licence texts are in {folder()}" + (
        "." if bundle.root() else " (LICENSE) and next to each installed package."
    )
