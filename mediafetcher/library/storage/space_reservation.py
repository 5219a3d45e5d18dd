"""Space reservation: the space that running downloads still need is reserved before another one begins.

A download needs its size twice, for the fetched and the finished file, and a little more. It counts on the disk
of the state folder, where it works, and in the media folder, where it ends. Bytes already written no longer
count. An unknown size counts as the bytes fetched so far, and is updated repeatedly.

All machines share the media folder: the reservations of other machines' downloads count there too, as their rows
showed a moment ago (leases.py writes and reads them).
"""

from pathlib import Path

from mediafetcher.core import errors, settings
from mediafetcher.core.text import size
from mediafetcher.library.storage import mount
from mediafetcher.sandbox import work_folders

FACTOR = 2.2  # of the expected size
_AGAIN = 60.0  # seconds until a download that lacked space checks again

_expected: dict[Path, int] = {}  # bytes to fetch, by folder of a download
_elsewhere = 0  # bytes that the downloads of other machines will need


def reserve(folder: Path, expected: int) -> None:
    """Reserve space for the download of this folder and its expected size. Call it again when more is known.

    Raises: `NotEnoughSpace` if it does not fit next to the others (then nothing is reserved for it), `MediaFull` if
    nothing fits.
    """
    others = sum(_open(other, size) for other, size in _expected.items() if other != folder)
    wanted = _open(folder, expected)
    least = settings.get().min_free
    now = mount.state()
    places = [("the disk of the state folder", "needs_work_bytes", work_folders.free(), others)]
    if now.state == "online":
        places.append(("the media folder", "needs_media_bytes", now.free, others + _elsewhere))
    for place, fact, free, taken in places:
        if free < least:
            raise errors.MediaFull(f"No free space left on {place}. Free some space. Downloads wait.")
        if free < least + taken + wanted:
            _expected.pop(folder, None)
            raise errors.NotEnoughSpace(
                f"Not enough free space on {place}: this download needs {size(wanted)}, and running "
                f"downloads need {size(taken)} of the {size(free)} available. It waits.",
                retry_after=_AGAIN,
                **{fact: wanted},
            )
    _expected[folder] = expected


def available() -> tuple[int, int]:
    """Return the bytes that one more download may use: in the media folder, and on the disk of the state folder."""
    chosen, now = settings.get(), mount.state()
    taken = sum(_open(folder, size) for folder, size in list(_expected.items()))
    work = work_folders.free()
    media = now.free - _elsewhere if now.state == "online" else work
    return max(0, media - chosen.min_free - taken), max(0, work - chosen.min_free - taken)


def release(folder: Path) -> None:
    """Release the reservation of a download that ended."""
    _expected.pop(folder, None)


def reserved() -> int:
    """Return the bytes that are reserved for running downloads, here and on other machines."""
    return _elsewhere + sum(_open(folder, size) for folder, size in list(_expected.items()))


def reserved_for(folder: Path) -> int:
    """Return the bytes that are reserved for the download of this folder."""
    return _open(folder, _expected[folder]) if folder in _expected else 0


def set_remote_reservations(elsewhere: int) -> None:
    """Set the bytes that are reserved for downloads on other machines."""
    global _elsewhere
    _elsewhere = elsewhere


def free() -> int:
    """Return the free bytes of the fuller one of two disks: that of the state folder or the media folder."""
    local = work_folders.free()
    now = mount.state()
    return min(local, now.free) if now.state in ("online", "full") else local


def _open(folder: Path, expected: int) -> int:
    """Return the bytes that a download will still write."""
    return max(0, int(FACTOR * expected) - work_folders.occupied(folder))
