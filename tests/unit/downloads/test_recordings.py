"""A live stream is recorded whatever happens to it: what was fetched is kept, and a recording resumes."""

import asyncio
from dataclasses import replace

import pytest

from mediafetcher.core import settings
from mediafetcher.downloads import leases, lifecycle, log, queries
from mediafetcher.downloads.worker import active, runner
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import queries as item_queries
from tests.factories import add_user
from tests.waiting import eventually


@pytest.fixture
async def owner(database, media_online) -> int:
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.0, live_outage_seconds=4.0))
    return await add_user("ada")


FROM_START = Options(live_from_start=True)


async def _run(owner: int, url: str, options: Options = FROM_START) -> dict:
    row = await lifecycle.submit(owner, url, options=options)
    await runner.run(await leases.claim())
    return await queries.get(row["id"], owner)


async def _item(owner: int, row: dict) -> dict:
    assert row["state"] == "done", (row["error"], await log.read(row["id"], owner))
    return await item_queries.get(row["item"], owner)


async def _said(owner: int, id: int) -> str:
    return " ".join(line["message"] for line in await log.read(id, owner))


@pytest.mark.parametrize(
    ("kind", "seconds", "words"),
    [
        ("plain", 12, ""),
        ("lost", 11.5, "is lost"),
        ("outage", 12, "back after an outage"),
        ("event", 12, ""),
        ("anew", 12, "restarted"),
        ("window", 9, "expired before they were fetched"),
        ("endless", 12, ""),
        ("busy", 12, ""),
    ],
)
async def test_live_stream_is_recorded_whatever_happens_to_it(owner, site, kind, seconds, words):
    row = await _run(owner, site.url(f"/broadcast/{kind}/i.m3u8"))
    item = await _item(owner, row)
    assert item["duration"] == pytest.approx(seconds, abs=0.7)
    assert words in await _said(owner, row["id"])
    assert item["playable"]


async def test_live_stream_inside_a_page_is_recorded_to_its_end(owner, site):
    item = await _item(owner, await _run(owner, site.url("/page/live")))
    assert item["duration"] == pytest.approx(12, abs=0.5)


async def test_wish_from_start_records_all_that_a_list_shows(owner, site):
    edge = await _item(owner, await _run(owner, site.url("/broadcast/long-list/i.m3u8"), Options()))
    whole = await _item(
        owner, await _run(owner, site.url("/broadcast/long-list/j.m3u8"), Options(live_from_start=True))
    )
    assert edge["duration"] == pytest.approx(3, abs=0.3)
    assert whole["duration"] == pytest.approx(12, abs=0.3)


async def _recording(owner: int, url: str, pieces: int, site) -> tuple[int, asyncio.Task]:
    """A recording in work that has fetched so many pieces. Returns: its id, and the task."""
    row = await lifecycle.submit(owner, url, options=FROM_START)
    at_work = asyncio.create_task(runner.run(await leases.claim()))
    await eventually(lambda: len(site.asked(".ts")) >= pieces, seconds=60)
    return row["id"], at_work


async def _obeyed() -> None:
    for download, order in await leases.heartbeat():
        download.request_stop(order)


@pytest.mark.parametrize("order", ["pause", "stop", "kill"])
async def test_recording_goes_on_after_an_interruption(owner, site, order):
    id, at_work = await _recording(owner, site.url("/broadcast/slow/i.m3u8"), 5, site)
    if order == "pause":
        await lifecycle.pause(id, owner)
        await _obeyed()
    elif order == "stop":
        active.get(id).request_stop("stop")
    else:
        active.get(id).task.cancel()  # as a crash of the program: the child is killed with it
        active.get(id).request_stop("stop")
    await at_work
    if order == "pause":
        await lifecycle.resume(id, owner)
    await runner.run(await leases.claim())
    item = await _item(owner, await queries.get(id, owner))
    assert item["duration"] == pytest.approx(12, abs=1.5)
    pieces = [asked["path"] for asked in site.asked(".ts")]
    assert len(pieces) - len(set(pieces)) <= 1  # none is fetched twice, but the one that was on its way


async def test_cancelled_recording_is_kept_unless_it_is_thrown_away(owner, site):
    id, at_work = await _recording(owner, site.url("/broadcast/slow/i.m3u8"), 4, site)
    row = await lifecycle.cancel(id, owner, keep=True)
    assert (row["state"], row["recording"]) == ("running", True)
    await _obeyed()
    await at_work
    item = await _item(owner, await queries.get(id, owner))
    assert 3 <= item["duration"] <= 8
    site.reset()
    id, at_work = await _recording(owner, site.url("/broadcast/slow/j.m3u8"), 4, site)
    await lifecycle.cancel(id, owner)
    await _obeyed()
    await at_work
    assert (await queries.get(id, owner))["state"] == "cancelled"


async def test_paused_recording_that_is_cancelled_is_kept(owner, site):
    id, at_work = await _recording(owner, site.url("/broadcast/slow/i.m3u8"), 4, site)
    await lifecycle.pause(id, owner)
    await _obeyed()
    await at_work
    assert (await lifecycle.cancel(id, owner, keep=True))["state"] == "queued"
    await runner.run(await leases.claim())
    assert (await _item(owner, await queries.get(id, owner)))["duration"] >= 3


async def test_recording_whose_source_is_gone_is_kept(owner, site):
    """It is stopped, and meanwhile the stream ends and its page goes away."""
    id, at_work = await _recording(owner, site.url("/broadcast/leaves/i.m3u8"), 4, site)
    active.get(id).request_stop("stop")
    await at_work
    site.gone.add("/broadcast/leaves/i.m3u8")
    await runner.run(await leases.claim())
    row = await queries.get(id, owner)
    assert (await _item(owner, row))["duration"] >= 3
    assert "is kept" in await _said(owner, id)


async def test_full_disk_ends_a_recording_and_keeps_it(owner, site, monkeypatch):
    from mediafetcher.core import errors
    from mediafetcher.library.storage import space_reservation

    reserve = space_reservation.reserve

    def full(folder, expected):
        if expected > 40_000:
            raise errors.MediaFull()
        reserve(folder, expected)

    id, at_work = await _recording(owner, site.url("/broadcast/slow/i.m3u8"), 3, site)
    monkeypatch.setattr(space_reservation, "reserve", full)
    await at_work
    assert (await _item(owner, await queries.get(id, owner)))["duration"] < 11
    assert "the recording ends here" in await _said(owner, id)


async def test_radio_is_recorded_for_the_wished_seconds(owner, site):
    row = await _run(owner, site.url("/radio"), Options(live_max=3))
    item = await _item(owner, row)
    assert item["duration"] == pytest.approx(3, abs=1.0)


async def test_upright_stream_counts_its_shorter_side(owner, site):
    item = await _item(owner, await _run(owner, site.url("/broadcast/upright/master.m3u8"), Options(max_height=360)))
    assert (item["media"]["width"], item["media"]["height"]) == (360, 640)
