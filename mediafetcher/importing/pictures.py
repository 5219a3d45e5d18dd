"""The picture of an imported file: a picture file next to it, one inside it, or a frame of it."""

import contextlib
import stat
from dataclasses import replace
from pathlib import Path

from mediafetcher.library.storage import mount
from mediafetcher.media import posters, probe

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
_ENDINGS = ("-poster", "-thumb", "", "-cover")
_OF_FOLDER = ("cover", "folder", "front")  # of an album
_MAX_BYTES = 32 << 20


async def draw(path: Path, seen: Path, target: Path, facts: probe.Facts) -> bool:
    """Draw the picture of the file at `path`, which `seen` leads to by a plain name. Returns: whether one was drawn.

    Raises: `MediaOffline` if the media folder hangs.
    """
    beside = await mount.run_io(_beside, path, facts)
    if beside is not None:
        link = seen.with_name(f"{seen.stem}-picture{beside.suffix.lower()}")
        link.symlink_to(beside)
        try:
            if await posters.draw_picture(link, target):
                return True
        finally:
            link.unlink(missing_ok=True)
    if facts.video and facts.picture is not None and await posters.draw(seen, target, replace(facts, video=None)):
        return True
    return await posters.draw(seen, target, facts)


def _beside(path: Path, facts: probe.Facts) -> Path | None:
    """Return the picture beside a file. Links are not followed. Blocking."""
    names = [f"{path.stem}{ending}" for ending in _ENDINGS] + [path.name]
    if not facts.video:
        names += _OF_FOLDER
    for name in names:
        for suffix in _SUFFIXES:
            place = path.with_name(name + suffix)
            with contextlib.suppress(OSError):
                status = place.lstat()
                if stat.S_ISREG(status.st_mode) and 0 < status.st_size <= _MAX_BYTES:
                    return place
    return None
