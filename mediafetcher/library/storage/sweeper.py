"""Removing files: the only code that unlinks from the store.

A file goes when its row has counted no reference for the grace period, under the lock of that row, which `add_media`
takes too: so a file never vanishes under a new reference. A file without a row is removed only after its hash was
claimed by an INSERT, which is the same lock. Nothing is removed while the store is in doubt.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediafetcher.core import clock, errors, logging, settings
from mediafetcher.db import engine
from mediafetcher.library.storage import blob_store, clock_guard, mount, running

NAME = re.compile(r"^([0-9a-f]{64})[.]([A-Za-z0-9.-]{1,40})$")  # a file of the store: hash, and what kind of file
_BATCH = 500
_SCAN = 3600.0  # seconds between two walks over the whole store
_FEW = 20  # strays up to here are what crashes leave; many more are a mistake of somebody, and stay

_log = logging.get("sweeper")
_scanned: tuple[Path, float] | None = None


async def sweep(*, strays: bool | None = None) -> int:
    """Remove what nobody holds any more and what crashes left -> files removed.

    Nothing while the store is away, or the clock in doubt.

    `strays`: also walk over the store for files without a row; by itself it does so once an hour.
    """
    global _scanned
    if mount.state().state in ("offline", "read_only") or (now := await clock_guard.now()) is None:
        return 0
    try:
        removed = await _dead(now.theirs) + await mount.in_thread(_leftovers, now.ours)
        here = clock.monotonic()
        due = _scanned is None or _scanned[0] != mount.root() or here - _scanned[1] > _SCAN
        if due if strays is None else strays:
            _scanned = (mount.root(), here)
            removed += await _strays(now.ours)
    except (errors.MediaOffline, errors.MediaReadOnly) as problem:
        _log.warning("nothing is removed while the store is in doubt", reason=problem.code)
        return 0
    return removed


def side_names(row: dict[str, Any]) -> list[str]:
    """The names (for `store.path_of`) of the side files that a row of `media_file` says it has."""
    return (["poster.jpg"] if row["poster"] else []) + [f"{language}.vtt" for language in row["subtitles"]]


async def remove_dead(media_file: int, now: float | None = None) -> bool:
    """Remove one file whose last reference went, if its grace period is over -> whether it is gone.

    `now`: seconds since 1970 by the database's clock, where it was believed; without, its clock is asked.
    """
    async with engine.transaction():
        row = await engine.fetchrow(
            "select id, sha256, ext, poster, subtitles from media_file m"
            " where id = $1 and ref_count = 0"
            " and dead_at <= coalesce(to_timestamp($3), now()) - make_interval(secs => $2)"
            " and unreferenced_running_seconds <= mf_running_seconds() - $4"
            " and not exists (select from library_item i where i.media_file = m.id)"
            " for update skip locked",
            media_file,
            settings.get().grace_hours * 3600,
            now,
            running.least(settings.get().grace_hours * 3600),
        )
        if row is None:
            return False
        # The picture is asked for even where the row does not know of it: a crash may have left it.
        names = {row["ext"], "poster.jpg", *side_names(row)}
        await blob_store.in_thread(blob_store.remove, row["sha256"], sorted(names))
        await engine.execute("delete from media_file where id = $1", media_file)
    return True


async def _dead(now: float) -> int:
    removed, last = 0, 0
    while True:
        rows = await engine.fetch(
            "select id, sha256, ext from media_file"
            " where ref_count = 0 and dead_at <= to_timestamp($1) and id > $2"
            " and unreferenced_running_seconds <= mf_running_seconds() - $4 order by id limit $3",
            now - settings.get().grace_hours * 3600,
            last,
            _BATCH,
            running.least(settings.get().grace_hours * 3600),
        )
        if await mount.in_thread(_outage, rows):
            _log.warning("many files are not there: nothing is removed, `mediafetcher check` tells more")
            return removed
        for row in rows:
            removed += await remove_dead(row["id"], now)
            last = row["id"]
        if len(rows) < _BATCH:
            return removed


def _outage(rows: list[dict[str, Any]]) -> bool:
    """Whether so many of these files are missing that part of the store must be away. In a thread."""
    with mount.writing():
        mount.require()
        missing = sum(blob_store.size_of(blob_store.path_of(row["sha256"], row["ext"])) is None for row in rows)
    return missing > _FEW and missing * 5 > len(rows)


# ---- what crashes leave --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stored:
    """A file as it lies in the store; `kind` is what follows the hash, e.g. `mp4` or `poster.jpg`."""

    path: Path
    sha256: bytes
    kind: str


def walk() -> Iterator[Stored | Path]:
    """Every file of the store; one whose name is not ours as a plain path. In a thread."""
    for folder in _folders():
        yield from _files(folder)


def _folders() -> list[Path]:
    root = mount.root() / "store"
    return [root / name for name in sorted(os.listdir(root)) if not name.startswith((".", "@"))]  # a NAS's own


def _files(folder: Path) -> Iterator[Stored | Path]:
    if not folder.is_dir():
        yield folder
        return
    for name in sorted(os.listdir(folder)):
        match = NAME.match(name)
        if match and match[1].startswith(folder.name):
            yield Stored(folder / name, bytes.fromhex(match[1]), match[2])
        elif not name.startswith((".", "@")) and name not in ("Thumbs.db", "desktop.ini"):
            yield folder / name


def _list(folder: Path) -> list[Stored | Path]:
    return list(_files(folder))


def leftovers(now: float | None = None) -> list[Path]:
    """The files of `incoming/` that nobody will finish. In a thread."""
    return [path for path in mount.incoming().iterdir() if path.is_file() and blob_store.abandoned(path, now)]


def _leftovers(now: float) -> int:
    with mount.writing():
        mount.require()
        found = leftovers(now)
        for path in found:
            blob_store.clear(path)
    return len(found)


async def find_strays(now: float | None = None) -> list[Stored]:
    """Files of the store that no row speaks of, older than the grace period; `now` as for `store.age`."""
    grace = settings.get().grace_hours * 3600
    strays: list[Stored] = []
    with mount.writing():
        for folder in await mount.in_thread(_folders):  # one by one: a store may have millions of files
            found = [file for file in await mount.in_thread(_list, folder) if isinstance(file, Stored)]
            known = await _known({file.sha256 for file in found})
            strays += [file for file in found if file.kind not in known.get(file.sha256, ())]
    return await mount.in_thread(lambda: [file for file in strays if blob_store.age(file.path, now) >= grace])


async def _known(hashes: set[bytes]) -> dict[bytes, set[str]]:
    """The files that rows speak of: hash -> kinds."""
    rows = await engine.fetch(
        "select sha256, ext, poster, subtitles, ref_count from media_file where sha256 = any($1::bytea[])", list(hashes)
    )
    return {row["sha256"]: _kinds(row) for row in rows}


def _kinds(row: dict[str, Any]) -> set[str]:
    # Those of a file that nobody holds go with it, when its grace period is over.
    dead = ["poster.jpg"] if row["ref_count"] == 0 else []
    return {row["ext"].removeprefix("."), *side_names(row), *dead}


async def remove_stray(file: Stored, *, look_only: bool = False) -> bool:
    """Remove a file that nobody holds -> whether it was one still, now that nobody can place it.

    Its hash is claimed by an INSERT, or the row that has it is locked: whoever is placing this very file commits
    first. `look_only` leaves the file, and finds nothing wrong with one whose row waits for the sweeper.
    """
    async with engine.transaction():
        claimed = await engine.fetchval(
            "insert into media_file (sha256, size, kind, ext) values ($1, 0, 'stray', '.stray')"
            " on conflict do nothing returning id",
            file.sha256,
        )
        row = (
            None
            if claimed
            else await engine.fetchrow(
                "select ext, poster, subtitles, ref_count from media_file where sha256 = $1 for update", file.sha256
            )
        )
        held = row is not None and (look_only or row["ref_count"] > 0) and file.kind in _kinds(row)
        stray = not held and (claimed is not None or row is not None) and await mount.in_thread(_exists, file.path)
        if stray and not look_only:
            await blob_store.in_thread(blob_store.remove, file.sha256, [file.kind])
        if claimed is not None:
            await engine.execute("delete from media_file where id = $1", claimed)
    return stray


def _exists(path: Path) -> bool:
    with mount.writing():
        return path.exists()


async def take_back(staged: blob_store.Staged, names: list[str]) -> None:
    """Remove what was staged, and what was placed for rows that were then not committed, unless others have it.

    `names` as for `store.path_of`.
    """
    blob_store.forsake(staged)
    with contextlib.suppress(errors.Away):  # a later sweep finds it
        await mount.in_thread(blob_store.discard, staged)
    for name in names:
        file = Stored(blob_store.path_of(staged.sha256, name), staged.sha256, name.removeprefix("."))
        with contextlib.suppress(errors.Away):
            await remove_stray(file)


async def _strays(now: float) -> int:
    found = await find_strays(now)
    if len(found) > _FEW and len(found) > await engine.fetchval("select count(*) / 10 from media_file"):
        # No crash leaves so many. It may be the store of a database that was lost, or an older backup of it.
        _log.warning("many files without a row stay where they are: `mediafetcher check` names them", count=len(found))
        return 0
    return sum([await remove_stray(file) for file in found])
