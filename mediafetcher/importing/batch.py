"""One group of an import: its files are opened, examined, staged, and added together.

If an error concerns the group as a whole, its files are handled one by one, so that each has a result of its own.
Staged files that were not added are removed again, also if the import is interrupted.
"""

import asyncio
import contextlib
import hashlib
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from piccolo.query.functions.aggregate import Min

from mediafetcher.core import errors, tasks
from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.db.expressions import among
from mediafetcher.db.tables import LibraryItem, MediaFile, Source
from mediafetcher.downloads.worker import postprocess
from mediafetcher.importing import file_tags, metadata_files, pictures, scanner, texts
from mediafetcher.importing.scanner import Found
from mediafetcher.library.catalog import bulk_insert, folders
from mediafetcher.library.storage import blob_store, mount, sweeper
from mediafetcher.media import posters, probe, transcode

_DEEPEST = 32  # folders of the library; deeper files go to the last of them
_READ = 0.95  # share of a file's work that is the pass over its bytes
_SIDE_BY_SIDE = 3  # files that are staged at once; the threads are shared with the rest of the program

Result = Literal["added", "known", "skipped", "failed"]
Progress = Callable[[Found, float], None]  # the file, and its fraction done, 0..1


@dataclass(frozen=True)
class Outcome:
    """The result for one file. `why`: as text; for an added one, why browsers may not play it, else ""."""

    path: Path
    result: Result
    size: int = 0
    item: int | None = None
    why: str = ""
    copied: int = 0  # bytes written into the store
    moved: bool = False  # the source was removed
    left_out: tuple[str, ...] = ()  # subtitles and metadata files that could not be read


@dataclass(frozen=True)
class Job:
    """One import: its user, its target folder, and its folder for scratch files."""

    owner: int
    top: str
    move: bool
    scratch: Path
    on_progress: Progress
    folders: texts.Folders = field(default_factory=texts.Folders)
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_SIDE_BY_SIDE))


@dataclass
class _Taken:
    """The state of one file of the group. `outcome` is set as soon as it is certain."""

    job: Job
    found: Found
    outcome: Outcome | None = None
    file: int = -1  # its descriptor
    mode: int = 0  # its permissions before we changed them
    seen: Path = Path()  # a plain name that leads to it
    facts: probe.Facts | None = None
    ext: str = ""  # of its file in the store
    why: str = ""  # why browsers may not play it
    staged: blob_store.Staged | None = None
    poster: Path | None = None
    beside: list[texts.Text] = field(default_factory=list)
    side_files: dict[str, Path] = field(default_factory=dict)  # subtitles
    left_out: tuple[str, ...] = ()  # subtitles and metadata files that could not be read
    there_before: bool = False  # the store already had its bytes
    is_source: bool = False  # the file in the store is the source itself, which must stay separate
    title: str | None = None  # from an `.info.json` or NFO file
    metadata: SourceMetadata | None = None  # from such files, and from its own tags
    settled: bool = False  # the library owns the staged file

    @property
    def folder(self) -> str:
        """Return its virtual folder, cut to the maximum depth."""
        return "/".join([*folders.parts(self.job.top), *scanner.folder_names(self.found.folders)][:_DEEPEST])

    @property
    def key(self) -> str:
        """Return the key of its `source` row. It includes the user: no user learns what another one has."""
        place = hashlib.sha256(os.fsencode(self.found.path)).hexdigest()
        if self.beside:  # a text that is new or changed must be read
            place += f" {hashlib.sha256(repr([one.version for one in self.beside]).encode()).hexdigest()[:16]}"
        return f"import {self.job.owner} {place} {self.found.size} {self.found.mtime} {self.folder}"

    def end(self, result: Result, why: str = "", item: int | None = None) -> None:
        self.outcome = Outcome(self.found.path, result, self.found.size, item, why)

    def fail(self, error: OSError | errors.Problem) -> None:
        read = isinstance(error, OSError)
        self.end("failed", f"cannot be read ({error.strerror})" if read else error.detail)  # type: ignore[union-attr]


async def take(job: Job, group: list[Found]) -> list[Outcome]:
    """Import these files. Returns: the outcome of each, in their order. Raises: `Unavailable`."""
    taken = [_Taken(job, found) for found in group]
    try:
        await _together(taken)
    except errors.Unavailable:
        raise
    except (OSError, errors.Problem) as error:
        if len(group) > 1:
            return [outcome for found in group for outcome in await take(job, [found])]
        taken[0].fail(error)
    return [one.outcome for one in taken if one.outcome]


