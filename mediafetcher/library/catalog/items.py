"""Add and change MediaFile and LibraryItem. One LibraryItem row is one reference to its file.

The database counts references (a trigger in the same transaction), so nothing here adds or
subtracts. Bytes are written before the row and deleted after it:

    add     stage the file; lock the file's row, rename into place, insert the item; commit
    delete  delete the item; commit; the sweeper unlinks unreferenced files

`placing.py` places the bytes. Removal is in `trash.py`; lists and searches are in `queries.py`.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from piccolo.columns import Column
from piccolo.columns.combination import WhereRaw
from piccolo.custom_types import Combinable

from mediafetcher.core import errors, text
from mediafetcher.db import engine, many, notifications
from mediafetcher.db.expressions import among, same
from mediafetcher.db.tables import Folder, LibraryItem, MediaFile, Source, Watch
from mediafetcher.library.catalog import placing, text_index
from mediafetcher.library.storage import blob_store

_TITLE = 500  # characters

InTransaction = Callable[[int], Awaitable[None]]


class AudioTrack(NamedTuple):
    """A sound of a file. `language`: as the file says it, mostly a code of three letters."""

    codec: str
    language: str | None = None
    title: str | None = None
    channels: int | None = None


@dataclass(frozen=True)
class MediaFacts:
    """Properties of a file. `kind` is its MIME type, `ext` its extension with the dot; seconds and pixels."""

    kind: str
    ext: str
    duration: float | None = None
    width: int | None = None
    height: int | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    playable: bool | None = None  # every browser plays it without conversion; None: not checked
    chapters: tuple[tuple[float, str], ...] = ()  # (start, title)
    cut_at_origin: bool = False  # its source has nothing beyond it
    audio_tracks: tuple[AudioTrack, ...] = ()  # the default one first

    def audio_as_json(self) -> str:
        """Return the audio tracks as the database holds them."""
        return json.dumps([track._asdict() for track in self.audio_tracks])


@dataclass(frozen=True)
class Entry:
    """Properties of a library item beside its file. `folder_id` None: at the top."""

    title: str
    folder_id: int | None = None
    source_id: int | None = None
    source_url: str | None = None
    site: str | None = None
    uploader: str | None = None
    metadata: int | None = None  # row of `source_metadata`


# ---- in ------------------------------------------------------------------------------------------------


async def add_media(
    *,
    owner: int,
    staged: blob_store.Staged,
    facts: MediaFacts,
    entry: Entry,
    side_files: Mapping[str, Path] | None = None,
    in_transaction: InTransaction | None = None,
) -> int:
    """Add a staged file to a library. Returns: the new item's id. Equal bytes are stored once, and counted.

    `side_files` are small files by their names in the store (`poster.jpg`, `fr.vtt`). `in_transaction(item)` runs in
    the same transaction; an exception from it undoes everything. Raises: `Unavailable` if the store cannot be written.
    """

    async def add() -> int:
        claimed = await placing.announce(staged, facts, side_files or {})
        async with engine.transaction():
            media_file = await placing.place(staged, facts, side_files or {}, claimed=claimed)
            item = await _insert(owner, media_file, entry)
            if in_transaction is not None:
                await in_transaction(item)
            await notifications.notify("library", {"owner": owner})
        return item

    return await placing.retrying(add)


async def replace(
    id: int,
    owner: int,
    *,
    staged: blob_store.Staged,
    facts: MediaFacts,
    side_files: Mapping[str, Path] | None = None,
    follow: bool = False,
    in_transaction: InTransaction | None = None,
) -> int:
    """Give an item a new file. Returns: the number of moved entries. Equal bytes replace what is stored.

    `follow`: it shows the same, so links to the old file lead to the new one if the old one has no entries left. A
    user's entries of the old file move together. If the old file is damaged, entries of other users from the same
    source move too; otherwise they stay. Raises: `NotFound`, `Unavailable`.
    """

    async def run() -> int:
        claimed = await placing.announce(staged, facts, side_files or {})
        async with engine.transaction():
            table = LibraryItem
            damaged_at = table.media_file._.damaged_at.as_alias("damaged_at")
            item = table.select(table.media_file, table.source, damaged_at)
            old = await item.where(table.id == id, table.owner == owner).first()
            if old is None:
                raise errors.NotFound("This item does not exist.")
            new = await placing.place(staged, facts, side_files or {}, claimed=claimed, replaces=True)
            moved = await _move_over(owner, old, new) if new != old["media_file"] else []
            if follow and moved:
                file = MediaFile
                unused = file.select(file.id).where(file.id == old["media_file"], file.ref_count == 0)
                await Source.update({Source.media_file: new}).where(Source.media_file.is_in(unused))
            if in_transaction is not None:
                await in_transaction(id)
            for person in {owner, *moved}:
                await notifications.notify("library", {"owner": person})
        return len(moved)

    return await placing.retrying(run)


async def _move_over(owner: int, old: dict[str, Any], new: int) -> list[int]:
    """Move entries, watched positions and chapters to another file. Returns: the owners of the entries."""
    table = LibraryItem
    whose: Combinable = table.owner == owner
    if old["damaged_at"] is not None and old["source"] is not None:
        whose = whose | (table.source == old["source"])
    moved = table.update({table.media_file: new}).where(table.media_file == old["media_file"], whose)
    owners = [row["owner"] for row in await moved.returning(table.owner)]
    await _copy_positions(old["media_file"], new, owners)
    file = MediaFile
    before = await file.select(file.chapters).where(file.id == old["media_file"]).first()
    assert before is not None  # the sweeper cannot remove its row before our commit: the item still refers to it
    await file.update({file.chapters: before["chapters"]}).where(file.id == new, WhereRaw("chapters = '[]'"))
    return owners


async def _copy_positions(old: int, new: int, owners: list[int]) -> None:
    """Copy the positions of these users who have none in the new file."""
    table = Watch
    rows = await table.select(table.owner, table.position).where(table.media_file == old, among(table.owner, owners))
    values: many.Values = {
        table.owner: [row["owner"] for row in rows],
        table.media_file: [new] * len(rows),
        table.position: [row["position"] for row in rows],
    }
    await many.insert(table, values, conflict="on conflict do nothing")


# A folder that was deleted in the meantime becomes the top; an existing one stays until our commit. The same for the
# other references: three locks in one round trip.
_INSERT = """
insert into library_item (owner, folder, media_file, title, source, source_url, site, uploader, metadata, search,
    sort_key, text_version)
  values ($1, (select id from folder where id = $2 and owner = $1 for key share), $3, $4,
    (select id from source where id = $5 for key share), $6, $7, $8,
    (select id from source_metadata where id = $9 for key share), $10::text::tsvector, $11, $12) returning id
