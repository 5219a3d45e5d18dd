"""Subscriptions against a real channel: it publishes, reorders, renames, deletes and breaks."""

import asyncio
import datetime
import itertools
import json
from dataclasses import replace

import pytest

from mediafetcher.accounts.vault import cookie_formats, cookie_jars
from mediafetcher.core import clock, daily_hours, errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, presets, site_rules
from mediafetcher.downloads.worker import runner
from mediafetcher.fetch import prefork
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import folders, items, trash
from mediafetcher.subscriptions import checks, entries, listing, reading, subscriptions
from mediafetcher.subscriptions.checker import Checker
from mediafetcher.subscriptions.filters import Filter
from mediafetcher.subscriptions.schedule import Schedule
from mediafetcher.subscriptions.subscriptions import Backfill
from tests.factories import add_user
from tests.site.channels import Channel
from tests.waiting import eventually


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.0))
    await prefork.open()
    yield
    await prefork.close()


@pytest.fixture
async def owner(database) -> int:
    return await add_user("ada", admin=True)


@pytest.fixture(params=[True, False], ids=["newest first", "appended"])
def channel(request, site) -> Channel:
    site.channels["one"] = Channel(newest_first=request.param)
    return site.channels["one"]


@pytest.fixture
def newest(site) -> Channel:
    site.channels["one"] = Channel()
    return site.channels["one"]


async def _check(id: int) -> bool:
    """Check a subscription now."""
    await engine.execute("update subscription set next_check_at = now() where id = $1", id)
    claimed = await checks.claim(id)
    assert claimed is not None
    return await checks.run(claimed)


async def _fetch() -> None:
    while claim := await leases.claim():
        await runner.run(claim)


async def _follow(owner: int, site, **given) -> int:
    row = await subscriptions.follow(owner, site.url("/channel/one"), **given)
    await _check(row["id"])
    return row["id"]


async def _ledger(id: int) -> dict[str, tuple[str, str]]:
    rows = await engine.fetch("select title, decision, reason from subscription_entry where subscription = $1", id)
    return {row["title"]: (row["decision"], row["reason"]) for row in rows}


async def _titles(owner: int) -> list[str]:
    rows = await engine.fetch("select title from library_item where owner = $1 order by title", owner)
    return [row["title"] for row in rows]


async def test_new_entries_are_fetched_once_and_old_ones_never(owner, site, channel):
    channel.publish(1, 2, 3)
    id = await _follow(owner, site, folder="Shows/One")
    assert set((await _ledger(id)).values()) == {("ignored", "before_following")}
    channel.publish(4, 5)
    await _check(id)
    await _check(id)
    await _fetch()
    assert await _titles(owner) == ["Film 4", "Film 5"]
    assert (await _ledger(id))["Film 5"] == ("done", "new")
    found = await subscriptions.get(id, owner)
    assert found["title"] == "A channel" and found["counts"]["done"] == 2 and found["folder"] == "Shows/One"
    assert found["source_order"] == ("newest_first" if channel.newest_first else "appended")


async def test_entry_moved_renamed_trashed_or_purged_is_not_fetched_again(owner, site, channel):
    channel.publish(1, 2, 3, 4)
    id = await _follow(owner, site, backfill="all")
    await _fetch()
    rows = await engine.fetch("select id, title from library_item order by title")
    first, second, third, fourth = (row["id"] for row in rows)
    await items.move(first, owner, await folders.ensure(owner, "Elsewhere"))
    await items.rename(first, owner, "Mine")
    await trash.trash(second, owner)
    await trash.trash(third, owner)
    await trash.purge(owner, [third])
    await engine.execute("update download set cleared_at = now()")
    channel.rename(4, "Another name")
    channel.films.reverse()
    await _check(id)
    await _fetch()
    assert await engine.fetchval("select count(*) from library_item") == 3
    assert len(await _ledger(id)) == 4 and "Another name" in await _ledger(id)
    assert await engine.fetchval("select item from subscription_entry where title = 'Another name'") == fourth


