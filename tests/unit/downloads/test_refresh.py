"""Metadata is read again without a download: gently, resumable, and without a word to other users."""

from dataclasses import replace

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, queries, refresh
from mediafetcher.downloads.worker import runner
from mediafetcher.fetch import gateway
from mediafetcher.library.catalog import folders, items, metadata, trash
from mediafetcher.library.catalog import queries as item_queries

FORGET = (
    "update source_metadata set facts = '{}', channel = null, channel_name = null, read_at = now() - interval '2 d'"
)


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online, monkeypatch):
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.0))
    monkeypatch.setattr(refresh, "PAUSE", (0.0, 0.0))
    yield
    await gateway.close()


@pytest.fixture
async def owner(database) -> int:
    return await engine.fetchval("insert into account (name, admin) values ('ada', true) returning id")


@pytest.fixture
async def item(owner, site) -> int:
    """An item whose metadata was lost."""
    row = await lifecycle.submit(owner, site.url("/page/described"))
    claim = await leases.claim()
    assert claim
    await runner.run(claim)
    found = (await queries.get(row["id"]))["item"]
    await engine.execute(FORGET)
    return int(found)


async def _run(owner: int, *asked: str, **more: bool) -> list[refresh.Outcome]:
    return [outcome async for outcome in refresh.refresh(owner, *asked, **more)]


async def test_source_is_read_again_without_a_download(owner, item):
    before = await engine.fetchval("select count(*) from download")
    assert [(one.item, one.problem) for one in await _run(owner)] == [(item, None)]
    found = await item_queries.get(item, owner)
    assert found["tags"] == ["airship", "Bodensee"] and found["channel"]["name"] == "Lake Channel"
    assert [one["id"] for one in (await item_queries.search(owner, "zeppelin"))["items"]] == [item]
    assert await engine.fetchval("select count(*) from download") == before
    assert await engine.fetchval("select count(*) from source_metadata") == 1
    assert await _run(owner) == [], "a second run resumes after what the first one read"


async def test_only_missing_ones_and_those_of_a_search_are_read(owner, item):
    assert await _run(owner, missing=True) == []
    assert await _run(owner, "nothing like it") == []
    await engine.execute("delete from source_metadata")
    assert [one.item for one in await _run(owner, missing=True)] == [item]
    assert (await item_queries.get(item, owner))["tags"] == ["airship", "Bodensee"]


async def test_source_that_fails_is_named_and_stops_nothing(owner, item, site):
    copy = await items.copy(item, owner, await folders.ensure(owner, "Other"))
    await engine.execute("update library_item set source_url = $2 where id = $1", copy, site.url("/page/empty"))
    outcomes = {one.item: one.problem for one in await _run(owner)}
    assert outcomes[item] is None and isinstance(outcomes[copy], errors.FetchProblem)
    with pytest.raises(errors.FetchProblem):
        await refresh.refresh_item(copy, owner)


async def test_items_without_a_link_in_the_trash_and_of_others_are_not_read(owner, item):
    other = await engine.fetchval("insert into account (name) values ('bob') returning id")
    assert await _run(other) == []
    with pytest.raises(errors.NotFound):
        await refresh.refresh_item(item, other)
    await trash.trash(item, owner)
    assert await _run(owner) == []
    with pytest.raises(errors.InvalidState):
        await refresh.refresh_item(item, owner)


async def test_look_with_own_metadata_leaves_the_shared_row(owner, item, site):
    """An imported file has metadata of its user alone, also after it was read again."""
    other = await engine.fetchval("insert into account (name) values ('bob') returning id")
    media = await engine.fetchval("select media_file from library_item")
    theirs = await items.link(other, media, items.Entry("theirs", None))
    [row] = await metadata.insert([SourceMetadata(webpage_url=site.url("/page/described"))])
    await engine.execute("update library_item set metadata = $2 where id = $1", theirs, row)
    assert (await refresh.refresh_item(theirs, other))["tags"] == ["airship", "Bodensee"]
    assert (await item_queries.get(item, owner))["tags"] == []


async def test_site_that_asks_to_slow_down_is_left_for_the_next_run(owner, item):
    await engine.execute(
        "insert into site_backoff (site, until) select site, now() + interval '1 hour' from library_item"
    )
    assert [(one.item, one.postponed) for one in await _run(owner)] == [(item, True)]
    await engine.execute("update site_backoff set until = now()")
    assert [(one.item, one.postponed) for one in await _run(owner)] == [(item, False)]
