"""Adopt files of the store that this database does not know: they become items without being moved or copied.

An older database or another installation left them. A file is read once, and accepted only if its bytes match its
name. Titles come from the journal that the media folder carries, else from an `.info.json` of the file, else
from its own tags. Nothing is moved, replaced or removed.
"""

import os
import tempfile
from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mediafetcher.core import clock, errors, settings
from mediafetcher.downloads.worker import postprocess
from mediafetcher.importing import file_tags, metadata_files
from mediafetcher.importing.batch import Outcome, Progress
from mediafetcher.importing.scanner import Found
from mediafetcher.library.catalog import folders, items, metadata
from mediafetcher.library.recovery import journal_file
from mediafetcher.library.storage import blob_store, mount, ownership, staging, unknown
from mediafetcher.media import posters, probe, transcode


def is_store(path: Path) -> bool:
    """Tell whether the path is the store itself, under any name. Blocking."""
    return os.path.realpath(path) == os.path.realpath(mount.root() / "store")


async def unknown_hash(path: Path) -> str | None:
    """Return the hash, in hexadecimal, of an unknown file of the store; None for any other path."""
    real = Path(await mount.run_io(os.path.realpath, path))
    match = unknown.NAME.match(real.name)
    store = await mount.run_io(os.path.realpath, mount.root() / "store")
    if match is None or str(real.parent.parent) != store or await unknown.is_known(bytes.fromhex(match[1])):
        return None
    return match[1]


_SLICE = 5.0  # seconds after which a slice ends, at the next file


@dataclass(frozen=True)
class Slice:
    """The result of a slice of an adoption. `next` is the hash to resume after; None: all files were examined."""

    added: int
    refused: int
    next: str | None


async def adopt_slice(owner: int, after: str = "", only: Collection[str] | None = None) -> Slice:
    """Adopt unknown files for about 5 s, in the order of their hashes, starting after `after`.

    `only`: only files of these hashes, in hexadecimal; None: all.

    Raises: `StoreFrozen`, `Unavailable`.
    """
    added = refused = 0
    until = clock.monotonic() + _SLICE
    async for outcome in adopt(owner, "", lambda found, part: None, after=after, only=only):
        added += outcome.result == "added"
        refused += outcome.result != "added"
        if clock.monotonic() >= until:
            return Slice(added, refused, outcome.path.name.partition(".")[0])
    return Slice(added, refused, None)


async def adopt(
    owner: int, folder: str, on_progress: Progress, *, after: str = "", only: Collection[str] | None = None
) -> AsyncGenerator[Outcome, None]:
    """Adopt the unknown files of the store whose hash is after `after`. Yields: the outcome of each.

    `only`: only files of these hashes, in hexadecimal; None: all.

    Raises: `StoreFrozen`, `Unavailable`.
    """
    await ownership.require_owner()
    if not await ownership.settled():
        raise errors.StoreFrozen("The media folder was taken a moment ago: try again in a minute.")
    known = await mount.run_io(from_journal)
    async for file in unknown.files():
        if file.is_side_file or file.sha256.hex() <= after or (only is not None and file.sha256.hex() not in only):
            continue
        yield await _one(owner, folder, file, known.get(file.sha256), on_progress)


def from_journal() -> dict[bytes, dict[str, Any]]:
    """Return the entries for stored files in the folder's journals, by hash; empty if they cannot be read. Blocking."""
    try:
        return journal_file.titles(mount.root())
    except OSError:
        return {}


async def _one(
    owner: int, folder: str, file: unknown.Stored, told: dict[str, Any] | None, on_progress: Progress
) -> Outcome:
    try:
        size = await mount.run_io(blob_store.size_of, file.path)
        found = Found(file.path, (), size or 0)
        if not size or await mount.run_io(blob_store.verify, file.path) != file.sha256:
            return Outcome(file.path, "failed", size or 0, why="its bytes are not what its name says")
    except OSError as error:
        return Outcome(file.path, "failed", 0, why=f"it cannot be read ({error.strerror})")
    on_progress(found, 0.9)
    facts = (await probe.probe_all([file.path]))[0]
    decision = probe.decide(facts)
    if decision.action == "reject":
        return Outcome(file.path, "skipped", size, why=decision.reason or "not video or audio")
    if transcode.kind_of(facts)[1].removeprefix(".") != file.kind:
        return Outcome(file.path, "skipped", size, why="it is of another kind than its name says")
    item = await _add(owner, folder, file, facts, told or {})
    return Outcome(file.path, "added", size, item, "" if decision.action == "none" else decision.reason)


async def _add(owner: int, folder: str, file: unknown.Stored, facts: probe.Facts, told: dict[str, Any]) -> int:
    way = "/".join([part for part in (folder, told.get("folder") or "") if part])
    with tempfile.TemporaryDirectory(prefix="adopt-", dir=settings.get().work) as scratch:
        Path(scratch).chmod(0o711)  # FFmpeg's account needs search permission
        sides = await mount.run_io(_side_files, file)
        beside = await metadata_files.read(file.path)
        said = metadata_files.combined(beside.metadata, file_tags.metadata(facts.tags))
        facts = facts if facts.chapters else replace(facts, chapters=beside.chapters)
        if posters.NAME not in sides and await posters.draw(file.path, target := Path(scratch, posters.NAME), facts):
            sides[posters.NAME] = target
        entry = items.Entry(
            told.get("title") or beside.title or facts.title or f"Unknown {file.sha256.hex()[:8]}",
            await folders.ensure(owner, way),
            source_url=told.get("source_url"),
            site=told.get("site"),
            uploader=told.get("uploader"),
        )
        # Nothing was staged: the bytes are already in place.
        there = blob_store.Staged(
            mount.incoming() / staging.name(mount.installation()), file.sha256, facts.size, shared=True
        )
        return await items.add_media(
            owner=owner,
            staged=there,
            facts=postprocess.media_facts(facts),
            entry=entry,
            side_files=sides,
            in_transaction=lambda item: metadata.attach(item, [], said, private=True),
        )


def _side_files(file: unknown.Stored) -> dict[str, Path]:
    """Return the picture and the subtitles of the stored file."""
    stem = f"{file.sha256.hex()}."
    names = [name for name in os.listdir(file.path.parent) if name.startswith(stem)]
    kinds = [name.removeprefix(stem) for name in names]
    return {kind: file.path.with_name(stem + kind) for kind in kinds if kind == posters.NAME or kind.endswith(".vtt")}
