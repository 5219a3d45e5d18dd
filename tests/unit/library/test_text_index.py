"""Search terms and sort keys in the rows: written with every title, computed again for another version."""

import asyncio

import pytest

from mediafetcher.db import engine
from mediafetcher.library.catalog import bulk, folders, items, queries, text_index
from tests.waiting import eventually

TITLES = ["東京の朝の市場を歩く", "Été à la plage", "می\u200cخواهم فیلم ببینم", "C++ in an hour", "L’été indien"]
FOUND = [("市場", 0), ("été plage", 1), ("میخواهم", 2), ("c++", 3), ("l'ete ind", 4)]


async def _found(owner: int, q: str) -> list[int]:
    return [row["id"] for row in (await queries.search(owner, q))["items"]]


async def _titles(owner: int, sort: str) -> list[str]:
    """In pages of two, so that the cursor is part of the order."""
    found, cursor = [], None
    while True:
        page = await queries.page(owner, sort=sort, cursor=cursor, limit=2)
        found += [row["title"] for row in page["items"]]
        if (cursor := page["next"]) is None:
            return found


async def test_item_is_found_in_its_script(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    ids = [await put(str(n).encode(), title) for n, title in enumerate(TITLES)]
    assert [row["title"] for row in reversed((await queries.page(owner))["items"])] == TITLES
    for q, n in FOUND:
        assert await _found(owner, q) == [ids[n]], q


async def test_titles_sort_as_readers_expect(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    expected = ["apple", "Éclair", "Episode 2", "Episode 10", "œuvre", "Zoo"]
    for n, title in enumerate(reversed(expected)):
        await put(str(n).encode(), title)
    assert await _titles(owner, "title") == expected
    assert await _titles(owner, "-title") == expected[::-1]


async def test_folders_sort_as_readers_expect(owner: int) -> None:
    for path in ("Zoo", "Éclair", "A b", "A", "A/Season 10", "A/Season 2", "apple"):
        await folders.ensure(owner, path)
    paths = [row["path"] for row in await folders.tree(owner)]
    assert paths == ["A", "A/Season 2", "A/Season 10", "A b", "apple", "Éclair", "Zoo"]


async def test_every_change_of_a_title_changes_its_terms(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    item = await put(b"1", "Zoo", uploader="Someone")
    await items.rename(item, owner, "京都の夜")
    copied = await items.copy(item, owner, await folders.ensure(owner, "A"))
    await bulk.copy(owner, [item], "B")
    assert len(await _found(owner, "都の")) == 3
    assert await _found(owner, "zoo") == []
    assert copied in await _found(owner, "someone 夜")
    assert await engine.fetchval("select count(*) from library_item where text_version <> $1", text_index.VERSION) == 0


async def test_title_changed_without_its_terms_is_recomputed(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    item = await put(b"1", "Zoo")
    await engine.execute("update library_item set title = 'Éclair 2', uploader = 'Gaël' where id = $1", item)
    assert await text_index.rebuild() == 1
    assert await _found(owner, "eclair gael") == [item]
    assert await text_index.rebuild() == 0


@pytest.mark.parametrize("version", [0, 999])
async def test_rebuild_goes_on_after_an_interruption(owner: int, put, version: int, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    await put(b"1", "x")
    await engine.execute(
        "insert into library_item (owner, media_file, title, text_version) select $1, m.id, '市場 ' || n, $2"
        " from media_file m, generate_series(1, 30) n",
        owner,
        version,
    )
    monkeypatch.setattr(text_index, "_BATCH", 10)
    ended = asyncio.create_task(text_index.rebuild())
    await eventually(lambda: _found(owner, "場"), pause=0)
    ended.cancel()
    await asyncio.wait({ended})
    both = await asyncio.gather(text_index.rebuild(), text_index.rebuild())
    await text_index.rebuild()
    assert sum(both) <= 20
    assert len((await queries.page(owner, q="場", limit=100))["items"]) == 30


async def test_rebuild_notes_no_change_of_the_library(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    await put(b"1", "x")
    await engine.execute("update journal_state set recording = true")
    await engine.execute("delete from journal_change")
    await engine.execute("update library_item set text_version = 0")
    assert await text_index.rebuild() == 1
    assert await engine.fetchval("select count(*) from journal_change") == 0