async def test_deleted_and_published_again_is_the_same_entry(owner, site, channel):
    channel.publish(1, 2)
    id = await _follow(owner, site, backfill="all")
    channel.delete(1)
    await _check(id)
    channel.publish(1)
    await _check(id)
    assert len(await _ledger(id)) == 2
    assert await engine.fetchval("select count(*) from download") == 2


async def test_last_entries_are_the_newest(owner, site, channel):
    channel.publish(*range(1, 6), published=None)
    channel.films = [replace(film, published=1_700_000_000.0 + film.number * 3600) for film in channel.films]
    id = await _follow(owner, site, backfill=Backfill(last=2))
    ledger = await _ledger(id)
    assert {title for title, (decision, _) in ledger.items() if decision == "queued"} == {"Film 4", "Film 5"}


async def test_every_filter_names_its_reason(owner, site, newest):
    day = 1_767_225_600.0  # 2026-01-01
    newest.publish(1, seconds=600, published=day + 60)
    newest.publish(2, seconds=5, published=day + 60)
    newest.publish(3, seconds=9000, published=day + 60)
    newest.publish(4, seconds=600, published=day - 60)
    newest.publish(5, seconds=600, published=day + 60, path="/same-name/5/shorts/ok.mp4")
    newest.publish(6, seconds=600, published=day + 60)
    newest.publish(7, seconds=600, published=day + 60)
    newest.rename(6, "Live talk")
    newest.rename(7, "Film 7 (trailer)")
    filter = Filter("^film", "trailer", 60, 3600, since="2026-01-01", shorts=False)
    id = await _follow(owner, site, backfill="all", filter=filter)
    ledger = {title: reason for title, (_, reason) in (await _ledger(id)).items()}
    assert ledger == {
        "Film 1": "backfill",
        "Film 2": "too_short",
        "Film 3": "too_long",
        "Film 4": "too_old",
        "Film 5": "short",
        "Live talk": "title",
        "Film 7 (trailer)": "excluded",
    }


async def test_changed_filter_decides_again_only_entries_it_skipped(owner, site, newest):
    newest.publish(1)
    id = await _follow(owner, site, filter=Filter(title_include="wanted"))
    newest.publish(2, 3)
    newest.rename(3, "Film 3 wanted")
    await _check(id)
    await _fetch()
    await trash.delete_media(await engine.fetchval("select id from library_item"), owner)
    await subscriptions.change(id, owner, filter=Filter(title_include="2"))
    await _check(id)
    await _fetch()
    assert await _titles(owner) == ["Film 2"]
    assert await _ledger(id) == {
        "Film 1": ("ignored", "before_following"),
        "Film 2": ("done", "filter"),
        "Film 3 wanted": ("done", "new"),
    }


async def test_fact_that_the_list_lacks_is_asked_of_the_entry(owner, site, newest):
    newest.publish(1, path="/page/video?e=1")
    newest.publish(2, path="/same-name/2/ok.mp4")
    id = await _follow(owner, site, backfill="all", filter=Filter(max_duration=3600))
    assert set((await _ledger(id)).values()) == {("skipped", "no_duration")}
    newest.films = [replace(film, seconds=4) for film in newest.films]
    await _check(id)
    assert {decision for decision, _ in (await _ledger(id)).values()} == {"queued"}


async def test_limit_of_a_check_leaves_the_rest_to_the_next_one(owner, site, newest):
    newest.publish(*range(1, 6))
    id = await _follow(owner, site, backfill="all", filter=Filter(max_per_check=2))
    assert await engine.fetchval("select count(*) from download") == 2
    await _check(id)
    await _check(id)
    assert await engine.fetchval("select count(*) from download") == 5


