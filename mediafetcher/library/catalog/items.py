"""Add and change MediaFile and LibraryItem. One LibraryItem row is one reference to its file.

The database counts references (a trigger in the same transaction), so nothing here adds or
subtracts. Bytes are written before the row and deleted after it:

    add     stage the file; lock the file's row, rename into place, insert the item; commit
    delete  delete the item; commit; the sweeper unlinks unreferenced files

Before a file is placed, its row is committed without a reference, so that a crash leaves at worst a file that the
sweeper knows. Removal is in `trash.py`; lists and searches are in `queries.py`.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from piccolo.columns import Column
from piccolo.columns.combination import WhereRaw
from piccolo.custom_types import Combinable

from mediafetcher.core import errors, text
from mediafetcher.db import engine, many, notifications
from mediafetcher.db.expressions import NOW, among, same
from mediafetcher.db.tables import Folder, LibraryItem, MediaFile, Source, Watch
from mediafetcher.library.catalog import text_index
from mediafetcher.library.storage import blob_store, mount, ownership, unknown
from mediafetcher.media import posters

_TITLE = 500  # characters

_T = TypeVar("_T")
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
        claimed = await _announce(staged, facts, side_files or {})
        async with engine.transaction():
            media_file = await _place(staged, facts, side_files or {}, claimed=claimed)
            item = await _insert(owner, media_file, entry)
            if in_transaction is not None:
                await in_transaction(item)
            await notifications.notify("library", {"owner": owner})
        return item

    return await retrying(add)


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
        claimed = await _announce(staged, facts, side_files or {})
        async with engine.transaction():
            table = LibraryItem
            damaged_at = table.media_file._.damaged_at.as_alias("damaged_at")
            item = table.select(table.media_file, table.source, damaged_at)
            old = await item.where(table.id == id, table.owner == owner).first()
            if old is None:
                raise errors.NotFound("This item does not exist.")
            new = await _place(staged, facts, side_files or {}, claimed=claimed, replaces=True)
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

    return await retrying(run)


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
    if before is not None:
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


class Unannounced(Exception):
    """The file's row was removed, or lost its last reference, after it was read: start again."""


_TRIES = 5


async def retrying(add: Callable[[], Awaitable[_T]]) -> _T:
    """As `engine.retrying`, also if the row of a file changed between its announcement and its lock."""
    for _ in range(_TRIES):
        try:
            return await engine.retrying(add)
        except Unannounced:
            continue
    return await engine.retrying(add)


async def _announce(staged: blob_store.Staged, facts: MediaFacts, side_files: Mapping[str, Path]) -> bool:
    """Commit the file's row before its bytes are placed. Returns: whether this is its first reference, and is claimed.

    A crash after the bytes were placed then leaves a file that the database knows as unreferenced.
    """
    ownership.require()
    if await MediaFile.exists().where(MediaFile.sha256 == staged.sha256, MediaFile.ref_count != 0):
        return False
    await ownership.before_reference()
    await engine.execute(_ROW + " on conflict do nothing", *_values(staged, facts, side_files))
    return True


# A file is merged with its row, and the row locked, in one round trip (`_place`).
_ROW = """
insert into media_file as m (sha256, size, kind, ext, duration, width, height, video_codec, audio_codec, poster,
  subtitles, playable, chapters, cut_at_origin, audio_tracks)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::text::jsonb, $14, $15::text::jsonb)
"""


def _values(staged: blob_store.Staged, facts: MediaFacts, side_files: Mapping[str, Path]) -> list[Any]:
    return [
        staged.sha256,
        staged.size,
        facts.kind,
        facts.ext,
        facts.duration,
        facts.width,
        facts.height,
        facts.video_codec,
        facts.audio_codec,
        posters.NAME in side_files,
        sorted(name.removesuffix(".vtt") for name in side_files if name.endswith(".vtt")),
        facts.playable,
        json.dumps(facts.chapters),
        facts.cut_at_origin,
        facts.audio_as_json(),
    ]


async def _place(
    staged: blob_store.Staged,
    facts: MediaFacts,
    side_files: Mapping[str, Path],
    *,
    claimed: bool,
    replaces: bool = False,
) -> int:
    """Lock the file's row and place the bytes. Raises: `Unannounced`.

    If `replaces` is true, or if the stored bytes are known to be damaged, the staged bytes replace them.
    """
    row = await engine.fetchrow(
        _ROW + " on conflict (sha256) do update set poster = m.poster or excluded.poster,"
        "  playable = coalesce(excluded.playable, m.playable),"
        "  chapters = case excluded.chapters when '[]' then m.chapters else excluded.chapters end,"
        "  audio_tracks = case excluded.audio_tracks when '[]' then m.audio_tracks else excluded.audio_tracks end,"
        "  subtitles ="
        "  (select coalesce(array_agg(distinct name order by name), '{}')"
        "   from unnest(m.subtitles || excluded.subtitles) as name)"
        " returning id, ext, damaged_at, ref_count, poster, subtitles, xmax = 0 as fresh",
        *_values(staged, facts, side_files),
    )
    assert row is not None
    if row["fresh"] or (row["ref_count"] == 0 and not claimed):
        raise Unannounced
    if replaces or row["damaged_at"] is not None:
        await blob_store.run_io(blob_store.replace, staged, row["ext"])
        file = MediaFile
        await file.update({file.damaged_at: None, file.checked_at: NOW}).where(file.id == row["id"])
        await engine.function("mf_file_replaced", row["id"])  # links in exported trees lead to the old one
    await blob_store.run_io(blob_store.place, staged, row["ext"], side_files)
    if row["ref_count"] == 0:
        await _forget_absent(row, staged.sha256)
    return int(row["id"])


async def _forget_absent(row: dict[str, Any], sha256: bytes) -> None:
    """Clear side files that an unreferenced row names, but that a crash kept from being placed."""
    names = unknown.side_names(row)
    if not names:
        return
    absent = await mount.run_io(
        lambda: [name for name in names if blob_store.size_of(blob_store.path_of(sha256, name)) is None]
    )
    if absent:
        left = [name for name in sorted(row["subtitles"]) if f"{name}.vtt" not in absent]
        file, poster = MediaFile, row["poster"] and posters.NAME not in absent
        await file.update({file.poster: poster, file.subtitles: left}).where(file.id == row["id"])


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
