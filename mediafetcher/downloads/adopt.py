"""Import: files that lie there already become items, hashed and kept once, without a download.

Each file is opened, looked at by FFmpeg, brought into the store in one pass, and added by the very function that
downloads use: bytes before rows. A file that browsers do not play is taken as it is, and its facts say so.

Nothing of the source is touched, except for a move: there the file is removed after the commit, when its bytes are
proved to be in the store under their hash. Until then it keeps its name, so an end at any moment loses nothing.

What was imported is remembered by person, place, size and time of change (a row of `source`), so a second run reads
nothing again. A file that is not known so is compared by its hash. A move always reads, since it removes.
"""

import asyncio
import contextlib
import hashlib
import os
import shutil
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mediafetcher.base import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import walk, work
from mediafetcher.downloads.walk import Found
from mediafetcher.library import folders, items, mount, store, sweeper
from mediafetcher.media import convert, probe

_SCRATCH = "import-"
_DEEPEST = 32  # folders of the library; what lies deeper comes into the last of them
_READ = 0.95  # share of a file's work that is the pass over its bytes

Result = Literal["added", "known", "skipped", "failed"]
Progress = Callable[[Found, float], None]  # the file, and how much of it is done, 0..1


@dataclass(frozen=True)
class Outcome:
    """What became of one file. `why`: in words; of an added one why browsers may not play it, else ""."""

    path: Path
    result: Result
    size: int = 0
    item: int | None = None
    why: str = ""
    copied: int = 0  # bytes written into the store
    moved: bool = False  # the source is gone


class _Known(Exception):
    """The person has the file in this folder already; undoes the transaction."""

    def __init__(self, item: int) -> None:
        self.item = item


async def count(paths: list[Path]) -> tuple[int, int]:
    """How many things lie there, and how many bytes."""

    def run() -> tuple[int, int]:
        number = size = 0
        for path in paths:
            for found in walk.files(path):
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
    """Import these files and folders -> what became of each file, as it happens.

    What lies below a named folder comes below `folder`, in virtual folders of the same names. Raises `Invalid` for
    `folder`, and `Away` where the media folder cannot be written: then the same call goes on later.
    """
    folders.parts(folder)
    with _scratch() as scratch:
        for path in paths:
            if move and path.is_symlink():
                yield Outcome(path, "failed", why="it is a link: name what it leads to")
                continue
            files = walk.files(path)
            while (found := await asyncio.to_thread(next, files, None)) is not None:
                yield await _one(_Task(owner, found, folder, move, scratch, on_progress))
                on_progress(found, 1.0)


@dataclass(frozen=True)
class _Task:
    owner: int
    found: Found
    top: str
    move: bool
    scratch: Path
    on_progress: Progress

    @property
    def folder(self) -> str:
        """Its virtual folder, no deeper than folders may be."""
        return "/".join([*folders.parts(self.top), *walk.folder_names(self.found.folders)][:_DEEPEST])

    @property
    def key(self) -> str:
        """What it is remembered by. The person is in it: nobody learns what another one has."""
        place = hashlib.sha256(os.fsencode(self.found.path)).hexdigest()
        return f"import {self.owner} {place} {self.found.size} {self.found.mtime} {self.folder}"

    def outcome(self, result: Result, why: str = "", **more: int | None) -> Outcome:
        return Outcome(self.found.path, result, self.found.size, why=why, **more)  # type: ignore[arg-type]


async def _one(task: _Task) -> Outcome:
    found = task.found
    if found.problem:
        return task.outcome("failed" if found.bad else "skipped", found.problem)
    try:
        if not task.move and (item := await _remembered(task)) is not None:
            return task.outcome("known", item=item)
        with walk.opened(found) as file:
            return await _take(task, file)
    except OSError as error:
        return task.outcome("failed", f"it cannot be read ({error.strerror})")
    except errors.Away:
        raise
    except errors.Problem as problem:
        return task.outcome("failed", problem.detail)


async def _remembered(task: _Task) -> int | None:
    """An item of this person's with the file that was imported from this very place, unchanged since."""
    return await engine.fetchval(
        "select min(i.id) from source s join library_item i on i.media_file = s.media_file"
        " where s.key = $1 and i.owner = $2",
        task.key,
        task.owner,
    )


async def _take(task: _Task, file: int) -> Outcome:
    """Look at an open file and bring it into the library."""
    found = task.found
    seen = _safe_name(task)
    try:
        facts = await probe.probe(seen)
        decision = probe.decide(facts)
        if decision.action == "reject":
            return task.outcome("skipped", decision.reason or "it is no video or audio")
        mode = os.fstat(file).st_mode & 0o7777
        # By descriptor: what is stored is what was opened, whatever the name leads to by now.
        source = Path(f"/proc/self/fd/{file}")
        staged = await store.stage(source, lambda part: task.on_progress(found, _READ * part), take=task.move)
        names = [convert.kind_of(facts)[1]]
        added = False
        try:
            if not walk.unchanged(found, file):
                return task.outcome("failed", "it was changed while it was read")
            outcome = await _add(task, staged, facts, seen, names)
            added = outcome.result == "added"
        finally:
            if not added:
                await _to_the_end(_clean(staged, names, file, mode))
    finally:
        seen.unlink(missing_ok=True)
    why = decision.reason if decision.action != "none" else ""
    copied = 0 if staged.shared or not added else staged.size
    return replace(outcome, why=outcome.why or why, copied=copied)


