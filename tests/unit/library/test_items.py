"""The rules of the library: what is a reference, when a file goes, and what happens when many do it at once."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.catalog import folders, items, queries, trash, watching
from mediafetcher.library.storage import blob_store, sweeper
from tests import deep
from tests.unit.library.conftest import FACTS, clean, path, staged, stored


async def _counts() -> dict[int, int]:
    return {row["id"]: row["ref_count"] for row in await engine.fetch("select id, ref_count from media_file")}


# ---- in ------------------------------------------------------------------------------------------------


async def test_bytes_are_kept_once_and_counted(owner: int, other: int, put) -> None:  # type: ignore[no-untyped-def]
    one = await put(b"same", "One")
    two = await put(b"same", "Two", owner=other)
    assert one != two and stored() == [path(b"same").name] and staged() == []
    item = await queries.get(one, owner)
    assert item["media"]["ref_count"] == 2
    assert (item["title"], item["folder"], item["duration"]) == ("One", "", 12.5)
    assert item["media"]["kind"] == "video/mp4" and item["media"]["size"] == 4
    await clean()


async def test_same_name_other_bytes_are_two_files(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    await put(b"first", "clip.mp4")
    await put(b"second", "clip.mp4")
    assert len(stored()) == 2
    await clean()


async def test_side_files_belong_to_the_file(owner: int, put, at_once: None) -> None:  # type: ignore[no-untyped-def]
    item = await put(b"film", side={"poster.jpg": b"jpg", "fr.vtt": b"WEBVTT"})
    await put(b"film", side={"en.vtt": b"WEBVTT"})
    shown = await queries.get(item, owner)
    assert shown["poster"] is True and shown["subtitles"] == ["en", "fr"]
    assert path(b"film", "poster.jpg").read_bytes() == b"jpg" and len(stored()) == 4
    await clean()
    for row in (await queries.page(owner))["items"]:
        await trash.trash(row["id"], owner)
    assert stored() == []


async def test_failing_callback_undoes_the_rows(owner: int, put, tmp_path: Path, use: Callable[..., None]) -> None:  # type: ignore[no-untyped-def]
    async def in_transaction(item: int) -> None:
        raise ZeroDivisionError

    (tmp_path / "film").write_bytes(b"film")
    with pytest.raises(ZeroDivisionError):
        await items.add_media(
            owner=owner,
            staged=await blob_store.stage(tmp_path / "film"),
            facts=FACTS,
            entry=items.Entry("x"),
            in_transaction=in_transaction,
        )
    assert list((await _counts()).values()) == [0] and (await queries.page(owner))["items"] == []
    assert stored() == [path(b"film").name]  # at worst a file that no item holds,
    await clean()
    use(grace_hours=0)
    assert await sweeper.sweep() == 1  # and gone after its time
    assert stored() == []


async def test_titles_are_one_line(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    assert (await queries.get(await put(b"a", " a\x00b\n c\u202e "), owner))["title"] == "a b c"
    assert (await queries.get(await put(b"b", "\n"), owner))["title"] == "Untitled"
    assert len((await queries.get(await put(b"c", "x" * 9999), owner))["title"]) == 500


async def test_linking_needs_a_holder(owner: int, other: int, put, use: Callable[..., None]) -> None:  # type: ignore[no-untyped-def]
    use(trash_days=0)
    item = await put(b"film")
    media_file = await engine.fetchval("select media_file from library_item")
    linked = await items.link(other, media_file, items.Entry("mine"))
    assert linked and await _counts() == {media_file: 2}
    await trash.trash(item, owner)
    await trash.trash(linked, other)
    assert path(b"film").exists()  # the grace period
    assert await items.link(other, media_file, items.Entry("too late")) is None
    again = await put(b"film")  # but with the bytes in hand it lives again
    assert (await queries.get(again, owner))["media"]["ref_count"] == 1
    await clean()


async def test_others_see_and_change_nothing(owner: int, other: int, put) -> None:  # type: ignore[no-untyped-def]
    item = await put(b"film")
    folder = await folders.ensure(owner, "Mine")
    for call in (
        queries.get(item, other),
        items.rename(item, other, "x"),
        items.move(item, other, None),
        items.move(item, owner, await folders.ensure(other, "Theirs")),
        items.copy(item, other, None),
        items.copy(item, other, folder),
        trash.trash(item, other),
        trash.restore(item, other),
        trash.delete_media(item, other),
        watching.report(item, other, 1),
    ):
        with pytest.raises(errors.NotFound):
            await call
    assert (await queries.page(other))["items"] == [] and await trash.purge(other, [item]) == 0
    assert (await queries.get(item, owner))["title"] == "A film"


# ---- out -----------------------------------------------------------------------------------------------


async def test_rm_of_one_keeps_and_of_the_last_removes(owner: int, other: int, put, at_once: None) -> None:  # type: ignore[no-untyped-def]
    one, two = await put(b"film"), await put(b"film", owner=other)
    assert await trash.trash(one, owner) == {"trashed": False, "holders": 1, "frees": 0}
    assert path(b"film").exists()
    assert await trash.trash(two, other) == {"trashed": False, "holders": 0, "frees": 4}
    assert stored() == [] and await _counts() == {}
    await clean()


async def test_trash_restores_and_says_what_going_means(owner: int, other: int, put) -> None:  # type: ignore[no-untyped-def]
    one, two = await put(b"film"), await put(b"film", owner=other)
    assert await trash.trash(one, owner) == {"trashed": True, "holders": 1, "frees": 0}
    assert await trash.trash(one, owner) == {"trashed": True, "holders": 1, "frees": 0}
    assert (await queries.page(owner))["items"] == []
    assert (await queries.trashed(owner))["frees"] == 0
    assert (await trash.restore(one, owner))["trashed_at"] is None
    await trash.trash(one, owner)
    await trash.delete_media(two, other)
    bin_ = await queries.trashed(owner)
    assert [row["id"] for row in bin_["items"]] == [one] and bin_["frees"] == 4
    assert await trash.purge(owner) == 1 and (await queries.trashed(owner))["frees"] == 0
    assert path(b"film").exists()  # grace


async def test_the_trash_empties_itself_after_its_days(owner: int, put, run_for) -> None:  # type: ignore[no-untyped-def]
    old, young = await put(b"old"), await put(b"young")
    for item in (old, young):
        await trash.trash(item, owner)
    assert await trash.purge_expired() == 0
    await engine.execute("update library_item set trashed_at = now() - interval '31 days' where id = $1", old)
    await run_for(86_400)
    assert await trash.purge_expired() == 1
    assert [row["id"] for row in (await queries.trashed(owner))["items"]] == [young]


async def test_the_grace_period(owner: int, put, use: Callable[..., None], run_for) -> None:  # type: ignore[no-untyped-def]
    use(trash_days=0)
    await trash.trash(await put(b"film"), owner)
    assert await sweeper.sweep() == 0 and path(b"film").exists()
    await engine.execute("update media_file set unreferenced_at = now() - interval '25 hours'")
    await run_for(86_400)
    assert await sweeper.sweep() == 1 and stored() == []


async def test_purge_of_some_items_keeps_the_others(owner: int, put, at_once: None, use: Callable[..., None]) -> None:  # type: ignore[no-untyped-def]
    use(trash_days=1)
    first, second, kept = [await put(data) for data in (b"1", b"2", b"3")]
    await trash.trash(first, owner)
    await trash.trash(second, owner)
    assert await trash.purge(owner, [first, kept]) == 1
    assert stored() == sorted([path(b"2").name, path(b"3").name])


async def test_removal_of_a_user_removes_their_items(owner: int, other: int, put, at_once: None) -> None:  # type: ignore[no-untyped-def]
    await put(b"mine"), await put(b"ours"), await put(b"ours", owner=other)
    with pytest.raises(engine.ForeignKeyViolation):
        await engine.execute("delete from account where id = $1", owner)
    assert await trash.delete_all(owner) == 2
    await engine.execute("delete from account where id = $1", owner)
    assert stored() == [path(b"ours").name]


async def test_a_source_forgets_a_removed_file(owner: int, put, at_once: None) -> None:  # type: ignore[no-untyped-def]
    item = await put(b"film")
    await engine.execute(
        "insert into source (key, url, media_file) select 'k', 'u', media_file from library_item where id = $1", item
    )
    await trash.trash(item, owner)
    assert await engine.fetchval("select media_file from source") is None


# ---- folders and positions -----------------------------------------------------------------------------


async def test_one_file_in_several_folders(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    item = await put(b"film")
    folder = await folders.ensure(owner, "Music/Live")
    copied = await items.copy(item, owner, folder)
    assert await items.copy(item, owner, folder) == copied
    assert (await queries.get(copied, owner))["folder"] == "Music/Live"
    assert (await queries.get(copied, owner))["media"]["ref_count"] == 2
    await items.move(copied, owner, None)
    assert (await queries.get(copied, owner))["folder"] == ""
    await clean()


async def test_positions_belong_to_the_user_and_the_file(owner: int, other: int, put) -> None:  # type: ignore[no-untyped-def]
    mine, theirs = await put(b"film"), await put(b"film", owner=other)
    await watching.report(mine, owner, 3.5)
    await watching.report(mine, owner, 4.5)
    assert (await queries.get(mine, owner))["position"] == 4.5
    assert (await queries.get(theirs, other))["position"] is None


# ---- at once -------------------------------------------------------------------------------------------


@pytest.mark.promise(4)
@pytest.mark.timeout(3600)
async def test_twenty_puts_of_the_same_bytes_are_one_file(owner: int, put, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    rounds = deep.count(4, 50)
    for round_ in range(rounds):
        size = 5 << 20 if deep.deep(4) or round_ < 3 else 64 << 10
        data = round_.to_bytes(8, "big") * (size // 8)
        await asyncio.gather(*(put(data) for _ in range(20)))
        for source in tmp_path.iterdir():  # what was put: the disk need not hold it all
            source.is_file() and source.unlink()
    assert list((await _counts()).values()) == [20] * rounds
    assert len(stored()) == rounds and staged() == []
    await clean()


@pytest.mark.promise(6)
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", range(deep.count(6, 1)))
async def test_counts_are_exact_after_two_hundred_at_once(  # type: ignore[no-untyped-def]
    number: int, owner: int, put, use: Callable[..., None]
) -> None:
    use(trash_days=0)
    chance = deep.chance(f"counts {number}")
    kept = [await put(bytes([n])) for n in range(5) for _ in range(20)]

    async def add() -> None:
        await put(bytes([chance.randrange(5)]))

    linked: list[int | None] = []

    async def link() -> None:
        media_file = await engine.fetchval("select id from media_file order by random() limit 1")
        linked.append(await items.link(owner, media_file, items.Entry("x")))

    work = [trash.trash(item, owner) for item in kept] + [add() for _ in range(50)] + [link() for _ in range(50)]
    chance.shuffle(work)
    await asyncio.gather(*work)
    rows = await engine.fetch(
        "select m.ref_count, (select count(*) from library_item i where i.media_file = m.id) as real from media_file m"
    )
    assert all(row["ref_count"] == row["real"] for row in rows)
    assert sum(row["real"] for row in rows) == 50 + sum(item is not None for item in linked)
    await clean()


@pytest.mark.promise(6)
async def test_a_cascade_and_a_bulk_delete_count_too(owner: int, other: int, put) -> None:  # type: ignore[no-untyped-def]
    for data in (b"1", b"2", b"3"):
        await put(data), await put(data, owner=other)
    await engine.execute("delete from library_item where owner = $1", other)
    assert list((await _counts()).values()) == [1, 1, 1]
    await engine.execute("update library_item set media_file = (select min(id) from media_file)")
    assert list((await _counts()).values()) == [3, 0, 0] or sorted((await _counts()).values()) == [0, 0, 3]
    await clean()


@pytest.mark.promise(5)
@pytest.mark.timeout(14400)
async def test_put_release_and_sweep_race_on_three_files(owner: int, put, at_once: None) -> None:  # type: ignore[no-untyped-def]
    chance = deep.chance("race")
    lost: list[str] = []

    async def one() -> None:
        for number in range(deep.count(5, 3000) // 8):
            match chance.choices(("put", "release", "sweep"), (3, 4, 1))[0]:  # so files are often without holders
                case "put":
                    await put(bytes([chance.randrange(3)]))
                case "release":
                    item = await engine.fetchval("select id from library_item order by random() limit 1")
                    if item is not None:
                        with contextlib.suppress(errors.NotFound):  # another request was first
                            await trash.trash(item, owner)
                case "sweep":
                    await sweeper.sweep()
            if number % 4 == 0:
                await look()

    async def look() -> None:
        """Under the lock of the row: while it counts a reference, its file exists."""
        any_ = await engine.fetchval("select id from media_file order by random() limit 1")
        async with engine.transaction():  # the lock of one row: of two it would take part in deadlocks itself
            row = await engine.fetchrow("select sha256, ext, ref_count from media_file where id = $1 for update", any_)
            if row and row["ref_count"] and not blob_store.path_of(row["sha256"], row["ext"]).exists():
                lost.append(row["sha256"].hex())

    await asyncio.gather(*(one() for _ in range(8)))
    assert lost == []
    await sweeper.sweep()
    await clean()
    assert staged() == []


# ---- the sweeper ---------------------------------------------------------------------------------------


@pytest.mark.promise(22)
async def test_unknown_files_in_the_store_are_kept(owner: int, put, at_once: None) -> None:  # type: ignore[no-untyped-def]
    """As after the loss of the database: the store must not be emptied by a new one."""
    await put(b"known")
    for number in range(30):
        file = path(bytes([number, 1]))
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"old")
    assert await sweeper.sweep() == 0
    assert len(stored()) == 31


async def test_a_staged_file_of_a_living_process_is_never_swept(owner: int, tmp_path: Path, at_once: None) -> None:
    (tmp_path / "film").write_bytes(b"film")
    made = await blob_store.stage(tmp_path / "film")
    assert await sweeper.sweep() == 0 and made.path.exists()
    blob_store.discard(made)
