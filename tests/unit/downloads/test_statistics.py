"""The outcomes of attempts are added up, and no total changes by that."""

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.downloads import leases, statistics
from tests.factories import add_download, add_user

pytestmark = pytest.mark.usefixtures("media_online")


@pytest.fixture
async def owner(database: str) -> int:
    """A user with five failed attempts at two sites."""
    id = await add_user()
    for number, error in enumerate([errors.Gone(), errors.Gone(), errors.Drm(), errors.Gone(), errors.Network()]):
        site = "films.example" if number < 3 else "other.example"
        await add_download(id, f"https://{site}/{number}", site=site)
        claim = await leases.claim()
        assert claim is not None
        await leases.fail(claim, error)
    return id


async def test_totals_are_by_outcome_site_and_error_the_most_frequent_first(owner: int) -> None:
    totals = await statistics.totals()
    assert totals[0] == statistics.Total("failed", "films.example", "gone", 2, 0)
    assert {(one.site, one.error_code, one.attempts) for one in totals[1:]} == {
        ("films.example", "drm", 1),
        ("other.example", "gone", 1),
        ("other.example", "network", 1),
    }


async def test_rows_of_the_same_kind_become_their_sum(owner: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await statistics.totals()
    await statistics.compact()
    assert await engine.fetchval("select count(*) from download_statistic") == 5
    monkeypatch.setattr(statistics, "_COMPACT_ABOVE", 4)
    await statistics.compact()
    assert await engine.fetchval("select count(*) from download_statistic") == 4
    assert await statistics.totals() == before
