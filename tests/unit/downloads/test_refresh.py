"""Metadata is read again without a download: gently, resumable, and without a word to other users."""

from dataclasses import replace

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, queries, refresh, site_rules
from mediafetcher.downloads.worker import runner
from mediafetcher.library.catalog import folders, items, metadata, trash
from mediafetcher.library.catalog import queries as item_queries
from tests.factories import add_user
from tests.site.proxy import Proxy

pytestmark = pytest.mark.usefixtures("without_pauses")

FORGET = (
    "update source_metadata set facts = '{}', channel = null, channel_name = null, read_at = now() - interval '2 d'"
)


PAUSE = refresh.PAUSE


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
    other = await add_user("bob")
    assert await _run(other) == []
    with pytest.raises(errors.NotFound):
        await refresh.refresh_item(item, other)
    await trash.trash(item, owner)
    assert await _run(owner) == []
    with pytest.raises(errors.InvalidState):
        await refresh.refresh_item(item, owner)


async def test_look_with_own_metadata_leaves_the_shared_row(owner, item, site):
    """An imported file has metadata of its user alone, also after it was read again."""
    other = await add_user("bob")
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


async def test_look_by_the_proxy_of_a_rule_leaves_the_shared_row(owner, item):
    """A proxy on the way answers anything."""
    other = await add_user("bob")
    theirs = await items.copy(item, owner, await folders.ensure(owner, "Other"))
    theirs_folder = await folders.ensure(other, "Theirs")
    await engine.execute("update library_item set owner = $2, folder = $3 where id = $1", theirs, other, theirs_folder)
    with Proxy("http") as proxy:
        settings.use(replace(settings.get(), allow_hosts=(*settings.get().allow_hosts, f"127.0.0.1:{proxy.port}")))
        await site_rules.save(other, "127.0.0.1", site_rules.Rule(proxy=proxy.url))
        assert (await refresh.refresh_item(theirs, other))["tags"] == ["airship", "Bodensee"]
        assert proxy.asked
    assert (await item_queries.get(item, owner))["tags"] == []


async def _linked(item: int, owner: int, site, *paths: str) -> list[int]:
    """Copies of an item, each with a link and metadata of its own, read a day after that of the one before."""
    made = []
    for number, path in enumerate(paths):
        copy = await items.copy(item, owner, await folders.ensure(owner, f"Copy {number}"))
        [row] = await metadata.insert([SourceMetadata(title=path)])
        await engine.execute(
            "update source_metadata set read_at = now() - make_interval(days => $2) where id = $1", row, 90 - number
        )
        await engine.execute(
            "update library_item set source_url = $2, metadata = $3 where id = $1", copy, site.url(path), row
        )
        made.append(copy)
    return made


async def test_longest_unread_source_comes_first(owner, item, site):
    first, second = await _linked(item, owner, site, "/page/described?a", "/page/described?b")
    never = await items.copy(item, owner, await folders.ensure(owner, "Never"))
    await engine.execute(
        "update library_item set source_url = $2, metadata = null where id = $1", never, site.url("/page/described?c")
    )
    assert [one.item for one in await _run(owner)] == [never, first, second, item]


async def test_link_that_is_gone_is_not_asked_again_by_the_next_run(owner, item, site):
    gone, broken = await _linked(item, owner, site, "/status/404/x", "/status/503/x")
    other = await items.copy(gone, owner, await folders.ensure(owner, "Other"))  # the same link
    problems = {one.item: one.problem for one in await _run(owner)}
    assert isinstance(problems[gone], errors.Gone) and problems[broken] is not None and other not in problems
    assert await _run(owner) == [], "a failed link counts as asked"
    days = await engine.fetch(
        "select id, round(extract(epoch from refresh_after - now()) / 86400)::int as days from library_item"
        " where refresh_after is not null"
    )
    assert {row["id"]: row["days"] for row in days} == {gone: 30, other: 30, broken: 1}
    with pytest.raises(errors.Gone):  # one that is asked for by name is asked at once
        await refresh.refresh_item(gone, owner)
    await engine.execute("update library_item set refresh_after = now() - interval '1 s' where id = $1", gone)
    await engine.execute("update library_item set source_url = $2 where id = $1", gone, site.url("/page/described?a"))
    assert [(one.item, one.problem) for one in await _run(owner)] == [(gone, None)]
    assert await engine.fetchval("select refresh_after from library_item where id = $1", gone) is None