async def _together(taken: list[_Taken]) -> None:
    for one in taken:
        if one.found.problem:
            one.end("failed" if one.found.bad else "skipped", one.found.problem)
    await mount.run_io(_find_texts, _open_ones(taken))
    await _recall(_open_ones(taken))
    try:
        await asyncio.to_thread(_open, _open_ones(taken))
        await _look(_open_ones(taken))
        await _stage(_open_ones(taken))
        if ready := _open_ones(taken):
            await _add(ready)
    finally:
        await tasks.run_to_completion(_clean(taken))


def _open_ones(taken: list[_Taken]) -> list[_Taken]:
    return [one for one in taken if one.outcome is None]


def _find_texts(taken: list[_Taken]) -> None:
    """Find the texts beside each file, and end those files that are such texts. Blocking."""
    for one in taken:
        if texts.is_text(one.found.path.name):
            one.end("skipped", one.job.folders.belongs(one.found.path))
        else:
            one.beside = one.job.folders.beside(one.found.path)


async def _recall(taken: list[_Taken]) -> None:
    """Skip files that this user has from the same path, unchanged since.

    Items in the trash are read again, so that they are restored.
    """
    if not taken or taken[0].job.move:
        return
    source, shown = Source, LibraryItem
    sources = await source.select(source.key, source.media_file).where(among(source.key, [one.key for one in taken]))
    files = [row["media_file"] for row in sources if row["media_file"] is not None]
    mine = among(shown.media_file, files) & (shown.owner == taken[0].job.owner) & shown.trashed_at.is_null()
    first = shown.select(shown.media_file, Min(shown.id, alias="item")).where(mine).group_by(shown.media_file)
    items_ = {row["media_file"]: row["item"] for row in await first}
    known = {row["key"]: items_[row["media_file"]] for row in sources if row["media_file"] in items_}
    for one in taken:
        if (item := known.get(one.key)) is not None:
            one.end("known", item=item)


# ---- open and look -----------------------------------------------------------------------------------------


def _open(taken: list[_Taken]) -> None:
    for one in taken:
        try:
            one.file = scanner.open_found(one.found)
        except OSError as error:
            one.fail(error)
            continue
        one.mode = os.fstat(one.file).st_mode & 0o7777
        # FFmpeg prints names, which could imitate its output.
        suffix = one.found.path.suffix
        plain = suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) < 8 else ""
        one.seen = one.job.scratch / f"{uuid.uuid4().hex}{plain}"
        one.seen.symlink_to(one.found.path)


async def _look(taken: list[_Taken]) -> None:
    for one, facts in zip(taken, await probe.probe_all([one.seen for one in taken]), strict=True):
        decision = probe.decide(facts)
        if decision.action == "reject":
            one.end("skipped", decision.reason or "not video or audio")
        beside = await metadata_files.read(one.found.path)
        one.facts = facts if facts.chapters else replace(facts, chapters=beside.chapters)
        one.ext, one.title, one.left_out = transcode.kind_of(facts)[1], beside.title, beside.left_out
        one.metadata = metadata_files.combined(beside.metadata, file_tags.metadata(facts.tags))
        one.why = decision.reason if decision.action != "none" else ""


# ---- into the store ----------------------------------------------------------------------------------------


async def _stage(taken: list[_Taken]) -> None:
    done = await asyncio.gather(*(_stage_one(one) for one in taken), return_exceptions=True)
    for one, error in zip(taken, done, strict=True):
        if isinstance(error, OSError):
            one.fail(error)
        elif error is not None:
            raise error


async def _stage_one(one: _Taken) -> None:
    async with one.job.gate:
        # By descriptor: the opened file is stored, even if the name now leads elsewhere.
        source = Path(f"/proc/self/fd/{one.file}")
        assert one.facts
        # At the same time, so that a large file is read from the disk once.
        making = asyncio.ensure_future(texts.make(one.seen, one.job.scratch, one.facts, one.beside))
        try:
            one.staged = await blob_store.stage(
                source, lambda part: one.job.on_progress(one.found, _READ * part), take=one.job.move
            )
            one.side_files, left_out = await making
            one.left_out += left_out
        finally:
            making.cancel()
            await asyncio.wait({making})
        if not scanner.unchanged(one.found, one.file):
            one.end("failed", "the file changed while it was read")
            return
        target = one.seen.with_suffix(f".{posters.NAME}")
        if await pictures.draw(one.found.path, one.seen, target, one.facts):
            one.poster = target


