"""Retention: each rule, what protects an item, and a preview that equals what is then removed."""

import random

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.catalog import items, trash, watching
from mediafetcher.subscriptions import retention, subscriptions
from mediafetcher.subscriptions.retention import Retention
from tests.factories import add_user

_ITEM = """
with file as (insert into media_file (sha256, size, kind, ext, duration)
  values (sha256($3::text::bytea), 1000, 'video/mp4', '.mp4', 100)
  on conflict (sha256) do update set ext = excluded.ext returning id)
insert into library_item (owner, media_file, title, created_at)
select $1, id, $2, now() - make_interval(days => $4) from file returning id
"""
_ENTRY = """
insert into subscription_entry (subscription, source_key, url, title, decision, reason, item, first_seen_at,
  published_at)
values ($1, $2, 'https://site.test/' || $2, $2, 'done', $5, $3, now() - make_interval(days => $4) - interval '1 hour',
  now() - make_interval(days => $4))
"""


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    pass


@pytest.fixture
async def owner(database) -> int:
    return await add_user("ada")


async def _follow(owner: int, name: str = "one", **given) -> int:
    return (await subscriptions.follow(owner, f"https://site.test/{name}", **given))["id"]


async def _item(owner: int, id: int, name: str, days: int, *, reason: str = "new", item: int | None = None) -> int:
    """Add an item that came `days` ago, and was published then."""
    item = item or await engine.fetchval(_ITEM, owner, name, name, days)
    await engine.execute(_ENTRY, id, name, item, days, reason)
    return item


async def _trashed(owner: int) -> set[str]:
    rows = await engine.fetch("select title from library_item where owner = $1 and trashed_at is not null", owner)
    return {row["title"] for row in rows}


async def test_newest_items_are_kept_and_the_rest_goes_to_the_trash(owner):
    id = await _follow(owner, retention=Retention(keep_last=2))
    for days in range(5):
        await _item(owner, id, f"d{days}", days)
    shown = await retention.preview(id, owner)
    assert [item["title"] for item in shown["items"]] == ["d4", "d3", "d2"]
    assert {item["rule"] for item in shown["items"]} == {"keep_last"}
    assert (shown["count"], shown["bytes"], shown["frees"]) == (3, 3000, 3000)
    assert await _trashed(owner) == set()
    assert await retention.apply() == 3
    assert await _trashed(owner) == {"d2", "d3", "d4"}
    assert await retention.apply() == 0 and (await retention.preview(id, owner))["count"] == 0
    assert await engine.fetchval("select count(*) from media_file where ref_count > 0") == 5


async def test_restored_item_stays(owner):
    id = await _follow(owner, retention=Retention(keep_last=1))
    old = await _item(owner, id, "old", 3)
    await _item(owner, id, "new", 0)
    assert await retention.apply() == 1
    await trash.restore(old, owner)
    assert await retention.apply() == 0 and await _trashed(owner) == set()
    await _item(owner, id, "newer", 0)
    assert await retention.apply() == 1 and "old" not in await _trashed(owner)


async def test_kept_item_stays_and_does_not_count(owner):
    id = await _follow(owner, retention=Retention(keep_last=1, keep_days=30))
    await _item(owner, id, "middle", 5)
    await items.set_keep(await _item(owner, id, "newest", 0), owner, keep=True)
    await items.set_keep(await _item(owner, id, "oldest", 90), owner, keep=True)
    assert await retention.apply() == 0
    await _item(owner, id, "second", 1)
    assert await retention.apply() == 1 and await _trashed(owner) == {"middle"}


async def test_days_count_from_the_moment_that_an_item_came(owner):
    id = await _follow(owner, retention=Retention(keep_days=10))
    item = await _item(owner, id, "published long ago, came now", 1)
    await engine.execute("update subscription_entry set published_at = now() - interval '3 years'")
    await _item(owner, id, "came 11 days ago", 11)
    assert await retention.apply() == 1 and await _trashed(owner) == {"came 11 days ago"}
    assert await engine.fetchval("select removed_at is null from subscription_entry where item = $1", item)


