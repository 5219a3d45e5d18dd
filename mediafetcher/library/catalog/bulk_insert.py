"""Add many files: the same as `items.add_media`, in one transaction for all of them.

The order of writes is the same: every file is staged, the rows are locked, the bytes are placed, the items are
inserted, the transaction is committed. One commit and one sync of each folder serve all; an error leaves none of them.

Before that, the rows are committed without references. Files that a crash leaves in the store are therefore known, and
the sweeper removes them like all unreferenced files.
"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from piccolo.query.functions.aggregate import Min

from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.db import engine, many, notifications
from mediafetcher.db.expressions import among, is_false
from mediafetcher.db.tables import Folder, LibraryItem, MediaFile, Source
from mediafetcher.library.catalog import items, metadata, placing, text_index
from mediafetcher.library.storage import blob_store, ownership
from mediafetcher.media import posters


@dataclass(frozen=True)
class Incoming:
    """A staged file to be added. `key` and `url`: of the row of `source` that records it."""

    staged: blob_store.Staged
    facts: items.MediaFacts
    title: str
    folder: int | None
    key: str
    url: str
    side_files: Mapping[str, Path] = field(default_factory=dict)
    replaces: bool = False  # replace the stored bytes: another program may write to them
    metadata: SourceMetadata | None = None


@dataclass(frozen=True)
class Added:
    """`fresh` False: the user already had these bytes in this folder, as `item`."""

    item: int
    fresh: bool


class FolderMissing(Exception):
    """A folder was deleted after the caller looked it up. Nothing was written; look it up again."""


@engine.patiently
async def add(owner: int, files: Sequence[Incoming]) -> list[Added]:
    """Add staged files to a library. Returns: the result of each, in order. Equal bytes are stored once, and counted.

    A file that the user already has in that folder is not added again; one in the trash is restored. If one file cannot
    be added, none is. Raises: `Unavailable`, `FolderMissing`.
    """

    async def run() -> list[Added]:
        claimed = await _announce(files)
        async with engine.transaction():
            await _keep_folders(owner, {file.folder for file in files} - {None})
            rows = await _place(files, claimed=claimed)
            wanted = [(rows[file.staged.sha256], file.folder) for file in files]
            there = await _there(owner, wanted)
            fresh = await _restore(owner, [pair for pair in wanted if pair not in there])
            fresh |= await _insert(owner, files, wanted, there | fresh)
            there |= fresh
            await _remember(files, [pair[0] for pair in wanted])
            for file, pair in zip(files, wanted, strict=True):
                if pair in fresh:
                    await metadata.attach(there[pair], [file.key], file.metadata, private=True)
            if fresh:
                await notifications.notify("library", {"owner": owner})
        # Of equal files in one folder the first is the new one.
        return [Added(there[pair], fresh.pop(pair, None) is not None) for pair in wanted]

    return await placing.retrying(run)


async def _keep_folders(owner: int, folders: Set[int | None]) -> None:
    """Keep the folders from deletion until our commit. Raises: `FolderMissing`."""
    table = Folder
    kept = table.select(table.id).where(among(table.id, folders), table.owner == owner)
    rows = await kept.order_by(table.id).lock_rows("KEY SHARE")
    if len(rows) < len(folders):
        raise FolderMissing


_Pair = tuple[int, int | None]  # media file and folder


# Hundreds of rows in one round trip, merged with those that exist.
_ROWS = """
insert into media_file as m
  (sha256, size, kind, ext, duration, width, height, video_codec, audio_codec, playable, poster, subtitles, chapters,
    audio_tracks)
  select sha256, size, kind, ext, duration, width, height, video_codec, audio_codec, playable, poster,
    array(select jsonb_array_elements_text(subtitles)), chapters, audio_tracks
  from unnest($1::bytea[], $2::bigint[], $3::text[], $4::text[], $5::float8[], $6::int[], $7::int[],
    $8::text[], $9::text[], $10::boolean[], $11::boolean[], $12::text[]::jsonb[], $13::text[]::jsonb[],
    $14::text[]::jsonb[])
    as x (sha256, size, kind, ext, duration, width, height, video_codec, audio_codec, playable, poster, subtitles,
      chapters, audio_tracks)
