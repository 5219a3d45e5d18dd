"""Virtual folders: paths, counts, moves, and the same name at the same time."""

import asyncio

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.catalog import folders, queries, trash
from tests.unit.library.conftest import clean


async def test_a_path_is_made_once(owner: int) -> None:
    made = await folders.ensure(owner, " Music / Live/")
    assert made == await folders.ensure(owner, "music/LIVE")
    assert await folders.path_of(made) == "Music/Live"
    assert await folders.ensure(owner, "") is None and await folders.path_of(None) == ""
    assert len(await folders.tree(owner)) == 2


async def test_twenty_at_once_make_one(owner: int) -> None:
    made = await asyncio.gather(*(folders.ensure(owner, "A/B/C") for _ in range(20)))
    assert len(set(made)) == 1 and len(await folders.tree(owner)) == 3


@pytest.mark.parametrize("path", ["..", "a/../b", ".", "x" * 201, "a\x00b", "a\nb", "/".join("abcdefgh" * 5)])
async def test_names_that_are_none(owner: int, path: str) -> None:
    with pytest.raises(errors.Invalid):
        await folders.ensure(owner, path)


async def test_users_have_separate_trees(owner: int, other: int) -> None:
    mine, theirs = await folders.ensure(owner, "Films"), await folders.ensure(other, "Films")
    assert mine and theirs and mine != theirs
    for call in (
        folders.get(mine, other),
        folders.change(mine, other, "X"),
        folders.rename(mine, other, "X"),
        folders.move(mine, owner, theirs),
        folders.delete(mine, other),
    ):
        with pytest.raises(errors.NotFound):
            await call


async def test_counts_and_totals(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    live = await folders.ensure(owner, "Music/Live")
    music = await folders.find(owner, "music")
    for number in range(3):
        await put(bytes([number]), folder=live)
    await put(b"m", folder=music)
    trashed = await put(b"t", folder=live)
    await put(b"top")
    await trash.trash(trashed, owner)
    shown = {row["path"]: (row["count"], row["total"], row["parent"]) for row in await folders.tree(owner)}
    assert shown == {"Music": (1, 4, None), "Music/Live": (3, 3, music)}


async def test_rename_and_move_in_one(owner: int) -> None:
    live = await folders.ensure(owner, "Music/Live")
    assert live
    assert (await folders.change(live, owner, "Concerts/2026/On stage"))["path"] == "Concerts/2026/On stage"
    await folders.rename(live, owner, "Stage")
    await folders.move(live, owner, None)
    assert await folders.path_of(live) == "Stage"
    assert (await folders.change(live, owner, "STAGE"))["path"] == "STAGE"  # only its case
    with pytest.raises(errors.NameTaken):
        await folders.change(live, owner, "music")
    with pytest.raises(errors.Invalid):
        await folders.change(live, owner, "")
    with pytest.raises(errors.Invalid):
        await folders.rename(live, owner, "a/b")


async def test_folder_cannot_contain_itself(owner: int) -> None:
    low, top = await folders.ensure(owner, "A/B/C"), await folders.find(owner, "A")
    assert low and top
    for call in (folders.move(top, owner, low), folders.move(top, owner, top), folders.change(top, owner, "A/B/X")):
        with pytest.raises(errors.Invalid):
            await call


async def test_two_moves_at_once_make_no_ring(owner: int) -> None:
    for _ in range(10):
        await engine.execute("delete from folder")
        one, two = await folders.ensure(owner, "one"), await folders.ensure(owner, "two")
        assert one and two
        ended = await asyncio.gather(
            folders.move(one, owner, two), folders.move(two, owner, one), return_exceptions=True
        )
        assert sorted(type(end).__name__ for end in ended) == ["Invalid", "NoneType"]
        assert len(await folders.tree(owner)) == 2  # a cycle would not be reachable from the top


async def test_deleting_puts_what_is_inside_into_the_trash(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    live, music = await folders.ensure(owner, "Music/Live"), await folders.find(owner, "Music")
    assert music
    inside, beside = await put(b"in", folder=live), await put(b"out")
    assert await folders.delete(music, owner) == [inside]
    assert await folders.tree(owner) == []
    assert [row["id"] for row in (await queries.page(owner))["items"]] == [beside]
    assert (await trash.restore(inside, owner))["folder"] == ""
    await clean()
