"""What the program is made of, and under which terms: the notice, and where the texts lie."""

from pathlib import Path

import mediafetcher
from mediafetcher.core import bundle


def folder() -> Path:
    """Where the texts lie: unpacked with the single file, else the checkout."""
    unpacked = bundle.root()
    return unpacked / "licences" if unpacked else Path(mediafetcher.__file__).parents[1]


def notice() -> str:
    """NOTICE.md, and where the whole of each text is."""
    text = (folder() / "NOTICE.md").read_text(encoding="utf-8").rstrip()
    return f"{text}\n\nThe texts of all these licences lie in {folder()}" + (
        "." if bundle.root() else " (LICENSE), and beside each package where it is installed."
    )
