"""Removing a user: what they alone had goes, what others hold stays, whatever was under way."""

from dataclasses import replace

import pytest

from mediafetcher.accounts.auth import tokens, users
from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import delete_user, leases, lifecycle, queries
from mediafetcher.downloads.worker import active, pool, runner
from mediafetcher.library.catalog import blocklist, folders, trash
from mediafetcher.library.catalog import queries as item_queries
from mediafetcher.library.export import sync
from mediafetcher.library.storage import check, mount
from tests.waiting import eventually

pytestmark = pytest.mark.cold  # a pool that starts ends what works in the folder of downloads


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    settings.use(replace(settings.get(), shutdown_seconds=2.0, grace_hours=0, heartbeat_seconds=0.2))


@pytest.fixture
async def ada(database) -> int:
    return (await users.add("Ada", "a long enough password", admin=True))["id"]


@pytest.fixture
async def bob(ada) -> int:
    return (await users.add("Bob", "a long enough password"))["id"]


async def _fetch(owner: int, url: str, folder: str = "") -> int:
    row = await lifecycle.submit(owner, url, folder)
    if row["state"] != "done":
        await runner.run(await leases.claim())
    return (await queries.get(row["id"]))["item"]


async def test_only_unshared_rows_go(ada, bob, site, tmp_path):
    shared, own = site.url("/media/ok.mp4"), site.url("/media/h264_baseline.mp4")
    kept = await _fetch(ada, shared)
    await _fetch(bob, shared, "Films/Old"), await _fetch(bob, own)
    await trash.trash(await _fetch(bob, own, "Twice"), bob)
    await blocklist.block_link(bob, "http://never.test/", "url default http://never.test/")
    await tokens.create(bob, "t", ["read"])
    waiting = await lifecycle.submit(bob, site.url("/media/a.mp3"))
    place, _ = await sync.export(tmp_path / "tree")
    assert list(place.rglob("*.mp4")) and any("Bob" in str(path) for path in place.rglob("*.mp4"))
    assert await delete_user.remove(bob) == 3
    for table in ("library_item", "folder", "download", "token", "blocked_source", "watch"):
        assert await engine.fetchval(f"select count(*) from {table} where owner = $1", bob) == 0, table
    with pytest.raises(errors.NotFound):
        await queries.get(waiting["id"])
    assert len(list((mount.root() / "store").rglob("*.mp4"))) == 1
    assert not any("Bob" in str(path) for path in place.rglob("*.mp4"))
    assert (await item_queries.get(kept, ada))["media"]["ref_count"] == 1
    assert await folders.tree(ada) == [] and await check.check(read_data=True) == []


async def test_a_download_in_work_ends_first(ada, bob, site):
    running = pool.WorkerPool()
    await running.start()
    try:
        row = await lifecycle.submit(bob, site.url("/slow/5/ok.mp4"))
        await eventually(lambda: active.get(row["id"]), seconds=60)
        await delete_user.remove(bob)
    finally:
        await running.stop()
    assert active.all_active() == [] and await check.check(read_data=True) == []
    assert await engine.fetchval("select count(*) from library_item") == 0
    assert list(settings.get().work.iterdir()) == []


async def test_the_last_administrator_keeps_everything(ada, site):
    item = await _fetch(ada, site.url("/media/ok.mp4"))
    with pytest.raises(errors.LastAdmin):
        await delete_user.remove(ada)
    assert (await item_queries.get(item, ada))["trashed_at"] is None


# A statement over more rows than a slice has holds the locks of all of them until its end.
_BOUNDED = """
create function bounded() returns trigger language plpgsql as $$ begin
  if (select count(*) from changed) > 500 then raise exception 'one statement for all rows of %', tg_table_name; end if;
  return null; end $$;
create trigger bounded_deletion after delete on library_item
  referencing old table as changed for each statement execute function bounded();
create trigger bounded_change after update on library_item
  referencing new table as changed for each statement execute function bounded();
create trigger bounded_deletion after delete on download
  referencing old table as changed for each statement execute function bounded();
"""
_MANY = """
insert into media_file (sha256, ext, size, kind)
  select sha256(i::text::bytea), '.mp4', 1, 'video/mp4' from generate_series(1, 1200) i;
"""
_ITEMS = "insert into library_item (owner, media_file, title) select $1, id, 'film ' || id from media_file"
_DOWNLOADS = (
    "insert into download (owner, url, source_key, state, item, finished_at)"
    " select owner, title, title, 'done', id, now() from library_item where owner = $1"
)


async def test_large_library_is_removed_in_slices(ada, bob):
    await engine.execute(_MANY)
    for owner in (ada, bob):
        await engine.execute(_ITEMS, owner)
        await engine.execute(_DOWNLOADS, owner)
    await engine.execute(_BOUNDED)
    assert await delete_user.remove(bob) == 1200
    for table in ("library_item", "download"):
        assert await engine.fetchval(f"select array_agg(distinct owner) from {table}") == [ada]
    assert await engine.fetchval("select count(*) from media_file where ref_count = 1") == 1200


async def test_user_whose_download_does_not_end_stays(bob, monkeypatch):
    """It runs on another machine, which does not answer."""
    row = await lifecycle.submit(bob, "https://films.example/1")
    await engine.execute(
        "update download set state = 'running', worker_id = 'another:machine',"
        " lease_expires_at = now() + interval '1 minute'"
    )
    monkeypatch.setattr(delete_user, "_PATIENCE", 0.2)
    with pytest.raises(errors.Conflict, match="still stopping"):
        await delete_user.remove(bob)
    assert (await queries.get(row["id"]))["cancel_requested"]
    await engine.execute("update download set state = 'cancelled', worker_id = null, lease_expires_at = null")
    await delete_user.remove(bob)
    assert await engine.fetchval("select count(*) from account where id = $1", bob) == 0
