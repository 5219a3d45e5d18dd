"""How an attempt ends if its slot, its database or its recording does not cooperate."""

import asyncio
import contextlib
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, log, queries
from mediafetcher.downloads.worker import active, checkpoint, runner, workspace
from mediafetcher.fetch.extractor_arguments import ExtractorArguments
from mediafetcher.fetch.extractor_arguments import YouTube as Arguments
from mediafetcher.fetch.models import Result
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import queries as item_queries
from mediafetcher.media import probe
from tests.factories import add_download, add_user
from tests.site import Site, youtube, youtube_videos
from tests.waiting import eventually

FROM_START = Options(live_from_start=True)
# A client of YouTube that needs neither a PO token nor a JavaScript runtime.
PLAIN = Options(extractor_args=ExtractorArguments(youtube=Arguments(player_client=("visionos",))))
# A database that refuses to write this end of a download, as an administrator or a statement_timeout does.
_REFUSE = """
create function refused() returns trigger language plpgsql as
  $$ begin raise exception 'canceling statement' using errcode = '57014'; end $$;
create trigger refused before update on download for each row when (new.state = 'queued') execute function refused()
"""


@pytest.fixture
async def owner(database: str, media_online: Path) -> int:
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.0, live_outage_seconds=4.0))
    return await add_user()


async def _claim() -> leases.Claim:
    claim = await leases.claim()
    assert claim is not None
    return claim


async def _begun(owner: int, url: str, options: Options | None = None) -> tuple[int, asyncio.Task[None]]:
    """Return the id of a download whose link the site was asked for, and the task that works on it."""
    row = await lifecycle.submit(owner, url, options=options)
    at_work = asyncio.create_task(runner.run(await _claim()))
    return row["id"], at_work


async def _said(owner: int, id: int) -> str:
    return "\n".join(line["message"] for line in await log.read(id, owner))


# ---- slots -----------------------------------------------------------------------------------------------


async def test_claim_that_fails_leaves_the_slot_free(owner: int, caplog: pytest.LogCaptureFixture) -> None:
    await add_download(owner, "https://films.example/1")
    slots = runner.Slots()
    await engine.execute("alter table site_backoff rename to elsewhere")
    await slots.turn()
    assert "claim failed" in caplog.text
    await engine.execute("alter table elsewhere rename to site_backoff")
    assert [row["state"] for row in await engine.fetch("select state from download")] == ["queued"]


async def test_wakeup_without_a_free_slot_claims_nothing(owner: int, site: Site) -> None:
    settings.use(replace(settings.get(), max_downloads=1))
    slots = runner.Slots()
    for number in range(2):
        await lifecycle.submit(owner, site.url(f"/hang/60/{number}"))
    await slots.turn()
    await slots.turn()
    assert await engine.fetchval("select count(*) from download where state = 'running'") == 1
    slots.stopping = True
    for download in await eventually(active.all_active):
        download.request_stop("stop")
    await slots.ended(20)
    assert active.all_active() == []


async def test_slot_that_is_cancelled_returns_its_row(owner: int, site: Site) -> None:
    id, at_work = await _begun(owner, site.url("/hang/60/x"))
    await eventually(lambda: site.log)
    at_work.cancel()
    await at_work
    row = await queries.get(id, owner)
    assert (row["state"], row["attempt"]) == ("queued", 0) and active.all_active() == []


