"""One download from the link to the library: every way it may go, and what each leaves behind."""

import asyncio
import contextvars
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mediafetcher.accounts.vault import cookie_formats, cookie_jars
from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import dedup, leases, lifecycle, log, queries
from mediafetcher.downloads.worker import active, checkpoint, runner, workspace
from mediafetcher.fetch.models import Info, Result
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import known_sources
from mediafetcher.library.catalog import queries as item_queries
from mediafetcher.library.storage import blob_store, check, mount, sweeper
from mediafetcher.media import transcode
from tests.factories import add_user
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("ready")


async def _run(owner: int, url: str, **more) -> dict:
    """Submit a link, work on it once. Returns: its row."""
    row = await lifecycle.submit(owner, url, **more)
    claim = await leases.claim()
    assert claim and claim.id == row["id"]
    await runner.run(claim)
    return await queries.get(row["id"], owner)


async def _stored(row: dict) -> dict:
    assert row["state"] == "done", row
    item = await item_queries.get(row["item"], row["owner"])
    assert blob_store.path_of(bytes.fromhex(item["media"]["sha256"]), item["media"]["ext"]).exists()
    return item


async def _nothing_left() -> None:
    """No folder of an attempt, no half of a file, and the checker is content."""
    assert active.all_active() == []
    assert list(settings.get().work.iterdir()) == []
    incoming = mount.root() / "incoming"
    assert not incoming.exists() or list(incoming.iterdir()) == []
    assert await check.check(read_data=True) == []


def _stored_files() -> list[Path]:
    return [path for path in (mount.root() / "store").rglob("*") if path.is_file()]


async def _reach(id: int, stage: str) -> active.ActiveDownload:
    """Wait until the work on it is in this stage, and has got somewhere."""

    def reached(download: active.ActiveDownload | None) -> bool:
        return download is not None and download.stage == stage and (stage == "extract" or download.progress > 0)

    return await eventually(lambda: active.get(id), reached, seconds=60)


# ---- what comes out --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "converted"),
    [("/media/ok.mp4", False), ("/media/h264_aac.mkv", True), ("/media/vp9_opus.webm", True)],
)
async def test_stored_file_is_playable(owner, site, path, converted):
    row = await _run(owner, site.url(path))
    item = await _stored(row)
    assert (item["media"]["kind"], item["media"]["video_codec"]) == ("video/mp4", "h264")
    assert (item["media"]["width"], item["media"]["height"]) == (320, 180)
    assert item["poster"] and row["poster"]
    assert (row["converting"], row["attempt"], row["progress"]) == (converted, 1, 1)
    assert row["title"] and row["size"] == item["media"]["size"]
    assert row["duration"] == pytest.approx(4, abs=0.3)
    await _nothing_left()


async def test_sound_alone_is_an_audio_file(owner, site):
    item = await _stored(await _run(owner, site.url("/media/ok.mp4"), options=Options(audio="m4a")))
    assert item["media"]["kind"] == "audio/mp4" and item["media"]["video_codec"] is None
    await _nothing_left()


async def test_file_fetched_with_cookies_is_not_given_to_others(owner, site):
    other = await add_user("bob")
    await cookie_jars.put(owner, "127.0.0.1", cookie_formats.parse("127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\tok\n"))
    link = site.url("/auth/ok.mp4")
    mine = await _stored(await _run(owner, link))
    again = await lifecycle.submit(owner, link)
    assert (again["state"], again["item"]) == ("done", mine["id"])
    theirs = await _run(other, link)
    assert (theirs["state"], theirs["item"]) == ("needs_action", None)


async def test_a_mark_that_came_meanwhile_is_obeyed(owner, site):
    url = site.url("/media/ok.mp4")
    row = await lifecycle.submit(owner, url)
    source = await dedup.mark_never(owner, url)
    await runner.run(await leases.claim())
    ended = await queries.get(row["id"], owner)
    assert (ended["state"], ended["error"]["code"], ended["attempt"]) == ("failed", "never_again", 1)
    assert site.log == []
    for call in (lifecycle.submit(owner, url), lifecycle.retry(row["id"], owner)):
        with pytest.raises(errors.SourceBlocked) as refused:
            await call
        assert refused.value.facts["source"] == source
    await dedup.unmark_never(owner, url)
    assert (await lifecycle.retry(row["id"], owner))["state"] == "queued"


