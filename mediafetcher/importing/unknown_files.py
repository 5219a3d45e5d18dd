"""The unknown files of the store as a list that a user can choose from: name, size, and the title that each may have.

The title is the one that an adoption would use: from the journal of the media folder, an `.info.json` of the file, or
the file's own tags. Nothing is hashed here, so a file whose bytes do not match its name is listed as well.
"""

from dataclasses import dataclass, replace
from typing import Any

from mediafetcher.importing import adoption, metadata_files
from mediafetcher.library.storage import blob_store, mount, unknown
from mediafetcher.media import probe


@dataclass(frozen=True)
class UnknownFile:
    """`title` and `folder` are guesses, None if unknown. `size` in bytes."""

    name: str
    sha256: str
    size: int
    title: str | None
    folder: str | None


@dataclass(frozen=True)
class Page:
    """`next` is the name to resume after; None: it was the last page."""

    files: list[UnknownFile]
    next: str | None


async def page(after: str = "", limit: int = 50) -> Page:
    """List unknown files in the order of their names, starting after `after`; without side files of media.

    Raises: `Unavailable`.
    """
    found: list[unknown.Stored] = []
    async for file in unknown.files(after=after):
        if not file.is_side_file and file.kind != "info.json" and file.path.name > after:
            found.append(file)
            if len(found) > limit:
                break
    shown = found[:limit]
    said = await mount.run_io(adoption.from_journal) if shown else {}
    listed = [await _listed(file, said.get(file.sha256, {})) for file in shown]
    await _add_tags(shown, listed)
    return Page(listed, shown[-1].path.name if len(found) > limit else None)


async def _listed(file: unknown.Stored, said: dict[str, Any]) -> UnknownFile:
    size = await mount.run_io(blob_store.size_of, file.path) or 0
    title = said.get("title") or (await metadata_files.read(file.path)).title
    return UnknownFile(file.path.name, file.sha256.hex(), size, title, said.get("folder"))


async def _add_tags(files: list[unknown.Stored], listed: list[UnknownFile]) -> None:
    """Add titles from tags to files without a title."""
    untitled = [number for number, one in enumerate(listed) if one.title is None]
    try:
        facts = await probe.probe_all([files[number].path for number in untitled]) if untitled else []
    except OSError:  # a file cannot be read: the names must be enough
        return
    for number, told in zip(untitled, facts, strict=True):
        listed[number] = replace(listed[number], title=told.title or None)