async def test_watched_items_go_after_their_days_and_unwatched_ones_stay(owner):
    id = await _follow(owner, retention=Retention(watched_days=2))
    for name, position, ago in (("watched", 96, 3), ("just watched", 99, 1), ("begun", 50, 9), ("not begun", 0, 9)):
        item = await _item(owner, id, name, 20)
        await watching.report(item, owner, position)
        await engine.execute(
            "update watch set updated_at = now() - make_interval(days => $1) where position = $2", ago, position
        )
    assert [item["rule"] for item in (await retention.preview(id, owner))["items"]] == ["watched_days"]
    assert await retention.apply() == 1 and await _trashed(owner) == {"watched"}


async def test_item_that_was_in_the_library_before_is_never_removed(owner):
    id = await _follow(owner, retention=Retention(keep_last=1))
    await _item(owner, id, "mine", 9, reason="in_library")
    given = await engine.fetchval(_ITEM, owner, "given", "given", 30)
    await _item(owner, id, "e", 5, item=given)  # the download answered with an item that was there
    await _item(owner, id, "new", 0)
    assert await retention.apply() == 0


async def test_item_of_two_subscriptions_goes_when_both_agree(owner):
    first, second = await _follow(owner, "a", retention=Retention(keep_days=5)), await _follow(owner, "b")
    item = await _item(owner, first, "both", 9)
    await _item(owner, second, "both", 9, item=item, reason="in_library")
    assert (await retention.preview(first, owner))["count"] == 0 and await retention.apply() == 0
    await subscriptions.change(second, owner, retention=Retention(keep_days=8))
    assert await retention.apply() == 1 and await _trashed(owner) == {"both"}


async def test_users_have_retention_of_their_own_and_bytes_go_with_the_last(owner):
    bob = await add_user("bob")
    mine = await _follow(owner, retention=Retention(keep_days=5))
    theirs = await _follow(bob, retention=Retention(keep_days=50))
    await _item(owner, mine, "film", 9)
    await _item(bob, theirs, "film", 9)
    shown = await retention.preview(mine, owner)
    assert (shown["count"], shown["frees"]) == (1, 0)
    assert await retention.apply() == 1
    assert (await _trashed(owner), await _trashed(bob)) == ({"film"}, set())
    with pytest.raises(errors.NotFound):
        await retention.preview(mine, bob)


async def test_preview_of_other_rules_changes_nothing(owner):
    id = await _follow(owner)
    for days in range(4):
        await _item(owner, id, f"d{days}", days)
    assert (await retention.preview(id, owner, Retention(keep_last=1)))["count"] == 3
    assert await retention.apply() == 0 and await _trashed(owner) == set()
    await subscriptions.change(id, owner, retention=Retention(keep_last=1))
    assert await retention.apply() == 3


@pytest.mark.parametrize("seed", range(5))
async def test_random_preview_equals_what_is_removed(owner, seed):
    chance = random.Random(seed)
    rules = [None, *range(1, 8)]
    ids = [
        await _follow(owner, str(n), retention=Retention(chance.choice(rules), chance.choice(rules), None))
        for n in range(4)
    ]
    for number in range(40):
        days = chance.randrange(12)
        holders = chance.sample(ids, chance.choice([1, 1, 2]))
        item = await _item(owner, holders[0], f"i{number}", days)
        for other in holders[1:]:
            await _item(owner, other, f"i{number}", days, item=item, reason=chance.choice(["new", "in_library"]))
        if chance.random() < 0.2:
            await items.set_keep(item, owner, keep=True)
    promised = {item["title"] for id in ids for item in (await retention.preview(id, owner))["items"]}
    assert await retention.apply() == len(promised)
    assert await _trashed(owner) == promised
    assert await retention.apply() == 0