async def test_it_goes_to_its_folder(owner, site):
    item = await _stored(await _run(owner, site.url("/media/ok.mp4"), folder="Films/New"))
    assert item["folder"] == "Films/New"


async def test_another_link_with_the_same_bytes_is_a_second_item_and_no_second_file(owner, site):
    first = await _stored(await _run(owner, site.url("/media/ok.mp4")))
    second = await _stored(await _run(owner, site.url("/media/ok.mp4?again=1")))
    assert first["id"] != second["id"] and first["media"]["sha256"] == second["media"]["sha256"]
    assert second["media"]["ref_count"] == 2
    assert len(list((mount.root() / "store").rglob("*.mp4"))) == 1
    await _nothing_left()


@pytest.mark.promise(14)
async def test_a_poor_line_is_tried_again_as_long_as_it_brings_something(owner, site):
    """Three attempts of eleven connections with 7,000 bytes each, where two are the most that bring nothing."""
    settings.use(replace(settings.get(), max_attempts=2))
    row = await _run(owner, site.url("/drop/7000/ok.mp4"))
    for _ in range(2):
        assert (row["state"], row["error"]["code"]) == ("queued", "network")
        await runner.run(await leases.claim())
        row = await queries.get(row["id"], owner)
    await _stored(row)
    await _nothing_left()


async def test_the_same_bytes_are_encoded_once(owner, site):
    """Another link, and another number of threads, which alone would give other bytes."""
    first = await _stored(await _run(owner, site.url("/media/vp9_opus.webm")))
    settings.use(replace(settings.get(), ffmpeg_threads=settings.get().ffmpeg_threads + 1))
    row = await _run(owner, site.url("/media/vp9_opus.webm?again=1"))
    second = await _stored(row)
    said = [line["message"] for line in await log.read(row["id"], owner)]
    assert "already re-encoded earlier" in said
    assert second["media"]["sha256"] == first["media"]["sha256"] and second["media"]["ref_count"] == 2
    lower = await _run(owner, site.url("/media/vp9_opus.webm?lower"), options=Options(max_height=144))
    assert (await _stored(lower))["media"]["height"] == 144
    await _nothing_left()


async def test_a_source_that_came_meanwhile_is_linked_without_a_download(owner, site):
    """Two users want the same: the second row waits for the first, and is then done without a byte."""
    other = await add_user("bob")
    url = site.url("/media/ok.mp4")
    first, second = await lifecycle.submit(owner, url), await lifecycle.submit(other, url)
    await runner.run(await leases.claim())
    asked = len(site.log)
    await runner.run(await leases.claim())
    assert len(site.log) == asked
    rows = [await queries.get(row["id"]) for row in (first, second)]
    assert rows[0]["item"] != rows[1]["item"]
    assert (await item_queries.get(rows[1]["item"], other))["media"]["ref_count"] == 2


# ---- what does not ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "code", "end"),
    [
        ("/status/404/x", "gone", "failed"),
        ("/status/403/x", "site_forbids", "needs_action"),
        ("/status/503/x", "server_error", "queued"),
        ("/status/429/x", "rate_limited", "queued"),
        ("/htmlvideo/x.mp4", "not_media", "failed"),
        ("/page/none", "unsupported", "failed"),
    ],
)
async def test_errors_of_the_site(owner, site, path, code, end):
    row = await _run(owner, site.url(path))
    assert (row["state"], row["error"]["code"]) == (end, code), row["error"]
    assert row["error"]["message"].strip() and "\n" not in row["error"]["message"]
    if end == "queued":
        await lifecycle.cancel(row["id"], owner)
        await workspace.tidy()
    await _nothing_left()


async def test_a_dead_port(owner, unused_tcp_port):
    row = await _run(owner, f"http://127.0.0.1:{unused_tcp_port}/film.mp4")
    assert (row["state"], row["error"]["code"]) == ("queued", "network")


