"""Lists, blocked links and watch positions of users after a merge: rows of the backup stay if they name the same."""

from pathlib import Path

import pytest

from mediafetcher.db import engine
from mediafetcher.library.catalog import blocklist, lists, watching
from mediafetcher.library.recovery import user_data
from tests.unit.library.conftest import Put, merged, written

pytestmark = pytest.mark.promise(23)

LIST, LINK = "https://example.org/list?id=1&token=secret", "https://example.org/no"


async def test_list_that_the_backup_has_by_another_time_keeps_its_id_and_its_links(
    owner: int, media_online: Path
) -> None:
    entry = lists.Entry(f"{LIST}&n=1", "first", 2.5)
    await lists.save(owner, LIST, "A list", "example.org", [entry])
    library = await written(media_online)
    before = await engine.fetchrow("select id, url from source_list")
    await engine.execute("update source_list set created_at = created_at + interval '1 hour', title = 'older'")
    await engine.execute("delete from source_list_entry where title is null")
    await merged(library)
    assert await engine.fetchrow("select id, url from source_list") == before
    row = await engine.fetchrow("select l.title, e.url, e.duration from source_list l, source_list_entry e")
    assert row == {"title": "A list", "url": entry.url, "duration": 2.5}


async def test_block_that_was_lifted_after_the_backup_is_lifted_again(owner: int, media_online: Path) -> None:
    await blocklist.block_link(owner, LINK, f"url best {LINK}")
    block = await engine.fetchrow("select owner, source, key, since from blocked_source")
    assert block is not None
    await engine.execute("delete from blocked_source")
    library = await written(media_online)
    await engine.execute(
        "insert into blocked_source (owner, source, key, since) values ($1, $2, $3, $4)", *block.values()
    )
    await merged(library)
    assert await engine.fetchval("select count(*) from blocked_source") == 0


async def test_private_source_of_a_block_is_named_by_the_id_that_its_owner_has_now(
    owner: int, media_online: Path
) -> None:
    await blocklist.block_link(owner, LINK, f"url best {LINK}")
    library = await written(media_online)
    (row,) = library.rows["block"].values()
    row["source_key"] = f"{owner}:url best {LINK}"
    await engine.execute("delete from blocked_source")
    await engine.execute("delete from source")
    await engine.execute("update account set created_at = created_at - interval '1 hour', name = 'of another history'")
    await merged(library)
    found = await engine.fetchrow("select a.id, s.key from source s, account a where a.name = 'Ada'")
    assert found is not None and found["id"] != owner
    assert found["key"] == f"{found['id']}:url best {LINK}"


async def test_position_in_a_file_that_no_longer_exists_is_left_out(owner: int, put: Put, media_online: Path) -> None:
    kept, gone = await put(b"kept"), await put(b"gone")
    await watching.report(kept, owner, 7.5)
    await watching.report(gone, owner, 8.5)
    library = await written(media_online)
    number = next(
        id for id, row in library.rows["file"].items() if row["size"] == 4 and id == max(library.rows["file"])
    )
    del library.rows["file"][number]
    library.rows["item"].pop(gone)
    await engine.execute("delete from watch")
    await engine.execute("delete from library_item where id = $1", gone)
    await merged(library)
    assert [row["position"] for row in await engine.fetch("select position from watch")] == [7.5]


async def test_time_of_the_journal_has_the_precision_of_the_database(database: str) -> None:
    text = "2026-01-02T03:04:05.678901+00:00"
    query, values = user_data.time_of(text).compile_string()
    assert (await engine.fetchval(f"select {query}", *values)).isoformat() == text
