"""Which yt-dlp a program of ours imports: the one in a given folder, before the one that it came with.

Works in the single file too, whose own modules are found before any folder is looked at. Only the two packages that
are managed (ytdlp.py) are found there: nothing else in such a folder can take a module's place.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

PACKAGES = ("yt_dlp", "yt_dlp_ejs")


class _Finder:
    def __init__(self, folder: str) -> None:
        self._folder = folder

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        top, dot, _ = name.partition(".")
        if top not in PACKAGES:
            return None
        return PathFinder.find_spec(name, path if dot else [self._folder])


def prefer(folder: str | None) -> None:
    """From now on import the packages of `folder`, where they are there; call it before they are imported."""
    if folder:
        sys.meta_path.insert(0, _Finder(folder))