async def test_blocked_entry_and_bad_entry_stop_nothing(owner, site, newest):
    from mediafetcher.downloads import dedup

    await dedup.mark_never(owner, site.url("/same-name/1/ok.mp4"))
    newest.publish(1, 2, 3)
    newest.films[1] = replace(newest.films[1], path="/status/404")
    id = await _follow(owner, site, backfill="all")
    await _fetch()
    assert await _titles(owner) == ["Film 3"]
    assert (await _ledger(id))["Film 1"] == ("blocked", errors.SourceBlocked.code)


async def test_used_up_quota_keeps_entries_waiting(owner, site, newest):
    newest.publish(1, 2)
    await engine.execute("update account set quota = 0 where id = $1", owner)
    id = await _follow(owner, site, backfill="all")
    assert set((await _ledger(id)).values()) == {("queued", errors.QuotaExceeded.code)}
    await engine.execute("update account set quota = null where id = $1", owner)
    await _check(id)
    await _fetch()
    assert await _titles(owner) == ["Film 1", "Film 2"]


async def test_failing_source_backs_off_with_its_reason_and_recovers(owner, site, newest):
    newest.publish(1)
    id = await _follow(owner, site)
    newest.status = 503
    for _ in range(3):
        assert not await _check(id)
    found = await subscriptions.get(id, owner)
    assert (found["failures"], found["error"]["code"], found["state"]) == (3, "server_error", "active")
    assert found["failing_since"] < found["checked_at"] < found["next_check_at"]
    kinds = await engine.fetch("select type from notification where type like 'subscription.%'")
    assert [row["type"] for row in kinds] == ["subscription.failing"]
    newest.status = 200
    newest.publish(2)
    await engine.execute("delete from site_backoff")
    assert await _check(id)
    found = await subscriptions.get(id, owner)
    assert (found["failures"], found["error"], found["failing_since"]) == (0, None, None)
    assert (await _ledger(id))["Film 2"] == ("queued", "new")
    assert await engine.fetchval("select data->>'count' from notification where type = 'subscription.new'") == "1"


async def test_needed_cookies_park_and_sent_cookies_resume(owner, site, newest):
    newest.publish(1)
    newest.cookie = "sid=ok"
    id = await _follow(owner, site, backfill="all")
    found = await subscriptions.get(id, owner)
    assert (found["state"], found["error"]["code"]) == ("needs_action", "members_only")
    assert await checks.claim() is None
    await cookie_jars.put(owner, "127.0.0.1", [cookie_formats.Cookie("sid", "ok", "127.0.0.1", host_only=True)])
    claimed = await checks.claim()
    assert claimed is not None and await checks.run(claimed)
    assert (await subscriptions.get(id, owner))["state"] == "active"


async def test_link_to_one_video_is_no_list(owner, site):
    row = await subscriptions.follow(owner, site.url("/same-name/1/ok.mp4"))
    await _check(row["id"])
    assert (await subscriptions.get(row["id"], owner))["error"]["code"] == errors.NotAList.code


async def test_subscription_is_claimed_once_and_a_lost_lease_writes_nothing(owner, site, newest):
    newest.publish(1)
    row = await subscriptions.follow(owner, site.url("/channel/one"), backfill="all")
    claims = await asyncio.gather(*(checks.claim() for _ in range(4)))
    (first,) = [claim for claim in claims if claim]
    await engine.execute("update subscription set lease_expires_at = now() - interval '1 second'")
    second = await checks.claim()
    assert second is not None and second.attempt == first.attempt + 1
    assert not await checks.run(first)
    assert await engine.fetchval("select count(*) from subscription_entry") == 0
    assert await checks.run(second)
    assert (await subscriptions.get(row["id"], owner))["counts"]["queued"] == 1


