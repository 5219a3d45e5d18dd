"""Take over what a fetch child has fetched: move its files into our folder, and join picture and sound.

All of it can be repeated: an attempt that was interrupted here is continued by `collect(..., again=True)`, and nothing
is fetched a second time.
"""

import asyncio
import errno
import os
from pathlib import Path

from mediafetcher.core import errors
from mediafetcher.fetch.child.sidecars import MAX_SIDE
from mediafetcher.fetch.models import Completed, Result
from mediafetcher.fetch.options import FILE_STEM
from mediafetcher.media import transcode
from mediafetcher.sandbox import child_files, work_folders

_JOINED = f"{FILE_STEM}-joined"


async def collect(folder: Path, completed: Completed, *, again: bool = False) -> Result:
    """Take over the files of a child that has ended.

    `again`: an earlier call was interrupted, so some of the files may have been taken over.

    Returns: what was fetched, in `folder`.
    Raises: `Hostile`, `Unsupported`, and what `transcode.join` raises.
    """
    files = [await _take(folder, name, again=again) for name in completed.files]
    texts = [(language, await _take(folder, name, again=again)) for language, name in completed.subtitles]
    poster = await _take(folder, completed.cover, again=again) if completed.cover else None
    media, cut = await _joined(folder, files, one_clock=completed.one_clock)
    return Result(
        file=media,
        size=media.stat().st_size,
        poster=poster,
        subtitles=tuple((language, path) for language, path in texts if path.stat().st_size <= MAX_SIDE),
        marks=completed.marks,
        duration=completed.duration,
        bounded=completed.bounded,
        cut=cut,
        cookies=completed.cookies,
    )


def is_there(folder: Path, completed: Completed) -> bool:
    """Return whether all files lie in our folder or in that of the child."""
    places = (folder, work_folders.of_child(folder))
    names = [*completed.files, *(name for _, name in completed.subtitles), completed.cover]
    return all(any((place / name).is_file() for place in places) for name in names if name)


def remove_parts(folder: Path, result: Result) -> None:
    """Remove picture and sound once `result`, the file joined from them, is noted. Until then it can be made again."""
    if result.file.stem == _JOINED:
        for path in folder.glob(f"{FILE_STEM}.*"):
            if path not in (result.poster, *(text for _, text in result.subtitles)):
                path.unlink(missing_ok=True)


async def _joined(folder: Path, files: list[Path], *, one_clock: bool) -> tuple[Path, str]:
    if len(files) == 1:
        return files[0], ""
    if len(files) != 2:
        raise errors.Unsupported(files=len(files))
    return await transcode.join(files[0], files[1], folder / f"{_JOINED}.mp4", one_clock=one_clock)


async def _take(folder: Path, name: object, *, again: bool) -> Path:
    return await asyncio.to_thread(take, folder, name, again=again)


def take(folder: Path, name: object, *, again: bool = False) -> Path:
    """Move a file that the child names into our folder.

    Raises: `Hostile` for anything but a plain file.
    """
    if not isinstance(name, str) or name != os.path.basename(name) or not name.startswith(f"{FILE_STEM}."):
        raise errors.Hostile(reason="a file of another name")
    target = folder / name
    try:
        child_files.take(work_folders.of_child(folder) / name, target)
    except child_files.Untrusted as error:
        if again and error.errno == errno.ENOENT and target.is_file() and not target.is_symlink():
            return target
        raise errors.Hostile(reason=error.strerror or "not a plain file") from error
    return target