"""


def _columns(files: Sequence[Incoming]) -> list[list[Any]]:
    """Return the values of `_ROWS` in the order of the hashes, so that concurrent batches do not deadlock."""
    distinct = [file for _, file in sorted({file.staged.sha256: file for file in files}.items())]
    facts = [file.facts for file in distinct]
    languages: dict[bytes, set[str]] = {file.staged.sha256: set() for file in distinct}
    for file in files:  # equal files may come with different texts
        texts = (name for name in file.side_files if name.endswith(".vtt"))
        languages[file.staged.sha256].update(name.removesuffix(".vtt") for name in texts)
    return [
        [file.staged.sha256 for file in distinct],
        [file.staged.size for file in distinct],
        [one.kind for one in facts],
        [one.ext for one in facts],
        [one.duration for one in facts],
        [one.width for one in facts],
        [one.height for one in facts],
        [one.video_codec for one in facts],
        [one.audio_codec for one in facts],
        [one.playable for one in facts],
        [posters.NAME in file.side_files for file in distinct],
        [json.dumps(sorted(languages[file.staged.sha256])) for file in distinct],
        [json.dumps(one.chapters) for one in facts],
        [one.audio_as_json() for one in facts],
    ]


async def _announce(files: Sequence[Incoming]) -> bool:
    """Commit the rows before the bytes are placed. Returns: whether some get their first reference, and are claimed."""
    ownership.require()
    hashes = {file.staged.sha256 for file in files}
    held = await MediaFile.count().where(among(MediaFile.sha256, hashes), MediaFile.ref_count > 0)
    if held == len(hashes):
        return False
    await ownership.before_reference()
    await engine.execute(_ROWS + "on conflict do nothing", *_columns(files))
    return True


async def _place(files: Sequence[Incoming], *, claimed: bool) -> dict[bytes, int]:
    """Lock all rows and place the bytes. Returns: id by hash. Raises: `placing.Unannounced`."""
    rows = await engine.fetch(
        _ROWS + "on conflict (sha256) do update set playable = coalesce(excluded.playable, m.playable),"
        "  chapters = case m.chapters when '[]' then excluded.chapters else m.chapters end, subtitles ="
        "  (select coalesce(array_agg(distinct name order by name), '{}')"
        "   from unnest(m.subtitles || excluded.subtitles) as name)"
        " returning id, sha256, ext, ref_count, xmax = 0 as fresh",
        *_columns(files),
    )
    if any(row["fresh"] or (row["ref_count"] == 0 and not claimed) for row in rows):
        raise placing.Unannounced
    with_poster = [file.staged.sha256 for file in files if posters.NAME in file.side_files]
    if with_poster:
        without = among(MediaFile.sha256, with_poster) & is_false(MediaFile.poster)
        await MediaFile.update({MediaFile.poster: True}).where(without)
    exts = {row["sha256"]: row["ext"] for row in rows}
    for file in files:
        if file.replaces:
            await blob_store.run_io(blob_store.replace, file.staged, exts[file.staged.sha256])
    await blob_store.run_io(
        blob_store.place_all, [(file.staged, exts[file.staged.sha256], file.side_files) for file in files]
    )
    return {row["sha256"]: row["id"] for row in rows}


async def _there(owner: int, wanted: list[_Pair]) -> dict[_Pair, int]:
    """Find existing items under the locks of the files' rows, so that concurrent imports do not both add."""
    table = LibraryItem
    mine = (table.owner == owner) & among(table.media_file, [media_file for media_file, _ in wanted])
    first = table.select(table.media_file, table.folder, Min(table.id, alias="item"))
    rows = await first.where(mine, table.trashed_at.is_null()).group_by(table.media_file, table.folder)
    found = {(row["media_file"], row["folder"]): row["item"] for row in rows}
    return {pair: found[pair] for pair in wanted if pair in found}


async def _restore(owner: int, wanted: list[_Pair]) -> dict[_Pair, int]:
    """Restore the items that are in the trash, the last of equal ones."""
    table, pair = LibraryItem, (LibraryItem.media_file, LibraryItem.folder)
    mine = (table.owner == owner) & among(table.media_file, [media_file for media_file, _ in wanted])
    trashed = table.select(*pair, table.id).distinct(on=list(pair)).where(mine, table.trashed_at.is_not_null())
    rows = await trashed.order_by(*pair).order_by(table.trashed_at, ascending=False)
    found = {(row["media_file"], row["folder"]): row["id"] for row in rows}
    back = {pair: found[pair] for pair in wanted if pair in found}
    if back:
        await table.update({table.trashed_at: None}).where(among(table.id, sorted(back.values())))
    return back


async def _insert(
    owner: int, files: Sequence[Incoming], wanted: list[_Pair], there: dict[_Pair, int]
) -> dict[_Pair, int]:
    titles: dict[_Pair, str] = {}
    for file, pair in zip(files, wanted, strict=True):
        if pair not in there:
            titles.setdefault(pair, items.clean_title(file.title))
    texts = [text_index.of(title) for title in titles.values()]
    table = LibraryItem
    values: many.Values = {
        table.owner: [owner] * len(texts),
        table.media_file: [media_file for media_file, _ in titles],
        table.folder: [folder for _, folder in titles],
        table.title: list(titles.values()),
        table.search: [text.search for text in texts],
        table.sort_key: [text.sort_key for text in texts],
        table.text_version: [text.text_version for text in texts],
    }
    rows = await many.insert(table, values, returning=(table.id, table.media_file, table.folder))
    return {(row["media_file"], row["folder"]): row["id"] for row in rows}


async def _remember(files: Sequence[Incoming], media_files: list[int]) -> None:
    rows = {file.key: (file.url, media_file) for file, media_file in zip(files, media_files, strict=True)}
    values: many.Values = {
        Source.key: list(rows),
        Source.url: [url for url, _ in rows.values()],
        Source.media_file: [media_file for _, media_file in rows.values()],
    }
    await many.insert(Source, values, conflict="on conflict (key) do update set media_file = excluded.media_file")
