"""Import: existing files become items, hashed and stored once, without a download.

The files of a folder are processed in groups, two at a time: FFmpeg examines a whole group at once, several files
are stored in parallel, each in one pass, and one transaction adds them all (batch.py): bytes before rows. A
file that browsers cannot play is stored unchanged, and its facts say so.

The source is not changed, except for a move: there the file is removed after the commit, when the store provably has
its bytes under their hash. Until then it keeps its name, so an interruption at any moment loses nothing.

An import is recorded by user, path, size and modification time (a row of `source`), so a second run reads
nothing again. A file without a record is compared by its hash. A move always reads, since it removes.
"""

import asyncio
import contextlib
import os
import shutil
import uuid
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

from mediafetcher.core import settings
from mediafetcher.importing import adoption, batch, scanner
from mediafetcher.importing.batch import Outcome, Progress
from mediafetcher.importing.scanner import Found
from mediafetcher.library.catalog import folders
from mediafetcher.library.storage import mount

__all__ = ["Outcome", "Progress", "adopt", "count"]

_SCRATCH = "import-"
_GROUP, _BYTES = 64, 64 << 20  # files of a group, and bytes that complete it: large files are nearly alone
_GROUPS = 2  # one is examined or committed while the other is copied


async def count(paths: list[Path]) -> tuple[int, int]:
    """Count the files below these paths, and their bytes."""

    def run() -> tuple[int, int]:
        number = size = 0
        for path in paths:
            for found in scanner.files(path):
                number, size = number + 1, size + found.size
        return number, size

    return await asyncio.to_thread(run)


async def adopt(
    owner: int,
    paths: list[Path],
    folder: str = "",
    *,
    move: bool = False,
    on_progress: Progress = lambda found, part: None,
) -> AsyncGenerator[Outcome, None]:
    """Import these files and folders. Yields: the outcome of each file, in their order.

    Files below a named folder go below `folder`, in virtual folders of the same names. In
    the store itself, files that this database does not know are adopted, also if they are named one by
    one (adoption.py). Raises: `Invalid` for `folder`, and `Unavailable` if the media folder cannot be written: then the
    same call resumes later.
    """
    folders.parts(folder)
    stores = [path for path in paths if await mount.run_io(adoption.is_store, path)]
    named = {path: await adoption.unknown_hash(path) for path in paths if path not in stores}
    paths = [path for path, sha256 in named.items() if sha256 is None]
    chosen = {sha256 for sha256 in named.values() if sha256 is not None}
    with _scratch() as scratch:
        job = batch.Job(owner, folder, move, scratch, on_progress)
        running: deque[asyncio.Task[list[Outcome]]] = deque()
        try:
            async for group in _groups(paths, move=move):
                running.append(asyncio.create_task(batch.take(job, group)))
                if len(running) == _GROUPS:
                    for outcome in await running.popleft():
                        yield outcome
            while running:
                for outcome in await running.popleft():
                    yield outcome
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
    if stores or chosen:
        async for outcome in adoption.adopt(owner, folder, on_progress, only=None if stores else chosen):
            yield outcome


async def _groups(paths: list[Path], *, move: bool) -> AsyncGenerator[list[Found], None]:
    for path in paths:
        if move and path.is_symlink():
            yield [Found(path, (), problem="is a symbolic link; name its target instead", bad=True)]
            continue
        files = scanner.files(path)
        while group := await asyncio.to_thread(_next, files):
            yield group


def _next(files: Iterator[Found]) -> list[Found]:
    group: list[Found] = []
    size = 0
    while len(group) < _GROUP and size < _BYTES and (found := next(files, None)) is not None:
        group.append(found)
        size += found.size
    return group


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """Make a folder for posters and names, and remove it at the end, together with those of killed processes."""
    work = settings.get().work
    work.mkdir(parents=True, exist_ok=True)
    mine = f"{_SCRATCH}{os.getpid()}-"
    for old in work.glob(f"{_SCRATCH}*"):
        if not old.name.startswith(mine):  # the process that locked the state folder is its only user
            shutil.rmtree(old, ignore_errors=True)
    folder = work / f"{mine}{uuid.uuid4().hex}"
    folder.mkdir(mode=0o711)  # FFmpeg's account needs search permission; it writes only files made for it
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