async def test_a_private_address_that_is_not_allowed(owner, site):
    settings.use(replace(settings.get(), allow_hosts=()))
    row = await _run(owner, site.url("/media/ok.mp4"))
    assert (row["state"], row["error"]["code"]) == ("failed", "blocked_address")
    assert site.log == []
    await _nothing_left()


async def test_unexpected_error_stops_one_attempt_and_no_more(owner, site, caplog):
    """A job folder that cannot be made is an unexpected error."""
    settings.get().work.rmdir()
    settings.get().work.write_text("no folder")
    row = await _run(owner, site.url("/media/ok.mp4"))
    assert (row["state"], row["error"]["code"]) == ("queued", "unexpected_error")
    assert str(row["id"]) in row["error"]["message"]
    assert "NotADirectoryError" in str([record.fields for record in caplog.records]) + caplog.text
    settings.get().work.unlink()
    settings.get().work.mkdir(mode=0o711)
    await runner.run(await leases.claim())
    await _stored(await queries.get(row["id"]))


async def test_a_share_that_goes_away_pauses_the_queue_and_not_the_row(owner, site, share):
    row = await lifecycle.submit(owner, site.url("/slow/200/ok.mp4"))
    claim = await leases.claim()
    at_work = asyncio.create_task(runner.run(claim))
    await _reach(row["id"], "download")
    await share("offline")
    await at_work
    row = await queries.get(row["id"], owner)
    assert (row["state"], row["attempt"], row["error"]["code"]) == ("queued", 0, "media_offline")
    await share("online")
    await engine.execute("update download set run_after = now()")
    await runner.run(await leases.claim())
    await _stored(await queries.get(row["id"]))
    await _nothing_left()


# ---- cancel, pause, stop ---------------------------------------------------------------------------------

PATHS = {"extract": "/hang/30/x", "download": "/slow/20/ok.mp4"}


@pytest.mark.parametrize("stage", ["extract", "download"])
@pytest.mark.parametrize("order", ["cancel", "pause", "stop"])
async def test_orders_end_the_work_at_once(owner, site, stage, order):
    row = await lifecycle.submit(owner, site.url(PATHS[stage]))
    at_work = asyncio.create_task(runner.run(await leases.claim()))
    download = await _reach(row["id"], stage)
    # before that, the attempt may not have a folder yet
    await eventually(lambda: site.log, seconds=60)
    if order == "stop":
        download.request_stop("stop")
    else:
        await getattr(lifecycle, order)(row["id"], owner)
        for found, asked in await leases.heartbeat():
            found.request_stop(asked)
    async with asyncio.timeout(10):
        await at_work
    row = await queries.get(row["id"], owner)
    assert row["state"] == {"cancel": "cancelled", "pause": "paused", "stop": "queued"}[order]
    assert row["attempt"] == 0 and row["error"] is None and row["stage"] is None
    folder = settings.get().work / str(row["id"])
    assert folder.exists() == (order != "cancel")
    if order == "cancel":
        await _nothing_left()


@pytest.mark.parametrize("ordered", [False, True])
async def test_cancel_after_the_file_was_placed_leaves_it_to_the_sweep(owner, site, monkeypatch, ordered):
    """The file is in its place when the row says that it is no longer wanted.

    Only the sweep unlinks: the file stays as a known row without references until its grace period is over.
    """
    row = await lifecycle.submit(owner, site.url("/media/ok.mp4"))
    claim = await leases.claim()
    remember = known_sources.remember

    async def cancelled_meanwhile(*given):
        assert len(list((mount.root() / "store").rglob("*.mp4"))) == 1
        await asyncio.create_task(lifecycle.cancel(row["id"], owner), context=contextvars.Context())
        await remember(*given)

    monkeypatch.setattr(known_sources, "remember", cancelled_meanwhile)
    at_work = asyncio.create_task(runner.run(claim))
    if ordered:  # the order comes while the file is being taken back
        await eventually(lambda: engine.fetchval("select count(*) from download where cancel_requested"), pause=0)
        active.get(row["id"]).request_stop("cancel")
    await at_work
    assert (await queries.get(row["id"]))["state"] == "cancelled"
    assert await engine.fetchval("select count(*) from library_item") == 0
    assert await engine.fetch("select ref_count from media_file") == [{"ref_count": 0}]
    assert await sweeper.sweep() == 0 and _stored_files()
    settings.use(replace(settings.get(), grace_hours=0))
    assert await sweeper.sweep() == 1 and _stored_files() == []
    assert await engine.fetchval("select count(*) from media_file") == 0
    await _nothing_left()