async def _add(task: _Task, staged: store.Staged, facts: probe.Facts, seen: Path, names: list[str]) -> Outcome:
    folder_id = await folders.ensure(task.owner, task.folder)
    _, ext = convert.kind_of(facts)
    await _part_from_source(task, staged, ext)
    before = store.size_of(store.path_of(staged.sha256, ext))
    poster = seen.with_suffix(".poster.jpg")
    side_files = {"poster.jpg": poster} if await convert.poster(seen, poster, facts) else {}
    names += side_files

    async def also(item: int) -> None:
        # Under the lock of the file's row, so two imports at once do not both add.
        there = await engine.fetchval(
            "select min(o.id) from library_item n join library_item o on o.media_file = n.media_file"
            " and o.owner = n.owner and coalesce(o.folder, 0) = coalesce(n.folder, 0) and o.id <> n.id"
            " where n.id = $1 and o.trashed_at is null",
            item,
        )
        if there is not None:
            raise _Known(there)
        await _remember(task, item)

    entry = items.Entry(walk.text(task.found.path.stem), folder_id)
    try:
        item = await items.add_media(
            owner=task.owner,
            staged=staged,
            facts=work.media_facts(facts),
            entry=entry,
            side_files=side_files,
            also=also,
        )
        result: Result = "added"
    except _Known as known:
        item, result = known.item, "known"
        await _remember(task, item)
    finally:
        poster.unlink(missing_ok=True)
    left = await _remove_source(task, staged, item, before is not None) if task.move else ""
    return task.outcome("failed" if left else result, left, item=item, moved=task.move and not left)


async def _part_from_source(task: _Task, staged: store.Staged, ext: str) -> None:
    """A move that was killed may have left the source's own file in the store: a copy takes its place."""

    def same() -> bool:
        with contextlib.suppress(FileNotFoundError):
            status = store.path_of(staged.sha256, ext).stat()
            return (status.st_dev, status.st_ino) == task.found.identity
        return False

    if not task.move and await asyncio.to_thread(same):
        kind = ext.removeprefix(".")
        await sweeper.remove_stray(sweeper.Stored(store.path_of(staged.sha256, ext), staged.sha256, kind))


async def _remember(task: _Task, item: int) -> None:
    await engine.execute(
        "insert into source (key, url, media_file) select $1, $2, media_file from library_item where id = $3"
        " on conflict (key) do update set media_file = excluded.media_file",
        task.key,
        task.found.path.as_uri(),
        item,
    )


async def _remove_source(task: _Task, staged: store.Staged, item: int, there_before: bool) -> str:
    """After the commit: the source goes, if the store surely has its bytes -> why it was left, or ""."""
    ext = (await items.get(item, task.owner))["media"]["ext"]
    stored = store.path_of(staged.sha256, ext)

    def remove() -> str:
        mount.require()
        # What was stored long ago may have suffered since: then the source is the good one.
        if there_before and store.verify(stored) != staged.sha256:
            return "it was left where it is: the stored copy is damaged (`mediafetcher check --read-data`)"
        left = walk.remove(task.found, stored)
        return f"it is in the library, and was left where it is: {left}" if left else ""

    return await asyncio.to_thread(remove)


async def _clean(staged: store.Staged, names: list[str], file: int, mode: int) -> None:
    """Remove what no row speaks of; a source that was made ready for a move and stays gets its rights back."""
    await sweeper.take_back(staged, names)
    status = os.fstat(file)
    if status.st_nlink == 1 and status.st_mode & 0o7777 != mode:  # with more, the store has the file as well
        with contextlib.suppress(OSError):
            os.fchmod(file, mode)


async def _to_the_end(work: Coroutine[None, None, None]) -> None:
    """Also where we are cancelled: nobody else knows of these files."""
    running = asyncio.ensure_future(work)
    try:
        await asyncio.shield(running)
    finally:
        await asyncio.wait({running})


# ---- a name for FFmpeg -----------------------------------------------------------------------------------


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """A folder for posters and for names, gone at the end; those of processes that were killed go too."""
    work = settings.get().work
    work.mkdir(parents=True, exist_ok=True)
    mine = f"{_SCRATCH}{os.getpid()}-"
    for old in work.glob(f"{_SCRATCH}*"):
        if not old.name.startswith(mine):  # whoever has the state folder is alone in it
            shutil.rmtree(old, ignore_errors=True)
    folder = work / f"{mine}{uuid.uuid4().hex}"
    folder.mkdir(mode=0o711)  # FFmpeg's account passes through; it writes only files made for it
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _safe_name(task: _Task) -> Path:
    """A plain name that leads to the file: FFmpeg prints names, and theirs could look like its words."""
    suffix = task.found.path.suffix
    plain = suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) < 8 else ""
    link = task.scratch / f"{uuid.uuid4().hex}{plain}"
    link.symlink_to(task.found.path)
    return link