async def _add(ready: list[_Taken]) -> None:
    await _ask_for_names(ready)
    await mount.run_io(_look_in_store, ready)
    for one, added in zip(ready, await _add_to_folders(ready), strict=True):
        one.settled = True
        assert one.staged
        one.end("added" if added.fresh else "known", one.why if added.fresh else "", added.item)
        copied = one.staged.size if added.fresh and not one.staged.shared else 0
        one.outcome = replace(one.outcome, copied=copied, left_out=one.left_out)  # type: ignore[type-var]
    if ready[0].job.move:
        await mount.run_io(_remove_sources, ready)


async def _add_to_folders(ready: list[_Taken]) -> list[bulk_insert.Added]:
    """Add the files, each to its folder. A folder that a user deletes meanwhile is created again."""
    owner = ready[0].job.owner
    while True:
        ids = {name: await folders.ensure(owner, name) for name in dict.fromkeys(one.folder for one in ready)}
        with contextlib.suppress(bulk_insert.FolderMissing):
            return await bulk_insert.add(owner, [_incoming(one, ids[one.folder]) for one in ready])


def _incoming(one: _Taken, folder: int | None) -> bulk_insert.Incoming:
    assert one.staged and one.facts
    path = one.found.path
    side_files = one.side_files | ({posters.NAME: one.poster} if one.poster else {})
    facts = postprocess.media_facts(one.facts)
    title = one.title or scanner.text(path.stem)
    return bulk_insert.Incoming(
        one.staged, facts, title, folder, one.key, path.as_uri(), side_files, one.is_source, one.metadata
    )


async def _ask_for_names(ready: list[_Taken]) -> None:
    """Use the existing names of bytes that the library knows."""
    hashes = [one.staged.sha256 for one in ready if one.staged]
    rows = await MediaFile.select(MediaFile.sha256, MediaFile.ext).where(among(MediaFile.sha256, hashes))
    exts = {row["sha256"]: row["ext"] for row in rows}
    for one in ready:
        assert one.staged
        one.ext = exts.get(one.staged.sha256, one.ext)


def _look_in_store(ready: list[_Taken]) -> None:
    """Find files that the store already has, and those that a killed move left there as the source's own file.

    Without a move, a copy must replace them: another program may still write to the source.
    """
    for one in ready:
        assert one.staged
        with contextlib.suppress(FileNotFoundError):
            status = blob_store.path_of(one.staged.sha256, one.ext).stat()
            one.there_before = True
            one.is_source = not one.job.move and (status.st_dev, status.st_ino) == one.found.identity


def _remove_sources(ready: list[_Taken]) -> None:
    """Remove each source after the commit, if the store provably has its bytes."""
    mount.require()
    for one in ready:
        assert one.staged and one.outcome
        stored = blob_store.path_of(one.staged.sha256, one.ext)
        # A file stored long ago may be damaged since: then the source is the good one.
        if one.there_before and blob_store.verify(stored) != one.staged.sha256:
            left = "not removed: the stored copy is damaged (run `mediafetcher check --read-data`)"
        elif left := scanner.remove(one.found, stored):
            left = f"imported, but not removed: {left}"
        if left:
            one.outcome = replace(one.outcome, result="failed", why=left)
        else:
            one.outcome = replace(one.outcome, moved=True)


# ---- afterwards ----------------------------------------------------------------------------------------------


async def _clean(taken: list[_Taken]) -> None:
    """Remove files without a row; a source that was prepared for a move and stays gets its permissions back."""
    for one in taken:
        if one.staged and not one.settled:
            await sweeper.rollback(one.staged)
    await asyncio.to_thread(_close, taken)


def _close(taken: list[_Taken]) -> None:
    for one in taken:
        if one.file < 0:
            continue
        with contextlib.suppress(OSError):
            status = os.fstat(one.file)
            if status.st_nlink == 1 and status.st_mode & 0o7777 != one.mode and not (one.outcome and one.outcome.moved):
                os.fchmod(one.file, one.mode)  # with more names, the store has the file as well
        os.close(one.file)
        one.seen.unlink(missing_ok=True)
        for side_file in (*one.side_files.values(), *([one.poster] if one.poster else [])):
            side_file.unlink(missing_ok=True)