async def test_bytes_before_a_pause_are_not_fetched_again(owner, site):
    row = await lifecycle.submit(owner, site.url("/slow/40/ok.mp4"))
    at_work = asyncio.create_task(runner.run(await leases.claim()))
    await _reach(row["id"], "download")
    await eventually(lambda: active.get(row["id"]).progress >= 0.3, seconds=20)
    await lifecycle.pause(row["id"], owner)
    for found, asked in await leases.heartbeat():
        found.request_stop(asked)
    await at_work
    await lifecycle.resume(row["id"], owner)
    await runner.run(await leases.claim())
    await _stored(await queries.get(row["id"]))
    ranges = [asked.get("range") for asked in site.log if asked["method"] == "GET"]
    assert any(range and not range.startswith("bytes=0-") for range in ranges)


def _bodies(site, name: str) -> int:
    return len([asked for asked in site.asked(name) if asked["method"] == "GET"])


@pytest.mark.parametrize("order", ["pause", "stop"])
async def test_interrupted_conversion_costs_no_second_download(owner, site, order):
    row = await lifecycle.submit(owner, site.url("/media/long.webm"))
    at_work = asyncio.create_task(runner.run(await leases.claim()))
    download = await _reach(row["id"], "convert")
    asked = _bodies(site, "/media/long.webm")
    if order == "stop":
        download.request_stop("stop")
    else:
        await lifecycle.pause(row["id"], owner)
        for found, wanted in await leases.heartbeat():
            found.request_stop(wanted)
    await at_work
    if order == "pause":
        await lifecycle.resume(row["id"], owner)
    await runner.run(await leases.claim())
    item = await _stored(await queries.get(row["id"]))
    assert item["title"] == "long" and _bodies(site, "/media/long.webm") == asked
    assert any("were downloaded before" in line["message"] for line in await log.read(row["id"], owner))
    await _nothing_left()


async def test_nor_does_a_share_that_is_away_in_the_end_and_no_second_conversion(owner, site, share, monkeypatch):
    row = await lifecycle.submit(owner, site.url("/media/h264_aac.mkv"))
    stage = blob_store.stage

    async def away(*given, **named):
        await share("offline")
        return await stage(*given, **named)

    monkeypatch.setattr(blob_store, "stage", away)
    await runner.run(await leases.claim())
    assert (await queries.get(row["id"]))["error"]["code"] == "media_offline"
    asked = _bodies(site, "/media/h264_aac.mkv")
    monkeypatch.setattr(blob_store, "stage", stage)
    monkeypatch.delattr(transcode, "convert")
    await share("online")
    await engine.execute("update download set run_after = now()")
    await runner.run(await leases.claim())
    await _stored(await queries.get(row["id"]))
    assert _bodies(site, "/media/h264_aac.mkv") == asked
    await _nothing_left()


async def test_truncated_file_is_fetched_again(owner, site):
    row = await _run(owner, site.url("/media/trunc.mp4"))
    assert (row["state"], row["error"]["code"]) == ("queued", "truncated")
    assert checkpoint.load(settings.get().work / str(row["id"])) is None


