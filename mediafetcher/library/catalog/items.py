"""MediaFile and LibraryItem: adding and changing. One LibraryItem row is one reference to its file.

The count of references is kept by the database (a trigger in the same transaction), so nothing here adds or
subtracts. Bytes come before the row and go after it:

    add     file staged -> [lock the file's row, rename into place, insert the item] -> commit
    delete  [delete the item] -> commit -> the sweeper unlinks what nobody holds

Before a file is placed, its row is committed without a reference, so that a crash leaves at worst a file that the
sweeper knows. The way out, by the trash, is in `trash.py`, and what lists and searches show in `queries.py`; both are
reached through this door.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.catalog import queries
from mediafetcher.library.catalog import trash as removal
from mediafetcher.library.storage import blob_store, mount, ownership, sweeper, unknown

_TITLE = 500  # characters

get, page, search, trashed, sites = queries.get, queries.page, queries.search, queries.trashed, queries.sites
kept = queries.kept
trash, restore, purge, purge_expired = removal.trash, removal.restore, removal.purge, removal.purge_expired
deletion, delete_media, delete_all = removal.deletion, removal.delete_media, removal.delete_all
sweep = sweeper.sweep

_T = TypeVar("_T")
Also = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class MediaFacts:
    """What a file is. `kind` is its MIME type, `ext` its extension with the dot; seconds and pixels."""

    kind: str
    ext: str
    duration: float | None = None
    width: int | None = None
    height: int | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    playable: bool | None = None  # every browser plays it as it is; None: nobody asked
    chapters: tuple[tuple[float, str], ...] = ()  # (start, title)


@dataclass(frozen=True)
class Entry:
    """What a library item says beside its file. `folder_id` None: at the top."""

    title: str
    folder_id: int | None = None
    source_id: int | None = None
    source_url: str | None = None
    site: str | None = None
    uploader: str | None = None


# ---- in ------------------------------------------------------------------------------------------------


async def add_media(
    *,
    owner: int,
    staged: blob_store.Staged,
    facts: MediaFacts,
    entry: Entry,
    side_files: Mapping[str, Path] | None = None,
    also: Also | None = None,
) -> int:
    """Add a staged file to a library -> the new item's id. Equal bytes are kept once, and counted.

    `side_files` are small files by their names in the store (`poster.jpg`, `fr.vtt`). `also(item)` runs in the same
    transaction; what it raises undoes everything. Raises `Away` where the store cannot be written.
    """

    async def add() -> int:
        claimed = await _announce(staged, facts, side_files or {})
        async with engine.transaction():
            media_file = await _place(staged, facts, side_files or {}, claimed=claimed)
            item = await _insert(owner, media_file, entry)
            if also is not None:
                await also(item)
            await engine.notify("library", {"owner": owner})
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
    also: Also | None = None,
) -> int:
    """Give an item this new file -> how many entries moved over. Equal bytes take the place of what is stored.

    `follow`: it shows the same, so links that led to the old one lead to it from now on, if nobody is left there.
    A person's entries of the old file move together. Where the old one is damaged, other people's move along if they
    came from the same source; else theirs stay as they are. Raises `NotFound`, `Away`.
    """

    async def run() -> int:
        claimed = await _announce(staged, facts, side_files or {})
        async with engine.transaction():
            old = await engine.fetchrow(
                "select i.media_file, i.source, m.damaged_at is not null as damaged from library_item i"
                " join media_file m on m.id = i.media_file where i.id = $1 and i.owner = $2",
                id,
                owner,
            )
            if old is None:
                raise errors.NotFound("There is no such item.")
            new = await _place(staged, facts, side_files or {}, claimed=claimed, anew=True)
            moved = await _move_over(owner, old, new) if new != old["media_file"] else []
            if follow and moved:
                await engine.execute(
                    "update source set media_file = $1 where media_file = (select id from media_file"
                    " where id = $2 and ref_count = 0)",
                    new,
                    old["media_file"],
                )
            if also is not None:
                await also(id)
            for person in {owner, *moved}:
                await engine.notify("library", {"owner": person})
        return len(moved)

    return await retrying(run)


async def _move_over(owner: int, old: dict[str, Any], new: int) -> list[int]:
    """Entries, what was watched and the chapters go from one file to another -> the owners of the entries."""
    rows = await engine.fetch(
        "update library_item set media_file = $1 where media_file = $2 and (owner = $3 or ($4 and source = $5))"
        " returning owner",
        new,
        old["media_file"],
        owner,
        old["damaged"],
        old["source"],
    )
    owners = [row["owner"] for row in rows]
    await engine.execute(
        "insert into watch (owner, media_file, position) select owner, $1, position from watch"
        " where media_file = $2 and owner = any($3::bigint[]) on conflict do nothing",
        new,
        old["media_file"],
        owners,
    )
    await engine.execute(
        "update media_file n set chapters = o.chapters from media_file o"
        " where n.id = $1 and o.id = $2 and n.chapters = '[]'",
        new,
        old["media_file"],
    )
    return owners


class Unannounced(Exception):
    """The file's row went, or lost its last reference, after it was looked at: begin again."""


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
    """Commit the file's row before its bytes are placed -> whether this is its first reference, and is claimed for.

    A crash after the bytes were placed then leaves a file that this database knows and nobody holds.
    """
    ownership.require()
    if await engine.fetchval("select ref_count from media_file where sha256 = $1", staged.sha256):
        return False
    await ownership.before_reference()
    await engine.execute(_ROW + " on conflict do nothing", *_values(staged, facts, side_files))
    return True