"""


async def _insert(owner: int, media_file: int, entry: Entry) -> int:
    title = clean_title(entry.title)
    item = int(
        await engine.fetchval(
            _INSERT,
            owner,
            entry.folder_id,
            media_file,
            title,
            entry.source_id,
            entry.source_url,
            entry.site,
            entry.uploader,
            entry.metadata,
            *text_index.of(title, entry.uploader, entry.site),
        )
    )
    if entry.metadata is not None:
        await text_index.refresh([item])
    return item


def clean_title(title: str) -> str:
    """Return a title in its normal form and of limited length."""
    return text.one_line(title, _TITLE) or "Untitled"


async def link(owner: int, media_file: int, entry: Entry, in_transaction: InTransaction | None = None) -> int | None:
    """Add a reference to a stored file without bytes. Returns: the item's id.

    None if the file has no references: then it may be deleted already, or soon.
    """
    async with engine.transaction():
        file = MediaFile
        held = file.select(file.id).where(file.id == media_file, file.ref_count > 0).lock_rows("UPDATE")
        if await held.first() is None:
            return None
        item = await _insert(owner, media_file, entry)
        if in_transaction is not None:
            await in_transaction(item)
        await notifications.notify("library", {"owner": owner})
    return item


async def copy(id: int, owner: int, folder: int | None) -> int:
    """Add a reference to an item's file in another folder. Returns: the new item's id.

    If the file is in that folder already, its item is returned. Raises: `NotFound`.
    """
    async with engine.transaction():
        await _own_folder(owner, folder)
        table = LibraryItem
        texts = (table.title, table.source, table.source_url, table.site, table.uploader, table.metadata)
        row = await table.select(table.media_file, *texts).where(table.id == id, table.owner == owner).first()
        if row is None:
            raise errors.NotFound("This item does not exist.")
        inside = table.select(table.id).where(table.owner == owner, table.media_file == row["media_file"])
        inside = inside.where(table.trashed_at.is_null(), same(table.folder, folder))
        there = await inside.order_by(table.id).first()
        if there is not None:
            return int(there["id"])
        source = {name: row[name] for name in ("source_url", "site", "uploader", "metadata")}
        made = await link(owner, row["media_file"], Entry(row["title"], folder, row["source"], **source))
        if made is None:
            raise errors.NotFound("The file of this item no longer exists.")
        return made


# ---- changes -------------------------------------------------------------------------------------------


async def rename(id: int, owner: int, title: str) -> None:
    """Rename an item. Raises: `NotFound`, `Invalid`."""
    if not title.strip():
        raise errors.Invalid("Enter a title.")
    async with engine.transaction():
        await _change(id, owner, {LibraryItem.title: clean_title(title)})
        await text_index.refresh([id])


async def move(id: int, owner: int, folder: int | None) -> None:
    """Move an item to another folder of the same user; None: the top. Raises: `NotFound`."""
    async with engine.transaction():
        await _own_folder(owner, folder)
        await _change(id, owner, {LibraryItem.folder: folder})


async def set_keep(id: int, owner: int, *, keep: bool) -> None:
    """Protect an item from retention, or no longer. Raises: `NotFound`."""
    await _change(id, owner, {LibraryItem.keep: keep})


async def _change(id: int, owner: int, values: dict[Column | str, Any]) -> None:
    table = LibraryItem
    async with engine.transaction():
        if not await table.update(values).where(table.id == id, table.owner == owner).returning(table.id):
            raise errors.NotFound("This item does not exist.")
        await notifications.notify("library", {"owner": owner})


async def _own_folder(owner: int, folder: int | None) -> None:
    """Keep this user's folder from deletion until our commit. Raises: `NotFound`."""
    if folder is None:
        return
    own = Folder.select(Folder.id).where(Folder.id == folder, Folder.owner == owner).lock_rows("KEY SHARE")
    if await own.first() is None:
        raise errors.NotFound("This folder does not exist.")