@pytest.fixture
def sleeps(monkeypatch) -> list[float]:
    """The pauses of a run, which takes none."""
    taken: list[float] = []

    async def sleep(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(refresh, "PAUSE", PAUSE)
    monkeypatch.setattr(refresh, "_sleep", sleep)
    return taken


async def test_two_looks_at_one_site_are_seconds_apart(owner, item, site, sleeps):
    await _linked(item, owner, site, "/page/described?a", "/page/described?b")
    assert [one.problem for one in await _run(owner)] == [None] * 3
    assert len(sleeps) == 3 and sleeps[0] == 0
    assert all(2.0 < pause <= PAUSE[1] for pause in sleeps[1:]) and PAUSE[0] >= 4.0, sleeps


async def test_site_that_limits_is_left_after_three_answers(owner, item, site, sleeps):
    links = [f"/status/429/{number}" for number in range(5)]
    await _linked(item, owner, site, *links)
    await engine.execute("update library_item set trashed_at = now() where id = $1", item)
    site.log.clear()
    outcomes = await _run(owner)
    assert [one.postponed for one in outcomes] == [True] * 5
    asked = [entry["path"] for entry in site.log if "/status/429/" in entry["path"]]
    assert len(set(asked)) == 1, "the others are not asked at all"
    assert len([pause for pause in sleeps if pause > 0]) == 2
    assert await engine.fetchval("select count(*) from library_item where refresh_after is not null") == 0


@pytest.mark.parametrize("asked", ["   ", "\x00"])
async def test_search_without_a_word_reads_everything_or_nothing(owner, item, asked):
    assert [one.item for one in await _run(owner, asked)] == ([] if asked.strip() else [item])


async def test_paused_site_delays_no_other_one(owner, item, site, sleeps):
    """The site of the source that would be read first asked to slow down a moment ago."""
    [first] = await _linked(item, owner, site, "/page/described?other")
    elsewhere = site.url("/page/described?other").replace("127.0.0.1", "localhost")
    await engine.execute("update library_item set source_url = $2 where id = $1", first, elsewhere)
    assert [one.item for one in await refresh._sources(owner, None, missing=False)] == [first, item]
    await engine.execute("insert into site_backoff (site, until) values ('localhost', now() + interval '60 s')")
    assert [one.item for one in await _run(owner)] == [item, first]
    assert max(sleeps) > 50


async def test_source_that_does_not_answer_is_left_for_a_day(owner, item, site, monkeypatch):
    monkeypatch.setattr(refresh, "_LOOK_SECONDS", 0.2)
    await engine.execute("update library_item set source_url = $1", site.url("/hang/60/x"))
    [outcome] = await _run(owner)
    assert isinstance(outcome.problem, errors.Stalled)
    assert await _run(owner) == []


async def test_link_that_leads_to_a_list_by_now_changes_nothing(owner, item, site):
    await engine.execute("update library_item set source_url = $1", site.url("/list/3"))
    with pytest.raises(errors.IsPlaylist):
        await refresh.refresh_item(item, owner)
    assert (await item_queries.get(item, owner))["tags"] == []


async def test_item_that_was_removed_meanwhile_gets_nothing(owner, item, site):
    [source] = await refresh._sources(owner, None, missing=False)
    await trash.delete_media(item, owner)
    assert (await refresh._refresh(owner, source)).problem is None
    assert await engine.fetchval("select count(*) from library_item") == 0
