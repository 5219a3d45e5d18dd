"""Take over the files of a fetch child: move them into our folder, and join picture and sound.

Everything here is repeatable: `collect(..., again=True)` resumes an interrupted attempt, and nothing
is fetched a second time.
"""

import asyncio
import contextlib
import errno
import os
from pathlib import Path

from mediafetcher.core import errors
from mediafetcher.fetch.child.sidecars import MAX_SIDE
from mediafetcher.fetch.models import Completed, Result
from mediafetcher.fetch.options import FILE_STEM
from mediafetcher.media import assemble, probe, subtitles
from mediafetcher.sandbox import child_files, work_folders

_JOINED = f"{FILE_STEM}-joined"


async def collect(folder: Path, completed: Completed, *, again: bool = False) -> Result:
    """Take over the files of a child that has ended.

    `again`: an earlier call was interrupted, so some of the files may have been taken over.

    Returns: what was fetched, in `folder`.
    Raises: `Hostile`, `Unsupported`, and what `assemble.assemble` raises.
    """
    named = completed.parts or (completed.files,)
    if not all(0 < len(part) <= max(2, len(completed.sounds) + 1) for part in named):
        raise errors.Unsupported(files=sum(len(part) for part in named))
    parts = [[await _take(folder, name, again=again) for name in part] for part in named]
    texts = [(language, await _take(folder, name, again=again)) for language, name in completed.subtitles]
    poster = await _take(folder, completed.cover, again=again) if completed.cover else None
    whole = await assemble.assemble(
        parts, folder / f"{_JOINED}.mp4", one_clock=completed.one_clock, sounds=completed.sounds
    )
    texts += await _timed(folder, completed, whole, again=again)
    return Result(
        file=whole.file,
        size=whole.file.stat().st_size,
        poster=poster,
        subtitles=tuple((language, path) for language, path in texts if path.stat().st_size <= MAX_SIDE),
        marks=completed.marks,
        duration=completed.duration,
        bounded=completed.bounded,
        limit=completed.limit,
        cut=whole.cut,
        cookies=completed.cookies,
    )


def is_there(folder: Path, completed: Completed) -> bool:
    """Return whether all files exist in our folder or in that of the child."""
    places = (folder, work_folders.of_child(folder))
    names = [*completed.files, *(name for part in completed.parts for name in part), completed.cover]
    names += [name for _, name in completed.subtitles]
    names += [name for _, parts in completed.timed for name, _ in parts]
    return all(any((place / name).is_file() for place in places) for name in names if name)


def remove_parts(folder: Path, result: Result) -> None:
    """Remove picture and sound after `result`, joined from them, is recorded. Until then it can be made again."""
    if result.file.stem == _JOINED:
        for path in folder.glob(f"{FILE_STEM}.*"):
            if path not in (result.poster, *(text for _, text in result.subtitles)):
                path.unlink(missing_ok=True)


async def _timed(
    folder: Path, completed: Completed, whole: assemble.Assembled, *, again: bool
) -> list[tuple[str, Path]]:
    """Return the texts of a stream, on the film's clock."""
    if not completed.timed:
        return []
    clock = [list(span) for span in whole.clock]
    if not clock:
        facts = await probe.probe(whole.file)
        clock = [[await assemble.start_of([whole.file]), 0.0, facts.duration or 0.0]]
    made = []
    for language, parts in completed.timed:
        files = [await _take(folder, name, again=again) for name, _ in parts]
        target = folder / f"{FILE_STEM}.sub.{language}.vtt"
        with contextlib.suppress(errors.ParserFailed, OSError):
            if await subtitles.on_film_clock(files, target, clock, [tied for _, tied in parts]):
                made.append((language, target))
    return made


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
