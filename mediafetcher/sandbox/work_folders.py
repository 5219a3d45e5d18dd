"""The two folders of a download: ours in `<state>/work`, and the child's of the same name in `<state>/fetch`.

The child writes only to its own folder. Files of the server (the checkpoint, FFmpeg's results, side
files) are in ours, so that a child cannot plant a name there. `child_files.take` moves results from one to the other.
"""

import contextlib
import os
import shutil
import stat
from pathlib import Path

from mediafetcher.core import settings
from mediafetcher.sandbox import child_files, privilege_drop

_OURS = 0o711  # FFmpeg's account needs search permission for the files that it is given


def of_child(folder: Path) -> Path:
    """Return the child's folder that belongs to our work folder `folder`."""
    return settings.get().fetch / folder.name


def make(folder: Path) -> Path:
    """Make both folders if they are missing. Returns: the child's, which belongs to the account of children.

    A copy or a restored backup may have lost the owners of its files. A child cannot resume from them, so they go.
    """
    make_ours(folder)
    place = of_child(folder)
    _make(place.parent)
    if _has_foreign_files(place):
        child_files.remove_tree(place)
    return privilege_drop.give(place)


def make_ours(folder: Path) -> None:
    """Make our folder if it is missing. One of an earlier version, which a child wrote to, becomes the child's."""
    if folder.exists() and _is_childs(folder):
        place = of_child(folder)
        _make(place.parent)
        child_files.remove_tree(place)
        os.rename(folder, place)
    _make(folder)


def remove(folder: Path) -> None:
    """Remove both folders with their content. Files that cannot be removed are left."""
    shutil.rmtree(folder, ignore_errors=True)
    child_files.remove_tree(of_child(folder))


def written(folder: Path) -> int:
    """Return the bytes of the regular files in both folders; links are not followed."""
    return sum(status.st_size for status in _files(folder))


def occupied(folder: Path) -> int:
    """Return the bytes that the files of both folders take on the disk."""
    return sum(status.st_blocks * 512 for status in _files(folder))


def free() -> int:
    """Return the free bytes of the fuller disk: of our folders or of the children's."""
    chosen = settings.get()
    places = [place for place in (chosen.work, chosen.fetch) if place.exists()] or [chosen.state]
    return min(shutil.disk_usage(place).free for place in places)


def _files(folder: Path) -> list[os.stat_result]:
    found: list[os.stat_result] = []
    for place in (folder, of_child(folder)):
        with contextlib.suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    found.append(entry.stat(follow_symlinks=False))
    return [status for status in found if stat.S_ISREG(status.st_mode)]


def _make(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=_OURS, parents=True, exist_ok=True)
        folder.chmod(_OURS)


def _has_foreign_files(place: Path) -> bool:
    """Tell whether a child's folder has entries of another account."""
    account = privilege_drop.service_account()
    if account is None:
        return False
    try:
        with os.scandir(place) as entries:
            return any(entry.stat(follow_symlinks=False).st_uid != account.uid for entry in entries)
    except FileNotFoundError:
        return False


def _is_childs(folder: Path) -> bool:
    """Tell whether an earlier version gave it to a child: then it was private (0700) and of the child's account."""
    status = folder.lstat()
    account = privilege_drop.service_account()
    return status.st_uid == account.uid if account else stat.S_IMODE(status.st_mode) == 0o700