async def test_interrupted_submission_goes_on_and_doubles_nothing(owner, site, newest, monkeypatch):
    newest.publish(1, 2, 3)
    row = await subscriptions.follow(owner, site.url("/channel/one"), backfill="all")
    real, calls = lifecycle.submit, 0

    async def dies(*given, **more):
        nonlocal calls
        calls += 1
        if calls == 2:
            raise errors.DatabaseUnavailable()
        return await real(*given, **more)

    monkeypatch.setattr(lifecycle, "submit", dies)
    with pytest.raises(errors.DatabaseUnavailable):
        await _check(row["id"])
    monkeypatch.undo()
    await engine.execute("update subscription set lease_expires_at = now() - interval '1 second'")
    await _check(row["id"])
    assert await engine.fetchval("select count(*) from download") == 3
    assert (await subscriptions.get(row["id"], owner))["counts"]["queued"] == 3


async def test_two_users_share_one_file_and_have_each_an_item(owner, site, newest):
    bob = await add_user("bob")
    newest.publish(1)
    first = await _follow(owner, site, backfill="all", folder="A")
    second = await subscriptions.follow(bob, site.url("/channel/one"), backfill="all", folder="B")
    await _check(second["id"])
    await _fetch()
    await _fetch()
    assert await _titles(owner) == await _titles(bob) == ["Film 1"]
    assert await engine.fetchval("select count(*) from media_file") == 1
    await subscriptions.unfollow(first, owner)
    await _check(second["id"])
    assert (await subscriptions.get(second["id"], bob))["counts"]["done"] == 1
    assert await _titles(owner) == ["Film 1"]
    with pytest.raises(errors.NotFound):
        await subscriptions.get(second["id"], owner)


async def test_film_that_the_library_has_already_is_not_added_again(owner, site, newest):
    await lifecycle.submit(owner, site.url("/same-name/1/ok.mp4"), "Mine")
    await _fetch()
    newest.publish(1, 2)
    id = await _follow(owner, site, backfill="all", folder="Shows")
    await _fetch()
    assert (await _ledger(id))["Film 1"] == ("done", "in_library")
    assert await engine.fetchval("select count(*) from library_item") == 2


async def test_dry_run_says_what_the_check_does(owner, site, channel):
    channel.publish(*range(1, 5))
    filter = Filter(title_exclude="2")
    shown = await subscriptions.preview(owner, site.url("/channel/one"), filter=filter, backfill="all")
    assert (shown["title"], shown["wanted"], shown["listed"]) == ("A channel", 3, 4)
    assert await engine.fetchval("select count(*) from subscription") == 0
    read = len(site.log)
    again = await subscriptions.preview(owner, site.url("/channel/one"), filter=Filter(), backfill="all")
    assert again["wanted"] == 4 and len(site.log) == read, "the list is read once for all dry runs of a few minutes"
    id = await _follow(owner, site, filter=filter, backfill="all")
    ledger = await _ledger(id)
    assert {one["title"]: (one["decision"], one["reason"]) for one in shown["entries"]} == ledger


async def test_page_of_a_long_source_is_all_that_a_check_reads(owner, site, newest):
    newest.publish(*range(1, 201))
    id = await _follow(owner, site)
    newest.publish(201)
    await _check(id)
    newest.publish(*range(202, 300))  # more than a page
    await _check(id)
    found = await subscriptions.get(id, owner)
    assert found["source_order"] == "newest_first"
    assert (found["counts"]["queued"], found["counts"]["ignored"]) == (99, 200)
    rows, following = await entries.page(id, owner, decisions=["queued"], limit=20)
    assert [row["title"] for row in rows[:2]] == ["Film 299", "Film 298"] and following is not None


async def test_checker_checks_what_is_due_at_once(owner, site, newest):
    newest.publish(1)
    checker = Checker()
    task = asyncio.create_task(checker.run())
    try:
        row = await subscriptions.follow(owner, site.url("/channel/one"), backfill="all")
        await checker.tick()
        await eventually(
            lambda: subscriptions.get(row["id"], owner), lambda found: found["counts"]["queued"] == 1, seconds=60
        )
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("pattern", ["(", "(a|a)*b|(a+)+$c"])
async def test_bad_pattern_is_named(owner, site, pattern, monkeypatch):
    from mediafetcher.subscriptions import filters

    monkeypatch.setattr(filters, "_MATCH_SECONDS", 2.0)
    with pytest.raises(errors.InvalidPattern, match="pattern"):
        await subscriptions.follow(owner, site.url("/channel/one"), filter=Filter(title_include=pattern))
    with pytest.raises(errors.InvalidPattern, match="pattern"):
        await subscriptions.preview(owner, site.url("/channel/one"), filter=Filter(title_exclude=pattern))


