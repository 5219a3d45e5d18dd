"""Import yt-dlp from a given folder, with priority over the bundled one.

It also works in the single file, whose own modules are found before any folder is searched. Only the two packages
that are managed (versions.py) are found there: nothing else in such a folder can replace a module.
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
    """Import the packages of `folder` from now on, if it has them; call it before they are imported."""
    if folder:
        sys.meta_path.insert(0, _Finder(folder))