async def test_end_that_cannot_be_written_while_stopping_is_left_to_the_lease(
    owner: int, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    id, at_work = await _begun(owner, site.url("/hang/60/x"))
    await eventually(lambda: site.log)
    await engine.execute(_REFUSE)
    download = active.get(id)
    assert download is not None
    download.request_stop("stop")
    async with asyncio.timeout(10):
        await at_work
    assert "the end of a download was not written" in caplog.text
    assert (await queries.get(id, owner))["state"] == "running" and active.get(id) is None


# ---- links -----------------------------------------------------------------------------------------------


async def test_other_link_to_a_stored_source_fetches_nothing(owner: int, tube: youtube.YouTube) -> None:
    """The site gives both links the same id, which is known only when the second one was read."""
    video = youtube_videos.VIDEOS["video"].player["videoDetails"]["videoId"]
    rows = []
    for link in (f"https://www.youtube.com/watch?v={video}", f"https://youtu.be/{video}"):
        id, at_work = await _begun(owner, link, PLAIN)
        await at_work
        rows.append(await queries.get(id, owner))
        assert rows[-1]["state"] == "done", await _said(owner, id)
    assert rows[0]["item"] == rows[1]["item"]
    assert "already in the library" in await _said(owner, rows[1]["id"])


# ---- recordings ------------------------------------------------------------------------------------------


def _child_of(id: int) -> int | None:
    """Return the process that fetches a download: it works in the folder of the download."""
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdecimal() and os.readlink(process / "cwd") == str(settings.get().fetch / str(id)):
                return int(process.name)
    return None


async def _recording(owner: int, site: Site, pieces: int) -> tuple[int, asyncio.Task[None]]:
    id, at_work = await _begun(owner, site.url("/broadcast/slow/i.m3u8"), FROM_START)
    await eventually(lambda: len(site.asked(".ts")) >= pieces, seconds=60)
    return id, at_work


async def _kill_child(id: int) -> None:
    pid = await eventually(lambda: _child_of(id))
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


async def test_recording_whose_child_is_killed_continues_in_the_same_attempt(owner: int, site: Site) -> None:
    id, at_work = await _recording(owner, site, 6)
    await _kill_child(id)
    await at_work
    row = await queries.get(id, owner)
    assert (row["state"], row["attempt"]) == ("done", 1), await _said(owner, id)
    assert "The recording continues." in await _said(owner, id)
    assert (await item_queries.get(row["item"], owner))["duration"] == pytest.approx(12, abs=1.5)


@pytest.mark.parametrize(("outage", "end"), [(600.0, "queued"), (-1.0, "done")])
async def test_recording_without_progress_is_tried_again_until_the_outage_is_long(
    owner: int, site: Site, monkeypatch: pytest.MonkeyPatch, outage: float, end: str
) -> None:
    """The child is killed when it resumes, before it has fetched another piece."""
    id, at_work = await _recording(owner, site, 4)
    download = active.get(id)
    assert download is not None
    download.request_stop("stop")
    await at_work
    monkeypatch.setattr(runner, "_OUTAGE", outage)
    monkeypatch.setattr(runner, "_PROGRESS_BYTES", 1 << 40)
    at_work = asyncio.create_task(runner.run(await _claim()))
    await _kill_child(id)
    await at_work
    row = await queries.get(id, owner)
    assert row["state"] == end, (row, await _said(owner, id))
    assert ("The recording so far is kept." in await _said(owner, id)) is (end == "done")


async def test_recording_that_must_end_with_nothing_recorded_is_cancelled(owner: int, site: Site) -> None:
    id, at_work = await _recording(owner, site, 3)
    await lifecycle.pause(id, owner)
    for download, order in await leases.heartbeat():
        download.request_stop(order)
    await at_work
    assert (await lifecycle.cancel(id, owner, keep=True))["state"] == "queued"
    for folder in (workspace.path(id), settings.get().fetch / str(id)):  # as on another machine
        shutil.rmtree(folder, ignore_errors=True)
    await runner.run(await _claim())
    assert (await queries.get(id, owner))["state"] == "cancelled"
    assert "nothing was recorded yet" in await _said(owner, id)


async def test_end_that_is_requested_before_the_recording_began_ends_it_at_once(
    owner: int, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = checkpoint.note_recording

    def ended_meanwhile(folder: Path, *given: Any, **named: Any) -> None:
        download = active.get(int(folder.name))
        assert download is not None
        download.request_stop("finish")
        note(folder, *given, **named)

    monkeypatch.setattr(checkpoint, "note_recording", ended_meanwhile)
    id, at_work = await _begun(owner, site.url("/broadcast/slow/i.m3u8"), FROM_START)
    await at_work
    assert len(site.asked(".ts")) < 12
    assert (await queries.get(id, owner))["state"] in ("done", "cancelled"), await _said(owner, id)


async def test_live_stream_that_is_wanted_after_its_end_waits(owner: int, site: Site) -> None:
    id, at_work = await _begun(owner, site.url("/broadcast/slow/i.m3u8"), Options(live_wait=True))
    await at_work
    row = await queries.get(id, owner)
    assert (row["state"], row["error"]["code"]) == ("scheduled", errors.LiveNotEnded.code)
    assert site.asked(".ts") == []


@pytest.mark.parametrize(
    ("limit", "seconds", "wished", "end"),
    [
        (None, 9.0, Options(), None),
        (3.0, 3.9, Options(), None),
        (3.0, 9.0, Options(), 3.0),
        (3.0, 9.0, Options(keep_original=True), None),
        (3.0, 9.0, Options(end=8.0), 8.0),
        (3.0, None, Options(), None),
    ],
)
def test_only_a_recording_that_is_too_long_is_cut(
    limit: float | None, seconds: float | None, wished: Options, end: float | None
) -> None:
    claim = leases.Claim(1, 1, 1, "https://films.example/1", "films.example", "key", None, wished)
    cut = runner._limited(claim, Result(Path("media.ts"), 4, limit=limit), probe.Facts(4, duration=seconds))
    assert cut.options.end == end