async def test_hours_hold_entries_until_they_begin(owner, site, newest):
    newest.publish(1)
    closed = _hours_from_now(2, 3)
    id = await _follow(owner, site, backfill="all", schedule=Schedule(hours=closed))
    found = await subscriptions.get(id, owner)
    assert found["counts"]["queued"] == 1 and await engine.fetchval("select count(*) from download") == 0
    begins = daily_hours.next_start(closed, clock.now())
    assert found["next_check_at"] <= begins and found["schedule"]["hours"]["start"] == closed.start
    await subscriptions.change(id, owner, schedule=Schedule(hours=_hours_from_now(-1, 1)))
    await _check(id)
    assert await engine.fetchval("select count(*) from download") == 1


def _hours_from_now(start: int, end: int) -> daily_hours.DailyHours:
    now = clock.now().astimezone(datetime.UTC)
    first, last = (f"{now + datetime.timedelta(hours=hours):%H:%M}" for hours in (start, end))
    return daily_hours.DailyHours(first, last, "UTC")


async def test_daily_limit_of_downloads_counts_the_last_24_hours(owner, site, newest):
    newest.publish(*range(1, 6))
    id = await _follow(owner, site, backfill="all", schedule=Schedule(daily_downloads=2))
    assert await engine.fetchval("select count(*) from download") == 2
    await _check(id)
    assert await engine.fetchval("select count(*) from download") == 2
    await engine.execute("update subscription_entry set submitted_at = submitted_at - interval '25 hours'")
    await _check(id)
    assert await engine.fetchval("select count(*) from download") == 4


async def test_daily_limit_of_bytes_is_never_exceeded_by_more_than_one_download(owner, site, newest):
    newest.publish(*range(1, 6))
    id = await _follow(owner, site, backfill="all", schedule=Schedule(daily_bytes=1))
    assert await engine.fetchval("select count(*) from download") == 1
    await _fetch()
    await _check(id)
    assert await engine.fetchval("select count(*) from download") == 1
    size = await engine.fetchval("select max(size) from media_file")
    await subscriptions.change(id, owner, schedule=Schedule(daily_bytes=3 * size))
    await _check(id)
    assert await engine.fetchval("select count(*) from download") == 3


async def test_pauses_spread_the_beginnings_of_downloads(owner, site, newest):
    newest.publish(*range(1, 8))
    await lifecycle.submit(owner, site.url("/same-name/1/ok.mp4"))
    id = await _follow(owner, site, backfill="all", schedule=Schedule(pause_seconds=900))
    rows = await engine.fetch("select extract(epoch from run_after - now())::float8 as wait from download order by 1")
    waits = [row["wait"] for row in rows]
    assert len(waits) == 6 and waits[1] <= 1 and all(b - a >= 400 for a, b in itertools.pairwise(waits[1:]))
    found = await subscriptions.get(id, owner)
    assert found["next_check_at"] <= found["checked_at"] + datetime.timedelta(hours=1)


async def test_options_of_a_preset_are_below_those_of_the_subscription(owner, site, newest):
    await presets.save("Small", owner, Options(max_height=480, audio="m4a"))
    newest.publish(1)
    id = await _follow(owner, site, backfill="all", preset="small", options=Options(max_height=720))
    options = await engine.fetchval("select options::text from download")
    assert json.loads(options) == {"max_height": 720, "audio": "m4a", "live_wait": True}
    assert (await subscriptions.get(id, owner))["preset"] == "Small"
    with pytest.raises(errors.NotFound, match="'None'"):
        await subscriptions.change(id, owner, preset="None")
    await subscriptions.change(id, owner, options=Options(impersonate=True))
    with pytest.raises(errors.Invalid, match="contradicts"):
        await presets.save("Small", owner, Options(proxy="http://127.0.0.1:9"))
    await presets.remove("SMALL", owner)
    assert (await subscriptions.get(id, owner))["preset"] is None


