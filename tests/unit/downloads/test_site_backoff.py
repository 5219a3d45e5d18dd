"""The breaker: a site that says 429, or 403 again and again, is left in peace by all machines, and this is shown."""

import pytest

from mediafetcher.accounts.auth import users
from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, queries, site_backoff

SITE = "films.example"


@pytest.fixture
async def owner(media_online) -> int:
    return (await users.add("Ada", "a long enough password", admin=True))["id"]


async def left() -> float | None:
    """Seconds of the pause that are left; None: no pause."""
    found = await engine.fetchval(
        "select extract(epoch from until - now())::float8 from site_backoff where site = $1 and until > now()", SITE
    )
    return None if found is None else float(found)


async def submit(owner: int, number: int) -> int:
    return (await lifecycle.submit(owner, f"https://{SITE}/{number}"))["id"]


async def test_429_stops_the_whole_site_for_as_long_as_it_says_and_the_page_says_so(owner):
    ids = [await submit(owner, number) for number in range(3)]
    claim = await leases.claim()
    await leases.fail(claim, errors.RateLimited(retry_after=120.0))
    assert 110 < (await left() or 0) <= 120
    assert await leases.claim() is None
    shown = await queries.get(next(id for id in ids if id != claim.id))
    assert shown["error"]["code"] == "site_paused" and "UTC" in shown["error"]["message"]
    await engine.execute("update site_backoff set until = now()")
    await engine.execute("update download set run_after = now()")
    assert (await leases.claim()).site == SITE
    assert (await queries.get(ids[2]))["error"] is None


async def test_the_pause_doubles_with_each_strike_and_ends_somewhere(media_online):
    pauses = []
    for _ in range(14):
        await engine.execute("update site_backoff set until = now()")
        await site_backoff.record_failure(SITE, errors.RateLimited())
        pauses.append(round(await left() or 0.0))
    assert pauses == sorted(pauses)
    assert pauses[2] > 1.9 * pauses[1] and 3500 < pauses[-1] <= 3600


async def test_403_is_one_links_trouble_until_the_third(media_online):
    await site_backoff.record_failure(SITE, errors.SiteForbidden())
    await site_backoff.record_failure(SITE, errors.SiteForbidden())
    assert await left() is None
    await site_backoff.record_failure(SITE, errors.SiteForbidden())
    assert (await left() or 0) > 100


async def test_other_errors_do_not_count_and_a_good_end_wipes_the_slate(media_online):
    await site_backoff.record_failure(SITE, errors.Network())
    assert await engine.fetchval("select count(*) from site_backoff") == 0
    await site_backoff.record_failure(SITE, errors.RateLimited(retry_after=60.0))
    await site_backoff.reset(SITE)
    assert await left() is not None  # it lasts: that download began before it
    await engine.execute("update site_backoff set until = now()")
    await site_backoff.reset(SITE)
    assert await engine.fetchval("select count(*) from site_backoff") == 0


@pytest.mark.promise(16)
async def test_pause_begun_by_a_clock_that_was_ahead_ends_within_its_hour(media_online):
    await site_backoff.record_failure(SITE, errors.RateLimited(retry_after=60.0))
    await engine.execute(
        "update site_backoff set until = until + interval '1 day', failed_at = now() + interval '1 day'"
    )
    await site_backoff.correct_times()
    assert await left() <= 3600
    assert await engine.fetchval("select failed_at <= now() from site_backoff")


async def test_one_persons_long_wait_closes_the_site_for_others_for_an_hour_at_most(owner):
    ids = [await submit(owner, number) for number in range(2)]
    claim = await leases.claim()
    await leases.fail(claim, errors.RateLimited(retry_after=86_400.0))
    (other,) = (id for id in ids if id != claim.id)
    shown = await queries.get(other)
    assert 3500 < await left() <= 3600 and shown["error"]["code"] == "site_paused"
    assert (await queries.get(claim.id))["error"]["code"] == "rate_limited"
    await engine.execute("update site_backoff set until = now()")
    assert (await leases.claim()).id == other
