"""Presets, subscriptions and their entries after a merge: each exists once, and nothing done is fetched again."""

from pathlib import Path

import pytest

from mediafetcher.db import engine
from mediafetcher.db.tables import Preset, Subscription, SubscriptionEntry
from mediafetcher.library.recovery import subscription_data
from tests.factories import add_download
from tests.unit.library.conftest import Put, merged, written

pytestmark = pytest.mark.promise(23)

LINK = "https://example.org/channel"


async def _subscribe(owner: int) -> int:
    row = Subscription(owner=owner, url=LINK, site="example.org", source_key=f"url entry {LINK}", title="A channel")
    return int((await Subscription.insert(row).returning(Subscription.id))[0]["id"])


async def _enter(subscription: int, number: int, decision: str, **columns: object) -> int:
    link = f"https://example.org/{number}"
    row = {"source_key": link, "url": link, "decision": decision, "reason": "new"} | columns
    made = SubscriptionEntry.insert(SubscriptionEntry(subscription=subscription, **row))
    return int((await made.returning(SubscriptionEntry.id))[0]["id"])


async def test_preset_of_another_history_with_the_same_name_is_one_preset(owner: int, media_online: Path) -> None:
    await Preset.insert(Preset(owner=owner, name="Sound", options={"kind": "audio"}))
    library = await written(media_online)
    (number,) = library.rows["preset"]
    library.rows["preset"][number + 1] = library.rows["preset"][number] | {"name": "SOUND"}
    await engine.execute("update preset set created_at = created_at + interval '1 hour', options = '{}'")
    await merged(library)
    rows = await engine.fetch("select name, options from preset")
    assert rows == [{"name": "SOUND", "options": {"kind": "audio"}}]


async def test_entry_whose_subscription_is_lost_is_left_out(owner: int, media_online: Path) -> None:
    await _enter(await _subscribe(owner), 1, "ignored")
    library = await written(media_online)
    library.rows["subscription"].clear()
    await engine.execute("delete from subscription")
    await merged(library)
    assert await engine.fetchval("select count(*) from subscription_entry") == 0


async def test_download_of_an_entry_that_was_done_is_not_fetched_again(
    owner: int, put: Put, media_online: Path
) -> None:
    item = await put(b"film")
    subscription = await _subscribe(owner)
    links = [f"https://example.org/{number}" for number in (1, 2)]
    downloads = [await add_download(owner, link) for link in links]
    done = await _enter(subscription, 1, "done", item=item, download=downloads[0])
    await _enter(subscription, 2, "queued", download=downloads[1])
    library = await written(media_online)
    await engine.execute("update subscription_entry set decision = 'queued', item = null where id = $1", done)
    await merged(library)
    states = await engine.fetch("select state, finished_at is not null as finished from download order by id")
    assert [tuple(row.values()) for row in states] == [("cancelled", True), ("queued", False)]


def test_entries_that_are_equal_without_credentials_are_one_row() -> None:
    rows = [{"subscription": 1, "source_key": "a", "title": title} for title in ("old", "new")]
    other = {"subscription": 2, "source_key": "a", "title": "other"}
    assert subscription_data._once([*rows, other]) == [rows[1], other]
