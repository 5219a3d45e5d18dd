"""Several items at once and whole folders: one transaction each, counts exact, and never a byte copied."""

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.catalog import bulk, folders, queries, trash, watching
from tests.unit.library.conftest import clean, stored


async def _in(owner: int, folder: str) -> list[str]:
    page = await queries.page(owner, folder=folder, deep=True, limit=200)
    return sorted(f"{row['folder']}/{row['title']}" for row in page["items"])


async def test_move_and_copy_several(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    made = [await put(bytes([number]), title=f"Film {number}") for number in range(4)]
    assert await bulk.move(owner, made[:3], "A/B") == 3
    assert await bulk.move(owner, made, "a/b") == 1  # three were there
    assert await bulk.copy(owner, [*made, made[0]], "C") == 4
    assert await bulk.copy(owner, made, "C") == 0
    assert await _in(owner, "C") == [f"C/Film {number}" for number in range(4)]
    counts = await engine.fetch("select distinct ref_count from media_file")
    assert counts == [{"ref_count": 2}] and len(stored()) == 4
    await clean()


async def test_two_entries_of_one_file_are_copied_once(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    one, two = await put(b"film"), await put(b"film", title="The same")
    assert await bulk.copy(owner, [one, two], "C") == 1
    await clean()


@pytest.mark.parametrize(
    "act",
    [
        functools.partial(bulk.move, folder="New"),
        functools.partial(bulk.copy, folder="New"),
        bulk.trash,
        bulk.restore,
        functools.partial(bulk.mark_watched, seen=True),
    ],
)
async def test_one_that_is_not_theirs_undoes_all(owner: int, other: int, put, act: Callable[..., Any]) -> None:  # type: ignore[no-untyped-def]
    mine, theirs = await put(b"mine"), await put(b"theirs", owner=other)
    before = await engine.fetch("select id, folder, trashed_at from library_item order by id")
    for ids in ([mine, theirs], [mine, 987654], [], list(range(1, 1002))):
        with pytest.raises((errors.NotFound, errors.Invalid)):
            await act(owner, ids)
    assert await engine.fetch("select id, folder, trashed_at from library_item order by id") == before
    assert await folders.tree(owner) == [] and await engine.fetch("select from watch") == []


async def test_trash_and_restore_several(owner: int, other: int, put, use: Callable[..., None]) -> None:  # type: ignore[no-untyped-def]
    one, two = await put(b"alone"), await put(b"shared")
    await put(b"shared", owner=other)
    await trash.trash(one, owner)
    meaning = {"items": 2, "holders": 1, "frees": 5, "trash": True}
    assert await bulk.trash(owner, [one, two]) == {"count": 1, **meaning}
    assert await bulk.restore(owner, [one, two]) == 2
    assert await bulk.restore(owner, [one, two]) == 0
    use(trash_days=0, grace_hours=0)
    assert await bulk.trash(owner, [one, two]) == {"count": 2, **meaning, "trash": False}
    assert len(stored()) == 1
    await clean()


async def test_several_items_marked_as_watched_are_seen_at_once(owner: int, other: int, put) -> None:  # type: ignore[no-untyped-def]
    one, two, twin = await put(b"one"), await put(b"two"), await put(b"one", title="Twin")
    untouched = await put(b"three")
    assert await bulk.mark_watched(owner, [untouched], seen=False) == 0
    await watching.report(two, owner, 3.0)
    assert await bulk.mark_watched(owner, [one, two, twin], seen=True) == 2  # two items are of one file
    assert await bulk.mark_watched(owner, [two, one], seen=True) == 0
    assert [item["id"] for item in (await queries.page(owner, unwatched=True))["items"]] == [untouched]
    assert await bulk.mark_watched(owner, [one, two, untouched], seen=False) == 2
    assert len((await queries.page(owner, unwatched=True))["items"]) == 4
    with pytest.raises(errors.NotFound):
        await bulk.mark_watched(other, [one], seen=True)


@pytest.mark.parametrize("duration", [None, 0.0])
async def test_item_without_duration_is_watched_if_it_was_marked(owner: int, put, duration: float | None) -> None:  # type: ignore[no-untyped-def]
    item = await put(b"film")
    await engine.execute("update media_file set duration = $1", duration)

    async def is_watched() -> bool:
        watched: bool = (await queries.get(item, owner))["watched"]
        listed = [one["id"] for one in (await queries.page(owner, unwatched=True))["items"]]
        begun = [one["id"] for one in await queries.begun(owner, 4)]
        assert watched is (listed == []) and not (watched and begun)
        return watched

    assert not await is_watched()
    await watching.report(item, owner, 3600.0)  # how much is left is unknown
    assert not await is_watched() and await queries.begun(owner, 4)
    await bulk.mark_watched(owner, [item], seen=True)
    assert await is_watched()
    await bulk.mark_watched(owner, [item], seen=False)
    assert not await is_watched()


async def test_permanent_removal_is_described(owner: int, other: int, put) -> None:  # type: ignore[no-untyped-def]
    one, twin = await put(b"film"), await put(b"film", title="Twin")
    assert await trash.deletion(owner, [one]) == {"items": 1, "holders": 1, "frees": 0, "trash": True}
    assert await trash.deletion(owner, [one, twin]) == {"items": 2, "holders": 0, "frees": 4, "trash": True}
    await trash.trash(one, owner)
    assert await trash.deletion(owner, [one]) == {"items": 1, "holders": 1, "frees": 0, "trash": False}
    await trash.trash(twin, owner)
    assert await trash.deletion(owner) == {"items": 2, "holders": 0, "frees": 4, "trash": False}
    assert await trash.deletion(other) == {"items": 0, "holders": 0, "frees": 0, "trash": False}
    with pytest.raises(errors.NotFound):
        await trash.deletion(other, [one])
    assert await trash.purge(owner) == 2


async def test_rename_and_move_are_one_change(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    item = await put(b"film", title="Old")
    with pytest.raises(errors.Invalid):
        await bulk.change(item, owner, "New", "a/../b")
    assert (await queries.get(item, owner))["title"] == "Old"
    changed = await bulk.change(item, owner, "New", "A")
    assert (changed["title"], changed["folder"]) == ("New", "A")


async def test_a_folder_is_copied_with_all_below_it(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    deep, top = await folders.ensure(owner, "Music/Live/2026"), await folders.find(owner, "Music")
    assert top
    await put(b"one", title="One", folder=top)
    await put(b"two", title="Two", folder=deep)
    gone = await put(b"gone", title="Gone", folder=deep)
    await trash.trash(gone, owner)
    copied = await bulk.copy_folder(top, owner, "Music/Copy")  # below its own original
    assert (copied["path"], copied["count"], copied["total"]) == ("Music/Copy", 1, 2)
    assert await _in(owner, "Music/Copy") == ["Music/Copy/Live/2026/Two", "Music/Copy/One"]
    assert (await folders.get(top, owner))["total"] == 4
    assert len(stored()) == 3
    with pytest.raises(errors.NameTaken):
        await bulk.copy_folder(top, owner, "music/COPY")
    for id, path in ((top, ""), (top, "..")):
        with pytest.raises(errors.Invalid):
            await bulk.copy_folder(id, owner, path)
    assert await bulk.delete_folder(copied["id"], owner) == 2
    assert (await folders.get(top, owner))["total"] == 2
    await clean()


async def test_deleting_a_folder_counts_what_goes_now(owner: int, put, use: Callable[..., None]) -> None:  # type: ignore[no-untyped-def]
    folder = await folders.ensure(owner, "A")
    assert folder
    made = [await put(bytes([number]), folder=folder) for number in range(3)]
    await trash.trash(made[0], owner)
    before = (await queries.get(made[0], owner))["trashed_at"]
    use(trash_days=0, grace_hours=0)
    assert await bulk.delete_folder(folder, owner) == 2
    assert (await queries.get(made[0], owner))["trashed_at"] == before  # it had its own time
    assert len(stored()) == 1
    await clean()


async def test_at_once_and_crosswise_counts_stay_exact(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    made = [await put(bytes([number])) for number in range(12)]

    async def work(number: int) -> None:
        ids = made[::-1] if number % 2 else made
        await bulk.copy(owner, ids, f"C{number}")
        await bulk.move(owner, ids, f"M{number % 3}")
        await bulk.trash(owner, ids[:6])
        await bulk.restore(owner, ids[:6])

    await asyncio.gather(*(work(number) for number in range(8)))
    assert {row["ref_count"] for row in await engine.fetch("select ref_count from media_file")} == {9}
    await clean()


async def test_a_thousand_go_in_slices(owner: int, put, at_once: None) -> None:  # type: ignore[no-untyped-def]
    item = await put(b"film")
    await engine.execute(
        "insert into library_item (owner, media_file, title) select owner, media_file, 'n' from library_item,"
        " generate_series(1, 1499)"
    )
    assert (await trash.deletion(owner, [item]))["holders"] == 1499
    assert await trash.delete_all(owner) == 1500
    assert stored() == []
    await clean()
