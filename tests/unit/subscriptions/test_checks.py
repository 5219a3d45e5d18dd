"""Subscriptions against a real channel: it publishes, reorders, renames, deletes and breaks."""

import asyncio
from dataclasses import replace

import pytest

from mediafetcher.accounts.vault import cookie_formats, cookie_jars
from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle
from mediafetcher.downloads.worker import runner
from mediafetcher.fetch import prefork
from mediafetcher.library.catalog import folders, items, trash
from mediafetcher.subscriptions import checks, entries, subscriptions
from mediafetcher.subscriptions.checker import Checker
from mediafetcher.subscriptions.filters import Filter
from mediafetcher.subscriptions.subscriptions import Backfill
from tests.site.channels import Channel


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.0))
    await prefork.open()
    yield
    await prefork.close()


@pytest.fixture
async def owner(database) -> int:
    return await engine.fetchval("insert into account (name, admin) values ('ada', true) returning id")


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


async def test_changed_filter_decides_anew_only_what_the_filter_skipped(owner, site, newest):
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
            raise errors.DatabaseAway()
        return await real(*given, **more)

    monkeypatch.setattr(lifecycle, "submit", dies)
    with pytest.raises(errors.DatabaseAway):
        await _check(row["id"])
    monkeypatch.undo()
    await engine.execute("update subscription set lease_expires_at = now() - interval '1 second'")
    await _check(row["id"])
    assert await engine.fetchval("select count(*) from download") == 3
    assert (await subscriptions.get(row["id"], owner))["counts"]["queued"] == 3


async def test_two_users_share_one_file_and_have_each_an_item(owner, site, newest):
    bob = await engine.fetchval("insert into account (name) values ('bob') returning id")
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
        async with asyncio.timeout(60):
            while (await subscriptions.get(row["id"], owner))["counts"]["queued"] != 1:
                await asyncio.sleep(0.05)
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


async def test_same_link_is_followed_once(owner, site):
    await subscriptions.follow(owner, site.url("/channel/one"))
    with pytest.raises(errors.AlreadyFollowed):
        await subscriptions.follow(owner, site.url("/channel/one?utm_source=x"))
