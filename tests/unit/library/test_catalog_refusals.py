"""Items, sources and folders that do not exist, or no longer, and what callers are told of them."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.db.tables import LibraryItem, MediaFile, Source
from mediafetcher.library.catalog import bulk_insert, items, known_sources, metadata, placing
from mediafetcher.library.storage import blob_store, clock_guard
from tests.unit.library.conftest import FACTS, Put


async def _file_of(item: int) -> int:
    row = await LibraryItem.select(LibraryItem.media_file).where(LibraryItem.id == item).first()
    assert row is not None
    return int(row["media_file"])


async def test_title_without_a_letter_is_refused_and_the_old_one_stays(owner: int, put: Put) -> None:
    item = await put(b"film", "A film")
    with pytest.raises(errors.Invalid):
        await items.rename(item, owner, " \t ")
    assert await engine.fetchval("select title from library_item where id = $1", item) == "A film"


async def test_replacement_of_an_unknown_item_is_refused(owner: int, other: int, put: Put, tmp_path: Path) -> None:
    item = await put(b"film")
    (tmp_path / "new").write_bytes(b"new")
    for id, user in ((item + 1000, owner), (item, other)):
        with pytest.raises(errors.NotFound):
            await items.replace(id, user, staged=await blob_store.stage(tmp_path / "new"), facts=FACTS)
    assert await LibraryItem.count() == 1


async def test_replacement_runs_the_callers_step_in_its_transaction(owner: int, put: Put, tmp_path: Path) -> None:
    item, seen = await put(b"film"), []
    (tmp_path / "new").write_bytes(b"new")

    async def note(id: int) -> None:
        seen.append((id, engine.in_transaction()))

    staged = await blob_store.stage(tmp_path / "new")
    await items.replace(item, owner, staged=staged, facts=FACTS, in_transaction=note)
    assert seen == [(item, True)]


async def test_link_runs_the_callers_step_and_its_failure_undoes_the_item(owner: int, put: Put) -> None:
    file = await _file_of(await put(b"film"))

    async def fail(_item: int) -> None:
        raise errors.Conflict("no")

    with pytest.raises(errors.Conflict):
        await items.link(owner, file, items.Entry("Again"), fail)
    assert await LibraryItem.count() == 1


async def test_add_is_tried_again_while_the_row_of_its_file_changes() -> None:
    tries = []

    async def add() -> int:
        tries.append(1)
        if len(tries) < 8:
            raise placing.Unannounced
        return 7

    with pytest.raises(placing.Unannounced):
        await placing.retrying(add)
    tries.extend([1] * 8)
    assert await placing.retrying(add) == 7


async def test_side_file_that_disappeared_is_no_longer_listed(owner: int, put: Put, tmp_path: Path) -> None:
    item = await put(b"film", side={"poster.jpg": b"jpg", "en.vtt": b"WEBVTT\n"})
    sha256 = await engine.fetchval("select sha256 from media_file")
    await LibraryItem.delete().where(LibraryItem.id == item)
    for name in ("poster.jpg", "en.vtt"):
        blob_store.path_of(sha256, name).unlink()
    await put(b"film", "The same film")
    row = await MediaFile.select(MediaFile.poster, MediaFile.subtitles).first()
    assert row == {"poster": False, "subtitles": []}


async def test_source_of_a_removed_item_is_not_remembered(owner: int, put: Put) -> None:
    await known_sources.remember(["web:1"], "https://site.example/1", await put(b"film") + 1000)
    assert await Source.count() == 0


async def test_metadata_of_a_removed_item_changes_no_other_item(owner: int, put: Put) -> None:
    item = await put(b"film")
    made = await engine.fetchval("insert into source_metadata default values returning id")
    await metadata._show(item + 1000, made)
    assert await engine.fetchval("select metadata from library_item where id = $1", item) is None


async def test_import_into_a_removed_folder_is_refused(owner: int) -> None:
    with pytest.raises(bulk_insert.FolderMissing):
        await bulk_insert._keep_folders(owner, {4711})


async def test_unused_sources_stay_while_the_clock_is_doubted(
    owner: int, monkeypatch: pytest.MonkeyPatch, run_for: Callable[[float], Awaitable[None]]
) -> None:
    async def doubted() -> None:
        return None

    await engine.execute("insert into source (key, url, touched_at) values ('a', 'b', now() - interval '9 years')")
    await run_for(10 * 366 * 86_400.0)
    monkeypatch.setattr(clock_guard, "now", doubted)
    assert await known_sources.remove_unused() == 0
    monkeypatch.undo()
    monkeypatch.setattr(known_sources, "_SLICE", 1)
    assert await known_sources.remove_unused() == 1


async def test_replacement_by_the_same_bytes_moves_no_entry(owner: int, put: Put, tmp_path: Path) -> None:
    item, seen = await put(b"film"), []
    (tmp_path / "same").write_bytes(b"film")

    async def note(id: int) -> None:
        seen.append(id)

    staged = await blob_store.stage(tmp_path / "same")
    assert await items.replace(item, owner, staged=staged, facts=FACTS, follow=True, in_transaction=note) == 0
    staged = await blob_store.stage(tmp_path / "same")
    assert await items.replace(item, owner, staged=staged, facts=FACTS, follow=True) == 0
    assert seen == [item] and await MediaFile.count() == 1