async def test_empty_channel_is_no_failure_and_its_first_entry_is_new(owner, site, channel):
    id = await _follow(owner, site)
    found = await subscriptions.get(id, owner)
    assert (found["error"], found["failures"], found["counts"]["ignored"]) == (None, 0, 0)
    channel.publish(1)
    await _check(id)
    assert await _ledger(id) == {"Film 1": ("queued", "new")}


async def test_vanished_source_names_the_action_and_a_new_link_keeps_the_memory(owner, site, newest):
    newest.publish(1, 2)
    id = await _follow(owner, site, backfill="all")
    await _fetch()
    site.channels["two"], newest.status = replace(newest), 404
    assert not await _check(id)
    found = await subscriptions.get(id, owner)
    assert (found["error"]["code"], found["action"], found["state"]) == ("gone", "change_link", "active")
    other = await subscriptions.follow(owner, site.url("/channel/three"))
    with pytest.raises(errors.AlreadyFollowed):
        await subscriptions.change(id, owner, url=site.url("/channel/three"))
    await subscriptions.unfollow(other["id"], owner)
    found = await subscriptions.change(id, owner, url=site.url("/channel/two"))
    assert (found["error"], found["action"], found["url"]) == (None, None, site.url("/channel/two"))
    site.channels["two"].publish(3)
    assert await _check(id)
    await _fetch()
    assert await _titles(owner) == ["Film 1", "Film 2", "Film 3"]


async def test_one_reading_serves_all_users_who_follow_a_source(owner, site, newest, monkeypatch):
    """Each has a filter and a folder of their own; a film is fetched once and stored once."""
    newest.publish(1, 2, 3)
    people = [owner] + [await add_user(name) for name in ("bob", "cy")]
    url, ids = site.url("/channel/one"), []
    for number, person in enumerate(people):
        filter = Filter(title_exclude=str(number + 1))
        row = await subscriptions.follow(person, url, backfill="all", folder=f"F{number}", filter=filter)
        ids.append(row["id"])
    reads = _count_reads(monkeypatch)
    await _check(ids[0])
    assert len(reads) == 1
    assert await checks.claim() is None
    await _fetch()
    assert [await _titles(person) for person in people] == [
        ["Film 2", "Film 3"],
        ["Film 1", "Film 3"],
        ["Film 1", "Film 2"],
    ]
    assert await engine.fetchval("select count(*) from media_file") == 3
    assert await engine.fetchval("select count(*) from download where not deduplicated") == 3
    newest.status = 503
    await engine.execute("update subscription set next_check_at = now()")
    assert not await _check(ids[1])
    failed = await engine.fetch("select failures from subscription")
    assert [row["failures"] for row in failed].count(1) == 3


async def test_reading_with_cookies_or_a_proxy_is_not_shared(owner, site, newest):
    newest.publish(1)
    bob = await add_user("bob")
    mine = await subscriptions.follow(owner, site.url("/channel/one"))
    theirs = await subscriptions.follow(bob, site.url("/channel/one"))
    await cookie_jars.put(bob, "127.0.0.1", [cookie_formats.Cookie("sid", "ok", "127.0.0.1", host_only=True)])
    await _check(mine["id"])
    assert (await subscriptions.get(theirs["id"], bob))["checked_at"] is None
    await engine.execute("delete from cookie_jar")
    await subscriptions.change(theirs["id"], bob, options=Options(proxy="http://127.0.0.1:9"))
    await _check(mine["id"])
    assert (await subscriptions.get(theirs["id"], bob))["checked_at"] is None