_ROW = """
insert into media_file as m (sha256, size, kind, ext, duration, width, height, video_codec, audio_codec, poster,
  subtitles, playable, chapters) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::text::jsonb)
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
        "poster.jpg" in side_files,
        sorted(name.removesuffix(".vtt") for name in side_files if name.endswith(".vtt")),
        facts.playable,
        json.dumps(facts.chapters),
    ]


async def _place(
    staged: blob_store.Staged,
    facts: MediaFacts,
    side_files: Mapping[str, Path],
    *,
    claimed: bool,
    anew: bool = False,
) -> int:
    """Take the lock of the file's row and bring the bytes to their place under it. Raises `Unannounced`.

    `anew`: they replace what is stored, as they do if that is known to be damaged.
    """
    row = await engine.fetchrow(
        _ROW + " on conflict (sha256) do update set poster = m.poster or excluded.poster,"
        "  playable = coalesce(excluded.playable, m.playable),"
        "  chapters = case excluded.chapters when '[]' then m.chapters else excluded.chapters end, subtitles ="
        "  (select coalesce(array_agg(distinct name order by name), '{}')"
        "   from unnest(m.subtitles || excluded.subtitles) as name)"
        " returning id, ext, damaged_at, ref_count, poster, subtitles, xmax = 0 as fresh",
        *_values(staged, facts, side_files),
    )
    assert row is not None
    if row["fresh"] or (row["ref_count"] == 0 and not claimed):
        raise Unannounced
    if anew or row["damaged_at"] is not None:
        await blob_store.in_thread(blob_store.replace, staged, row["ext"])
        await engine.execute("update media_file set damaged_at = null, checked_at = now() where id = $1", row["id"])
        await engine.execute("select mf_file_replaced($1)", row["id"])  # links in exported trees lead to the old one
    await blob_store.in_thread(blob_store.place, staged, row["ext"], side_files)
    if row["ref_count"] == 0:
        await _forget_absent(row, staged.sha256)
    return int(row["id"])


async def _forget_absent(row: dict[str, Any], sha256: bytes) -> None:
    """A row that nobody held may speak of side files that a crash kept from their place."""
    names = unknown.side_names(row)
    if not names:
        return
    absent = await mount.in_thread(
        lambda: [name for name in names if blob_store.size_of(blob_store.path_of(sha256, name)) is None]
    )
    if absent:
        await engine.execute(
            "update media_file set poster = poster and not $2, subtitles = array(select name from unnest(subtitles)"
            " as name where name <> all($3::text[]) order by name) where id = $1",
            row["id"],
            "poster.jpg" in absent,
            [name.removesuffix(".vtt") for name in absent],
        )


async def _insert(owner: int, media_file: int, entry: Entry) -> int:
    return int(
        await engine.fetchval(
            "insert into library_item (owner, folder, media_file, title, source, source_url, site, uploader)"
            # A folder that was deleted meanwhile is the top; one that is there stays until our commit.
            " values ($1, (select id from folder where id = $2 and owner = $1 for key share), $3, $4,"
            " (select id from source where id = $5 for key share), $6, $7, $8) returning id",
            owner,
            entry.folder_id,
            media_file,
            clean_title(entry.title),
            entry.source_id,
            entry.source_url,
            entry.site,
            entry.uploader,
        )
    )


def clean_title(title: str) -> str:
    """A title on one line, of a sane length, without what PostgreSQL cannot keep."""
    return " ".join("".join(c if c.isprintable() else " " for c in title).split())[:_TITLE] or "Untitled"


async def link(owner: int, media_file: int, entry: Entry, also: Also | None = None) -> int | None:
    """Add what is there already, without bytes in hand -> the item's id.

    None where nobody holds the file any more: then it may be gone, or go in a moment.
    """
    async with engine.transaction():
        held = await engine.fetchval("select id from media_file where id = $1 and ref_count > 0 for update", media_file)
        if held is None:
            return None
        item = await _insert(owner, media_file, entry)
        if also is not None:
            await also(item)
        await engine.notify("library", {"owner": owner})
    return item


async def copy(id: int, owner: int, folder: int | None) -> int:
    """One more reference to an item's file, in another folder -> the new item's id.

    Where the file is in that folder already, its item. Raises `NotFound`.
    """
    async with engine.transaction():
        await _own_folder(owner, folder)
        row = await engine.fetchrow(
            "select media_file, title, source, source_url, site, uploader from library_item"
            " where id = $1 and owner = $2",
            id,
            owner,
        )
        if row is None:
            raise errors.NotFound("There is no such item.")
        there = await engine.fetchval(
            "select id from library_item where owner = $1 and media_file = $2 and trashed_at is null"
            " and coalesce(folder, 0) = coalesce($3::bigint, 0) order by id limit 1",
            owner,
            row["media_file"],
            folder,
        )
        if there is not None:
            return int(there)
        source = {name: row[name] for name in ("source_url", "site", "uploader")}
        made = await link(owner, row["media_file"], Entry(row["title"], folder, row["source"], **source))
        if made is None:
            raise errors.NotFound("The file of that item is gone.")
        return made


# ---- changes -------------------------------------------------------------------------------------------


async def rename(id: int, owner: int, title: str) -> None:
    """Raises `NotFound`, `Invalid`."""
    if not title.strip():
        raise errors.Invalid("Give the item a title.")
    await _change(id, owner, "title = $3", clean_title(title))


async def move(id: int, owner: int, folder: int | None) -> None:
    """Put it into another folder of the same person; None: the top. Raises `NotFound`."""
    async with engine.transaction():
        await _own_folder(owner, folder)
        await _change(id, owner, "folder = $3", folder)


async def watched(id: int, owner: int, position: float) -> None:
    """Remember how far a person has watched the item's file, in seconds. Raises `NotFound`."""
    done = await engine.fetchval(
        "insert into watch (owner, media_file, position) select $2, media_file, $3 from library_item"
        " where id = $1 and owner = $2"
        " on conflict (owner, media_file) do update set position = excluded.position, updated_at = now() returning 1",
        id,
        owner,
        position,
    )
    if done is None:
        raise errors.NotFound("There is no such item.")


async def _change(id: int, owner: int, change: str, *values: Any) -> None:
    async with engine.transaction():
        sql = f"update library_item set {change} where id = $1 and owner = $2 returning id"
        if await engine.fetchval(sql, id, owner, *values) is None:
            raise errors.NotFound("There is no such item.")
        await engine.notify("library", {"owner": owner})


async def _own_folder(owner: int, folder: int | None) -> None:
    """The folder stays this person's until our commit. Raises `NotFound`."""
    if folder is None:
        return
    if await engine.fetchval("select id from folder where id = $1 and owner = $2 for key share", folder, owner) is None:
        raise errors.NotFound("There is no such folder.")
