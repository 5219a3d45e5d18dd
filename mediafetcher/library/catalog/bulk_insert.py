"""Many files at once: what `items.add_media` does for one, in one transaction for all of them.

The order of writes is the same: every file is staged, the rows of all are locked, the bytes go to their places, then
the items come, then the commit. One commit and one sync of each folder serve all; an error leaves none of them.

Before that the rows are committed, held by nobody: what a crash leaves in the store is known then, and the sweeper
removes it as it removes everything that nobody holds any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mediafetcher.db import engine
from mediafetcher.library.catalog import items
from mediafetcher.library.storage import blob_store, ownership


@dataclass(frozen=True)
class Incoming:
    """A staged file on its way into a library. `key` and `url`: of the row of `source` by which it is remembered."""

    staged: blob_store.Staged
    facts: items.MediaFacts
    title: str
    folder: int | None
    key: str
    url: str
    side_files: Mapping[str, Path] = field(default_factory=dict)
    anew: bool = False  # what lies at its place is replaced: somebody else may write to it


@dataclass(frozen=True)
class Added:
    """`fresh` False: the person had these bytes in this folder, and `item` is where."""

    item: int
    fresh: bool


@engine.patiently
async def add(owner: int, files: Sequence[Incoming]) -> list[Added]:
    """Add staged files to a library -> what became of each, in their order. Equal bytes are kept once, and counted.

    A file that the person has in that folder already is not added again; one in the trash is restored. If one file
    cannot be added, none is. Raises `Away`.
    """

    async def run() -> list[Added]:
        claimed = await _announce(files)
        async with engine.transaction():
            rows = await _place(files, claimed)
            wanted = [(rows[file.staged.sha256], file.folder) for file in files]
            there = await _there(owner, wanted)
            fresh = await _restore(owner, [pair for pair in wanted if pair not in there])
            fresh |= await _insert(owner, files, wanted, there | fresh)
            there |= fresh
            await _remember(files, [pair[0] for pair in wanted])
            if fresh:
                await engine.notify("library", {"owner": owner})
        # Of equal ones in one folder the first is the new one.
        return [Added(there[pair], fresh.pop(pair, None) is not None) for pair in wanted]

    return await items.retrying(run)


_Pair = tuple[int, int | None]  # media file and folder


_ROWS = """
insert into media_file as m
  (sha256, size, kind, ext, duration, width, height, video_codec, audio_codec, playable, poster)
  select * from unnest($1::bytea[], $2::bigint[], $3::text[], $4::text[], $5::float8[], $6::int[], $7::int[],
    $8::text[], $9::text[], $10::boolean[], $11::boolean[])
"""


def _columns(files: Sequence[Incoming]) -> list[list[Any]]:
    """The values of `_ROWS`, in the order of the hashes as in every other batch: two never wait for each other."""
    distinct = [file for _, file in sorted({file.staged.sha256: file for file in files}.items())]
    facts = [file.facts for file in distinct]
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
        ["poster.jpg" in file.side_files for file in distinct],
    ]


async def _announce(files: Sequence[Incoming]) -> bool:
    """Commit the rows before the bytes are placed -> whether some get their first reference, and are claimed for."""
    ownership.require()
    held = await engine.fetchval(
        "select count(*) from media_file where sha256 = any($1) and ref_count > 0",
        [file.staged.sha256 for file in files],
    )
    if held == len({file.staged.sha256 for file in files}):
        return False
    await ownership.before_reference()
    await engine.execute(_ROWS + "on conflict do nothing", *_columns(files))
    return True


async def _place(files: Sequence[Incoming], claimed: bool) -> dict[bytes, int]:
    """Lock the rows of all and bring the bytes to their places -> hash, id. Raises `items.Unannounced`."""
    rows = await engine.fetch(
        _ROWS + "on conflict (sha256) do update set playable = coalesce(excluded.playable, m.playable)"
        " returning id, sha256, ext, ref_count, xmax = 0 as fresh",
        *_columns(files),
    )
    if any(row["fresh"] or (row["ref_count"] == 0 and not claimed) for row in rows):
        raise items.Unannounced
    with_poster = [file.staged.sha256 for file in files if "poster.jpg" in file.side_files]
    if with_poster:
        await engine.execute("update media_file set poster = true where sha256 = any($1) and not poster", with_poster)
    exts = {row["sha256"]: row["ext"] for row in rows}
    for file in files:
        if file.anew:
            await blob_store.in_thread(blob_store.replace, file.staged, exts[file.staged.sha256])
    await blob_store.in_thread(
        blob_store.place_all, [(file.staged, exts[file.staged.sha256], file.side_files) for file in files]
    )
    return {row["sha256"]: row["id"] for row in rows}


async def _there(owner: int, wanted: list[_Pair]) -> dict[_Pair, int]:
    """Under the locks of the files' rows, so two imports at once do not both add."""
    rows = await engine.fetch(
        "select media_file, folder, min(id) as item from library_item where owner = $1 and media_file = any($2)"
        " and trashed_at is null group by media_file, folder",
        owner,
        [media_file for media_file, _ in wanted],
    )
    found = {(row["media_file"], row["folder"]): row["item"] for row in rows}
    return {pair: found[pair] for pair in wanted if pair in found}


async def _restore(owner: int, wanted: list[_Pair]) -> dict[_Pair, int]:
    """Bring those back that are in the trash, the last of equal ones."""
    rows = await engine.fetch(
        "select distinct on (media_file, folder) media_file, folder, id from library_item"
        " where owner = $1 and media_file = any($2::bigint[]) and trashed_at is not null"
        " order by media_file, folder, trashed_at desc",
        owner,
        [media_file for media_file, _ in wanted],
    )
    found = {(row["media_file"], row["folder"]): row["id"] for row in rows}
    back = {pair: found[pair] for pair in wanted if pair in found}
    if back:
        await engine.execute(
            "update library_item set trashed_at = null where id = any($1::bigint[])", sorted(back.values())
        )
    return back


async def _insert(
    owner: int, files: Sequence[Incoming], wanted: list[_Pair], there: dict[_Pair, int]
) -> dict[_Pair, int]:
    titles: dict[_Pair, str] = {}
    for file, pair in zip(files, wanted, strict=True):
        if pair not in there:
            titles.setdefault(pair, items.clean_title(file.title))
    rows = await engine.fetch(
        "insert into library_item (owner, folder, media_file, title) select $1, folder, media_file, title"
        " from unnest($2::bigint[], $3::bigint[], $4::text[]) with ordinality as x (media_file, folder, title, n)"
        " order by n returning id, media_file, folder",
        owner,
        [media_file for media_file, _ in titles],
        [folder for _, folder in titles],
        list(titles.values()),
    )
    return {(row["media_file"], row["folder"]): row["id"] for row in rows}


async def _remember(files: Sequence[Incoming], media_files: list[int]) -> None:
    rows = {file.key: (file.url, media_file) for file, media_file in zip(files, media_files, strict=True)}
    await engine.execute(
        "insert into source (key, url, media_file) select * from unnest($1::text[], $2::text[], $3::bigint[])"
        " on conflict (key) do update set media_file = excluded.media_file",
        list(rows),
        [url for url, _ in rows.values()],
        [media_file for _, media_file in rows.values()],
    )
