"""Many files in one transaction: equal ones once, an error leaves none, and two batches at once lose nothing."""

import asyncio
import random
import uuid
from pathlib import Path

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.catalog import bulk_insert, folders, items, placing, queries
from mediafetcher.library.storage import blob_store, check, mount

KIND = items.MediaFacts("video/mp4", ".mp4", 4.0, 320, 180, "h264", None)


async def _staged(tmp_path: Path, content: bytes) -> blob_store.Staged:
    path = tmp_path / uuid.uuid4().hex
    path.write_bytes(content)
    return await blob_store.stage(path)


async def _incoming(tmp_path: Path, content: bytes, title: str, folder: int | None = None) -> bulk_insert.Incoming:
    staged = await _staged(tmp_path, content)
    return bulk_insert.Incoming(staged, KIND, title, folder, f"key {title}", f"file:///{title}")


async def test_equal_bytes_in_one_folder_are_one_item_and_in_two_are_two(owner, media_online, tmp_path):
    folder = await folders.ensure(owner, "A")
    files = [
        await _incoming(tmp_path, content, f"{number}", where)
        for number, (content, where) in enumerate([(b"a", folder), (b"b", None), (b"a", folder), (b"a", None)])
    ]
    done = await bulk_insert.add(owner, files)
    assert [one.fresh for one in done] == [True, True, False, True] and done[2].item == done[0].item
    assert [row["title"] for row in (await queries.page(owner, folder="", deep=True, sort="title"))["items"]] == [
        *"013"
    ]
    again = [await _incoming(tmp_path, b"a", "again", folder), await _incoming(tmp_path, b"c", "new")]
    assert [one.fresh for one in await bulk_insert.add(owner, again)] == [False, True]
    assert list(mount.incoming().iterdir()) == []
    counts = await engine.fetch("select ref_count from media_file order by ref_count")
    assert [row["ref_count"] for row in counts] == [1, 1, 2]
    assert await engine.fetchval("select count(*) from source where media_file is not null") == 6
    assert await check.check(read_data=True) == []


async def test_item_in_the_trash_is_restored_instead_of_doubled(owner, media_online, tmp_path):
    [first] = await bulk_insert.add(owner, [await _incoming(tmp_path, b"a", "A")])
    await engine.execute("update library_item set trashed_at = now() where id = $1", first.item)
    [second] = await bulk_insert.add(owner, [await _incoming(tmp_path, b"a", "A")])
    assert second.fresh and second.item == first.item
    assert await engine.fetchval("select count(*) from library_item where trashed_at is null") == 1
    assert await check.check() == []


async def test_an_error_leaves_none(owner, media_online, tmp_path):
    files = [await _incoming(tmp_path, b"%d" % number, f"{number}") for number in range(3)]
    (media_online / mount.SENTINEL).rename(media_online / "hidden")
    with pytest.raises(errors.MediaOffline):
        await bulk_insert.add(owner, files)
    (media_online / "hidden").rename(media_online / mount.SENTINEL)
    await mount.refresh()
    assert await engine.fetchval("select count(*) from media_file where ref_count > 0") == 0
    assert all(one.fresh for one in await bulk_insert.add(owner, files)), "and the same files can be added then"
    assert await check.check(read_data=True) == []


async def test_batches_with_the_same_files_in_any_order_at_once(owner, other, media_online, tmp_path):
    contents = [b"%d" % number for number in range(30)]

    async def one(person: int, seed: int) -> list[bulk_insert.Added]:
        order = random.Random(seed).sample(contents, len(contents))
        return await bulk_insert.add(
            person, [await _incoming(tmp_path, content, content.decode()) for content in order]
        )

    done = await asyncio.gather(*(one(person, seed) for seed in range(4) for person in (owner, other)))
    assert sum(added.fresh for batch_done in done for added in batch_done) == 60
    counts = await engine.fetch("select distinct ref_count from media_file")
    assert [row["ref_count"] for row in counts] == [2]
    assert await check.check(read_data=True) == []


async def test_file_that_was_released_after_its_row_was_seen_is_announced_again(owner, media_online, tmp_path):
    files = [await _incoming(tmp_path, b"a", "A")]
    with pytest.raises(placing.Unannounced):
        async with engine.transaction():
            await bulk_insert._place(files, claimed=False)  # its row is new: no claim covers it
    assert await engine.fetchval("select count(*) from media_file") == 0
    assert (await bulk_insert.add(owner, files))[0].fresh
