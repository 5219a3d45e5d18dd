"""Place the bytes of a file and merge its row.

Before a file is placed, its row is committed without a reference, so that a crash leaves at worst a file that the
sweeper knows. Then its row is locked, its bytes are placed, and the caller adds the reference in the same transaction.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mediafetcher.db import engine
from mediafetcher.db.expressions import NOW
from mediafetcher.db.tables import MediaFile
from mediafetcher.library.storage import blob_store, mount, ownership, unknown
from mediafetcher.media import posters

if TYPE_CHECKING:
    from mediafetcher.library.catalog.items import MediaFacts

_T = TypeVar("_T")


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


async def announce(staged: blob_store.Staged, facts: "MediaFacts", side_files: Mapping[str, Path]) -> bool:
    """Commit the file's row before its bytes are placed. Returns: whether this is its first reference, and is claimed.

    A crash after the bytes were placed then leaves a file that the database knows as unreferenced.
    """
    ownership.require()
    if await MediaFile.exists().where(MediaFile.sha256 == staged.sha256, MediaFile.ref_count != 0):
        return False
    await ownership.before_reference()
    await engine.execute(_ROW + " on conflict do nothing", *_values(staged, facts, side_files))
    return True


# A file is merged with its row, and the row locked, in one round trip (`place`).
_ROW = """
insert into media_file as m (sha256, size, kind, ext, duration, width, height, video_codec, audio_codec, poster,
  subtitles, playable, chapters, cut_at_origin, audio_tracks)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::text::jsonb, $14, $15::text::jsonb)
"""


def _values(staged: blob_store.Staged, facts: "MediaFacts", side_files: Mapping[str, Path]) -> list[Any]:
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


async def place(
    staged: blob_store.Staged,
    facts: "MediaFacts",
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