async def test_reading_of_a_user_whose_rule_has_a_way_of_its_own_is_not_shared(owner, site, newest):
    newest.publish(1)
    bob = await add_user("bob")
    mine = await subscriptions.follow(owner, site.url("/channel/one"))
    theirs = await subscriptions.follow(bob, site.url("/channel/one"))
    for rule in (site_rules.Rule(proxy="http://127.0.0.1:9"), site_rules.Rule(cookies_required=True)):
        await site_rules.save(bob, "127.0.0.1", rule)
        await _check(mine["id"])  # bob's is not read with it
        assert (await subscriptions.get(theirs["id"], bob))["checked_at"] is None
        await engine.execute("update subscription set next_check_at = now()")
        claimed = await checks.claim(theirs["id"])  # and what bob reads is not given to others
        assert claimed is not None and claimed.shared == ()
        await engine.execute("update subscription set lease_expires_at = null")


async def test_option_given_as_its_default_switches_that_of_a_preset_off_for_every_entry(owner, site, newest):
    newest.publish(1)
    await presets.save("sound", owner, Options(audio="m4a", sponsorblock=True))
    await site_rules.save(owner, "127.0.0.1", site_rules.Rule(preset="sound"))
    off = presets.Chosen(Options(), frozenset({"audio"}))
    id = await _follow(owner, site, backfill="all", options=off, preset="sound")
    assert (await subscriptions.get(id, owner))["options"] == {"audio": None}
    stored = await engine.fetchval("select options::text from download")
    assert json.loads(stored) == {"sponsorblock": True, "live_wait": True}


def _count_reads(monkeypatch) -> list[tuple[int, int]]:
    """Note the first entry and the limit of each reading of a list."""
    reads: list[tuple[int, int]] = []
    real = listing.read

    async def counted(owner, url, options, *, first=1, limit=5000):
        reads.append((first, limit))
        return await real(owner, url, options, first=first, limit=limit)

    monkeypatch.setattr(listing, "read", counted)
    return reads


async def test_list_in_another_order_is_read_as_a_whole_only_if_its_fingerprint_changed(
    owner, site, newest, monkeypatch
):
    newest.newest_first = False
    newest.publish(*range(1, 121))
    id = await _follow(owner, site)
    reads = _count_reads(monkeypatch)
    newest.publish(121)
    await _check(id)  # it learns the order
    assert (await subscriptions.get(id, owner))["source_order"] == "appended"
    reads.clear()
    await _check(id)
    assert reads == [(1, 50)]
    newest.publish(122, 123)
    reads.clear()
    await _check(id)
    assert reads == [(1, 50), (72, 52)]
    newest.delete(60)
    reads.clear()
    await _check(id)
    assert reads == [(1, 50), (1, 5000)]
    assert (await subscriptions.get(id, owner))["counts"] == {
        "queued": 3, "done": 0, "skipped": 0, "blocked": 0, "ignored": 120,
    }  # fmt: skip


async def test_source_that_is_longer_than_one_reading_misses_nothing_at_its_end(owner, site, newest, monkeypatch):
    monkeypatch.setattr(reading, "MAX_ENTRIES", 30)
    monkeypatch.setattr(listing, "PAGE", 10)
    real = listing.read

    async def bounded(owner, url, options, *, first=1, limit=30):
        return await real(owner, url, options, first=first, limit=limit)

    monkeypatch.setattr(listing, "read", bounded)
    newest.newest_first = False
    newest.publish(*range(1, 96))
    id = await _follow(owner, site)
    assert (await subscriptions.get(id, owner))["counts"]["ignored"] == 95
    newest.publish(96, 97)
    await _check(id)
    newest.publish(98)
    await _check(id)
    assert (await subscriptions.get(id, owner))["counts"]["queued"] == 3


async def test_same_link_is_followed_once(owner, site):
    await subscriptions.follow(owner, site.url("/channel/one"))
    with pytest.raises(errors.AlreadyFollowed):
        await subscriptions.follow(owner, site.url("/channel/one?utm_source=x"))
