"""The order in which a user's downloads start, as the user sets it."""

import pytest

from mediafetcher.core import errors, events
from mediafetcher.db.tables import Download
from mediafetcher.downloads import leases, queue_order
from tests.factories import add_download, add_user

pytestmark = pytest.mark.usefixtures("media_online")


@pytest.fixture
async def owner(database: str) -> int:
    return await add_user()


@pytest.fixture
async def ids(owner: int) -> list[int]:
    """Four queued downloads of different sites."""
    return [await add_download(owner, f"https://{n}.example/", site=f"{n}.example") for n in range(4)]


async def _started(count: int) -> list[int]:
    claims = [await leases.claim() for _ in range(count)]
    return [claim.id for claim in claims if claim is not None]


async def test_downloads_start_in_the_given_order_before_the_others(owner: int, ids: list[int]) -> None:
    await queue_order.arrange([ids[3], ids[1]], owner)
    assert await _started(4) == [ids[3], ids[1], ids[0], ids[2]]


async def test_new_order_is_before_an_earlier_one(owner: int, ids: list[int]) -> None:
    await queue_order.arrange([ids[3]], owner)
    await queue_order.arrange([ids[2], ids[1]], owner)
    assert await _started(4) == [ids[2], ids[1], ids[3], ids[0]]


async def test_new_order_counts_also_when_the_highest_priority_is_taken(owner: int, ids: list[int]) -> None:
    """Priorities end at 1000 for each user: those of the other downloads become lower, in their order."""
    for id, priority in ((ids[0], 1000), (ids[3], 999)):
        await Download.update({Download.priority: priority}).where(Download.id == id)
    await queue_order.arrange([ids[2], ids[1]], owner)
    rows = await Download.select(Download.priority).order_by(Download.priority, ascending=False)
    assert [row["priority"] for row in rows] == [999, 998, 997, 996]
    assert await _started(4) == [ids[2], ids[1], ids[0], ids[3]]


async def test_download_of_another_user_changes_nothing(owner: int, ids: list[int]) -> None:
    theirs = await add_download(await add_user("bob"), "https://theirs.example/", site="theirs.example")
    with pytest.raises(errors.NotFound):
        await queue_order.arrange([ids[3], theirs], owner)
    assert await Download.count().where(Download.priority != 0) == 0


async def test_each_moved_download_is_told_to_the_pages(owner: int, ids: list[int]) -> None:
    with events.subscribe() as heard:
        await queue_order.arrange([ids[1], ids[0]], owner)
        told = {(await heard.get()).payload["id"] for _ in range(2)}
    assert told == {ids[0], ids[1]}
