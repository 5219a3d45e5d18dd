"""The folder of an export tree: whether a tree may be there, and its errors in words for users."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from mediafetcher.core import errors, settings
from mediafetcher.library.export import link_tree
from mediafetcher.library.storage import mount


def prepare(place: Path, *, known: bool) -> bool:
    """Mark the folder as a tree. Returns: whether hard links can be made there. Raises: `Invalid`, `NoLinks`, OSError.

    `known`: a tree was made there before.
    """
    _refuse(place)
    if not known:
        _refuse_foreign(place)
    disk = link_tree.Disk(place)
    hard = disk.probe(mount.root() / mount.SENTINEL)
    if not (place / link_tree.MANIFEST).is_file():
        words = {"version": 2, "about": "MediaFetcher keeps this folder equal to its library: `mediafetcher export`."}
        disk.write(link_tree.MANIFEST, json.dumps(words).encode())
    return hard


def _refuse(place: Path) -> None:
    """Raises: `Invalid` if a tree would mix with our own files."""
    mount.require()
    if place.exists() and not place.is_dir():
        raise errors.Invalid(f"{place} is not a folder.")
    root = Path(os.path.realpath(mount.root()))
    inner = [root / "store", root / "incoming"]
    if any(place.is_relative_to(one) or one.is_relative_to(place) for one in inner):
        raise errors.Invalid(f"{place} is where the library stores its own files. Export to another folder.")
    if Path(os.path.realpath(settings.get().state)).is_relative_to(place):
        raise errors.Invalid(f"{place} contains the state folder of MediaFetcher. Export to another folder.")


def _refuse_foreign(place: Path) -> None:
    """Raises: `ExportFolder` if it holds other files: root would write among those of another program."""
    if place.exists() and not (place / link_tree.MANIFEST).is_file() and any(place.iterdir()):
        raise errors.ExportFolder(f"{place} holds other files: export to a folder that is empty or new.")


@contextlib.contextmanager
def words(place: Path) -> Iterator[None]:
    """Turn the error of a disk with a tree into an error for users."""
    try:
        yield
    except link_tree.NoLinks as error:
        raise errors.Invalid(
            f"Neither hard nor symbolic links are possible in {place}. Nothing was exported."
        ) from error
    except OSError as error:
        inside = place.is_relative_to(os.path.realpath(mount.root()))
        problem = mount.classify(error) if inside else None
        raise problem or errors.Invalid(f"The export to {place} stopped: {error.strerror}.") from error
