"""Space is reserved for running downloads; one that does not fit waits until it fits."""

import shutil
from dataclasses import replace

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, queries
from mediafetcher.downloads.worker import active, runner
from mediafetcher.library.catalog import queries as item_queries
from mediafetcher.library.storage import mount, space_reservation
from tests.factories import add_user


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    space_reservation._expected.clear()
    yield
    space_reservation._expected.clear()
    space_reservation.set_remote_reservations(0)


@pytest.fixture
async def owner(database) -> int:
    return await add_user("ada", admin=True)


def _leave(free: int) -> None:
    """Change the settings so that just so many bytes may be used."""
    settings.use(replace(settings.get(), min_free=shutil.disk_usage(settings.get().work).free - free))


def _folder(name: str):
    folder = settings.get().work / name
    folder.mkdir(exist_ok=True)
    return folder


def test_all_running_ones_count_together():
    one, two = _folder("1"), _folder("2")
    _leave(1 << 30)
    space_reservation.reserve(one, 200 << 20)  # 440 MB of 1 GB
    assert space_reservation.reserved() == int(2.2 * (200 << 20))
    with pytest.raises(errors.NotEnoughSpace, match=r"running downloads need .* of the"):
        space_reservation.reserve(two, 300 << 20)
    assert space_reservation.reserved() == int(2.2 * (200 << 20))
    space_reservation.release(one)
    space_reservation.reserve(two, 300 << 20)
    with pytest.raises(errors.NotEnoughSpace):  # an unknown size turns out too large: its space goes to others
        space_reservation.reserve(two, 600 << 20)
    assert space_reservation.reserved() == 0


def test_written_bytes_are_no_longer_reserved():
    one = _folder("1")
    space_reservation.reserve(one, 10 << 20)
    (one / "media.part").write_bytes(bytes(10 << 20))
    left = int(2.2 * (10 << 20)) - (10 << 20)
    assert left - 65536 <= space_reservation.reserved() <= left + 65536
    (one / "more").write_bytes(bytes(20 << 20))
    assert space_reservation.reserved() == 0


async def test_download_without_space_waits_and_then_runs(owner, site):
    row = await lifecycle.submit(owner, site.url("/media/ok.mp4"))
    other = _folder("other")
    _leave(2 << 30)
    space_reservation.reserve(other, 480 << 20)
    _leave(space_reservation.reserved() - (100 << 20))
    await runner.run(await leases.claim())
    waiting = await queries.get(row["id"], owner)
    assert (waiting["state"], waiting["attempt"], waiting["error"]["code"]) == ("queued", 0, "no_room")
    wait = await engine.fetchval("select extract(epoch from run_after - now()) from download")
    assert 30 < wait <= 60
    assert await leases.claim() is None
    space_reservation.release(other)
    await engine.execute("update download set run_after = now()")
    settings.use(replace(settings.get(), min_free=0))
    await runner.run(await leases.claim())
    done = await queries.get(row["id"], owner)
    assert done["state"] == "done" and (await item_queries.get(done["item"], owner))["playable"]
    assert space_reservation.reserved() == 0


async def test_reservations_of_other_machines_count_on_the_share(owner, site):
    row = await lifecycle.submit(owner, site.url("/media/ok.mp4"))
    claim = await leases.claim()
    hold = active.register(claim.id, owner, claim.attempt)
    try:
        space_reservation.reserve(_folder(str(claim.id)), 100 << 20)
        await leases.heartbeat()
        assert await engine.fetchval("select reserved_bytes from download") == int(2.2 * (100 << 20))
        assert space_reservation.reserved() == int(2.2 * (100 << 20))  # our own, once
        await leases.update_progress(claim, title="x")
        assert await engine.fetchval("select reserved_bytes from download") == int(2.2 * (100 << 20))
        # The same row, seen by another machine.
        await engine.execute("update download set worker_id = 'another:1'")
        space_reservation.release(_folder(str(claim.id)))
        await leases.heartbeat()
    finally:
        active.unregister(hold)
    assert space_reservation.reserved() == int(2.2 * (100 << 20))
    _leave(300 << 20)
    space_reservation.reserve(_folder("small"), 20 << 20)
    with pytest.raises(errors.NotEnoughSpace, match=r"on the media folder"):
        space_reservation.reserve(_folder("large"), 80 << 20)
    await engine.execute(
        "update download set state = 'failed', worker_id = null, lease_expires_at = null where id = $1", row["id"]
    )
    await lifecycle.submit(owner, site.url("/media/h264_baseline.mp4"))
    assert await leases.claim()  # the claim takes note of it
    space_reservation.reserve(_folder("large"), 80 << 20)


async def test_a_used_up_quota_says_so(owner, site):
    url = site.url("/media/ok.mp4")
    await engine.execute("update account set quota = 1000")
    row = await lifecycle.submit(owner, url)
    await runner.run(await leases.claim())
    ended = await queries.get(row["id"], owner)
    assert (ended["state"], ended["error"]["code"]) == ("failed", "quota_exceeded")
    await engine.execute("update account set quota = 0")
    with pytest.raises(errors.QuotaExceeded):
        await lifecycle.submit(owner, url)


async def test_media_folder_that_is_offline_reserves_on_the_state_folder_alone(media_online):
    (media_online / mount.SENTINEL).rename(media_online / "away")
    await mount.refresh()
    space_reservation.set_remote_reservations(1 << 60)  # they count in the media folder only
    space_reservation.reserve(_folder("1"), 10 << 20)
    assert space_reservation.reserved() == int(2.2 * (10 << 20)) + (1 << 60)
    _leave(0)
    with pytest.raises(errors.NotEnoughSpace, match="state folder"):
        space_reservation.reserve(_folder("2"), 10 << 20)


def test_disk_below_its_least_free_space_is_full():
    _leave(-(1 << 30))
    with pytest.raises(errors.MediaFull, match="state folder"):
        space_reservation.reserve(_folder("1"), 1)
    assert space_reservation.reserved() == 0