def test_a_note_that_leads_elsewhere_counts_nothing(tmp_path):
    """The fetch child may write to the folder: the names in it are its own, or none."""
    film, secret = tmp_path / "media.mp4", tmp_path.parent / "key"
    film.write_bytes(b"film")
    secret.write_bytes(b"film")
    info = Info("a", "", "", "", "", "")
    checkpoint.save(tmp_path, info, Result(film, 4, cookies="canary"), own=True)
    there = checkpoint.load(tmp_path)
    assert there.result == Result(film, 4) and there.info == info and there.own
    assert all(b"canary" not in path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    for other in (Result(secret, 4), Result(film, 5), Result(film, 4, poster=secret)):
        checkpoint.save(tmp_path, info, other, own=False)
        assert checkpoint.load(tmp_path) is None
    film.unlink()
    film.symlink_to(secret)
    checkpoint.save(tmp_path, info, Result(film, 4), own=False)
    assert checkpoint.load(tmp_path) is None
    (tmp_path / ".fetched.json").write_text("{")
    assert checkpoint.load(tmp_path) is None


def test_checkpoint_under_the_name_of_0_2_0_is_read_and_removed(tmp_path: Path) -> None:
    film = tmp_path / "media.mp4"
    film.write_bytes(b"film")
    checkpoint.save(tmp_path, Info("a", "", "", "", "", ""), Result(film, 4), own=False)
    (tmp_path / ".fetched.json").rename(tmp_path / ".brought.json")
    kept = checkpoint.load(tmp_path)
    assert kept is not None and kept.result == Result(film, 4)
    checkpoint.discard(tmp_path)
    assert checkpoint.load(tmp_path) is None and not (tmp_path / ".brought.json").exists()


async def test_a_lost_lease_leaves_the_row_to_its_new_holder(owner, site):
    row = await lifecycle.submit(owner, site.url("/slow/20/ok.mp4"))
    at_work = asyncio.create_task(runner.run(await leases.claim()))
    await _reach(row["id"], "download")
    await engine.execute("update download set worker_id = 'another:machine', attempt = attempt + 1")
    for found, asked in await leases.heartbeat():
        found.request_stop(asked)
    await at_work
    row = await engine.fetchrow("select state, worker_id, attempt from download")
    assert row == {"state": "running", "worker_id": "another:machine", "attempt": 2}


async def test_tidy_removes_only_what_will_not_go_on_here(owner, site):
    kept = await lifecycle.submit(owner, site.url("/media/ok.mp4"))
    for name in (str(kept["id"]), "424242", "no number"):
        (settings.get().work / name).mkdir()
    await workspace.tidy()
    assert sorted(path.name for path in settings.get().work.iterdir()) == sorted([str(kept["id"]), "no number"])
    shutil.rmtree(settings.get().work / "no number")


async def test_conversions_wait_for_each_other_and_remuxes_do_not(owner, site):
    assert errors.TranscodeFailed.retry == "never"
    rows = [await lifecycle.submit(owner, site.url(f"/media/{name}")) for name in ("vp9_opus.webm", "vp8_vorbis.webm")]
    settings.use(replace(settings.get(), max_downloads_per_site=5))
    await asyncio.gather(*(runner.run(claim) for claim in [await leases.claim(), await leases.claim()]))
    for row in rows:
        await _stored(await queries.get(row["id"]))
    await _nothing_left()


async def test_metadata_of_a_site_is_kept_for_the_next_user(owner, site):
    other = await add_user("bob")
    link = site.url("/page/described")
    item = await _stored(await _run(owner, link))
    assert item["published_at"].isoformat() == "2025-01-01T00:00:00+00:00"
    assert item["channel"]["name"] == "Lake Channel" and item["tags"] == ["airship", "Bodensee"]
    assert item["description"] == "First line.\n\nA zeppelin over the lake."
    assert [one["id"] for one in (await item_queries.search(owner, "zeppelin"))["items"]] == [item["id"]]
    row = await lifecycle.submit(other, link)
    theirs = await item_queries.get(row["item"] or (await _work_on(row))["item"], other)
    assert (theirs["description"], theirs["tags"]) == (item["description"], item["tags"])
    assert await engine.fetchval("select count(*) from source_metadata") == 1


async def _work_on(row: dict) -> dict:
    claim = await leases.claim()
    assert claim and claim.id == row["id"]
    await runner.run(claim)
    return await queries.get(row["id"], row["owner"])
