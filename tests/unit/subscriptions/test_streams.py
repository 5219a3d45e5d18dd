"""Live streams and premieres of a followed source."""

from dataclasses import replace

import pytest

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, requeue
from mediafetcher.downloads.worker import runner
from mediafetcher.fetch import prefork
from mediafetcher.fetch.models import Entry, Listing
from mediafetcher.fetch.options import Options
from mediafetcher.subscriptions import checks, entries, filters, listing, plan, subscriptions
from mediafetcher.subscriptions.filters import Facts, Filter
from tests.factories import add_user
from tests.site.channels import Channel


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.0))
    await prefork.open()
    yield
    await prefork.close()


async def _fetch() -> str:
    await engine.execute("update download set run_after = now() where state = 'scheduled'")
    await requeue.promote_scheduled()
    while claim := await leases.claim():
        await runner.run(claim)
    return await engine.fetchval("select concat_ws(' ', state, error_code) from download")


async def test_stream_that_its_list_does_not_name_is_fetched_after_its_end(site):
    owner = await add_user("ada")
    site.channels["one"] = channel = Channel()
    channel.publish(1, path="/film/one/1")
    channel.announced.add(1)
    row = await subscriptions.follow(owner, site.url("/channel/one"), backfill="all")
    claimed = await checks.claim(row["id"])
    assert claimed is not None and await checks.run(claimed)
    assert await _fetch() == "scheduled live_not_started"
    channel.announced.clear()
    channel.live.add(1)
    assert await _fetch() == "scheduled live_not_ended"
    channel.live.clear()
    assert await _fetch() == "done"
    assert (await subscriptions.get(row["id"], owner))["counts"]["done"] == 1


@pytest.mark.parametrize("status", ["live", "announced"])
@pytest.mark.parametrize("vanishes", [False, True])
async def test_stream_that_left_its_list_is_looked_at_itself(site, status, vanishes):
    owner = await add_user("ada")
    site.channels["one"] = channel = Channel()
    channel.publish(1, path="/film/one/1")
    getattr(channel, status).add(1)
    url = site.url("/channel/one")
    row = await subscriptions.follow(owner, url, backfill="all", filter=Filter(max_duration=3600))
    for count in (1, 0):
        await _check(row["id"])
        reason = "live" if status == "live" else "upcoming"
        assert await engine.fetchval("select reason from subscription_entry") == reason, count
        channel.films.clear()
    getattr(channel, status).clear()
    if vanishes:
        site.channels["one"] = Channel(gone={1})
    await _check(row["id"])
    decided = await engine.fetchrow("select decision, reason from subscription_entry")
    assert tuple(decided.values()) == (("blocked", "gone") if vanishes else ("skipped", "no_duration"))


async def test_stream_that_left_its_list_is_fetched_if_its_page_tells_the_length(site):
    owner = await add_user("ada")
    site.channels["one"] = channel = Channel(page_seconds=60)
    channel.publish(1, path="/film/one/1")
    channel.live.add(1)
    row = await subscriptions.follow(owner, site.url("/channel/one"), backfill="all", filter=Filter(max_duration=3600))
    await _check(row["id"])
    channel.films.clear()
    channel.live.clear()
    await _check(row["id"])
    assert await _fetch() == "done"


async def test_stream_whose_length_only_its_long_list_tells_is_wanted_by_the_next_check(site):
    owner = await add_user("ada")
    site.channels["one"] = channel = Channel(newest_first=False)
    channel.publish(*range(1, listing.PAGE + 10), seconds=60)
    row = await subscriptions.follow(owner, site.url("/channel/one"), filter=Filter(max_duration=3600))
    await _check(row["id"])
    channel.publish(90, path="/film/one/90", seconds=60)
    channel.live.add(90)
    await _check(row["id"])
    of_stream = "select concat_ws(' ', decision, reason) from subscription_entry where url like '%/90'"
    assert await engine.fetchval(of_stream) == "skipped live"
    channel.live.clear()
    await _check(row["id"])  # neither the number of entries nor the first page changed
    await _check(row["id"])
    assert await engine.fetchval(of_stream) == "queued filter"


async def _check(id: int) -> None:
    await engine.execute("update subscription set next_check_at = now() where id = $1", id)
    claimed = await checks.claim(id)
    assert claimed is not None and await checks.run(claimed)


@pytest.mark.parametrize("live", ["wait", "skip", "record"])
async def test_stream_that_ended_is_wanted_unless_streams_are_skipped(live):
    during = ("is_live", "is_upcoming", "post_live")
    facts = [Facts("u", "t", None, None, status) for status in (None, "not_live", "was_live", *during)]
    reasons = await filters.decide(Filter(live=live), facts)
    assert reasons[:2] == [None, None]
    assert reasons[2] == ("live" if live == "skip" else None)
    assert reasons[3:] == ([None] * 3 if live == "record" else ["live", "upcoming", "live"])


@pytest.mark.parametrize(("live", "decision"), [("wait", "queued"), ("skip", "skipped")])
async def test_skipped_stream_stays_skipped_when_its_list_no_longer_tells_of_it(live, decision):
    owner = await add_user("ada")
    row = await subscriptions.follow(owner, "http://site.test/channel", filter=Filter(live=live))
    wishes = plan.Wishes(owner, Options(), Filter(live=live), 0)
    url = "http://site.test/stream"
    for status in ("is_live", None):
        found = Listing("A channel", "site.test", (Entry("A stream", url, None, live_status=status),))
        made = await plan.make(wishes, row["id"], found, first=False)
        await entries.add(row["id"], made.new)
        await entries.refresh(made.changed)
        await entries.decide_again(made.again)
    assert await engine.fetchval("select decision from subscription_entry") == decision
