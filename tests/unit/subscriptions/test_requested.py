"""An entry that was not wanted is downloaded because its user requests it."""

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.catalog import blocklist
from mediafetcher.net import urls
from mediafetcher.subscriptions import entries, requested, subscriptions
from tests.factories import add_user

URL = "http://site.test/film"


@pytest.fixture
async def followed(database, state) -> tuple[int, int]:
    owner = await add_user("ada")
    row = await subscriptions.follow(owner, "http://site.test/channel", folder="Shows")
    return owner, row["id"]


async def _entry(subscription: int, decision: str = "skipped", reason: str = "too_short") -> int:
    return await engine.fetchval(
        "insert into subscription_entry (subscription, source_key, url, title, decision, reason)"
        " values ($1, $2, $3, 'A film', $4, $5) returning id",
        subscription,
        entries.key_of(URL),
        URL,
        decision,
        reason,
    )


@pytest.mark.parametrize("decision", ["skipped", "ignored", "blocked", "queued"])
async def test_requested_entry_is_queued_in_the_folder_of_its_subscription(followed, decision):
    owner, id = followed
    entry = await _entry(id, decision)
    shown = await requested.download(id, entry, owner)
    assert (shown["decision"], shown["reason"], shown["state"]) == ("queued", "requested", "queued")
    row = await engine.fetchrow("select url, title, folder from download where id = $1", shown["download"])
    assert (row["url"], row["title"]) == (URL, "A film")
    assert row["folder"] == await engine.fetchval("select folder from subscription where id = $1", id)
    assert (await requested.download(id, entry, owner))["download"] == shown["download"]
    assert await engine.fetchval("select count(*) from download") == 1


async def test_requested_entry_whose_item_is_gone_is_downloaded_again(followed):
    owner, id = followed
    entry = await _entry(id, "done", "new")
    await engine.execute("update subscription_entry set submitted_at = now(), removed_at = now()")
    shown = await requested.download(id, entry, owner)
    assert (shown["decision"], shown["removed_at"]) == ("queued", None)


async def test_entry_of_another_user_or_subscription_is_not_found(followed):
    owner, id = followed
    entry = await _entry(id)
    other = await add_user("bob")
    second = (await subscriptions.follow(owner, "http://site.test/other"))["id"]
    for subscription, user in ((id, other), (second, owner)):
        with pytest.raises(errors.NotFound):
            await requested.download(subscription, entry, user)
    assert await engine.fetchval("select count(*) from download") == 0


async def test_requested_entry_with_a_blocked_link_says_so(followed):
    owner, id = followed
    entry = await _entry(id, "blocked", "never_again")
    await blocklist.block_link(owner, URL, urls.source_key(URL, "default"))
    with pytest.raises(errors.SourceBlocked):
        await requested.download(id, entry, owner)
    assert (await entries.one(entry, owner))["decision"] == "blocked"


async def test_all_active_subscriptions_are_due_at_once(followed):
    owner, id = followed
    await engine.execute("update subscription set next_check_at = now() + interval '1 day'")
    for number, state in enumerate(("paused", "needs_action")):
        row = await subscriptions.follow(owner, f"http://site.test/{number}")
        await engine.execute(
            "update subscription set state = $2, next_check_at = now() + interval '1 day' where id = $1",
            row["id"],
            state,
        )
    assert await subscriptions.request_all_checks(owner) == 1
    assert await engine.fetchval("select array_agg(id) from subscription where next_check_at <= now()") == [id]
