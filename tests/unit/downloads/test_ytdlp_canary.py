"""A site changed: one of the downloads that fail is tried with a newer yt-dlp, and what comes of it."""

import os
from dataclasses import replace

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.downloads import leases, lifecycle, log, queries, ytdlp_canary
from mediafetcher.downloads.worker import active, runner
from mediafetcher.fetch.ytdlp import versions
from tests.index import BROKEN, CRASHING, MENDED, NEWER, Index, wheel


@pytest.fixture(scope="module")
def mended() -> bytes:
    return wheel(NEWER, MENDED)


@pytest.fixture
async def index(media_online):
    found = Index()
    settings.use(replace(settings.get(), ytdlp_index=found.url, retry_seconds=0.0))
    ytdlp_canary._resting.clear()
    versions.forget_activity()
    yield found
    found.server.shutdown()
    found.server.server_close()


async def _run(owner: int, url: str) -> dict:
    row = await lifecycle.submit(owner, url)
    claim = await leases.claim()
    assert claim and claim.id == row["id"]
    await runner.run(claim)
    return await queries.get(row["id"], owner)


async def _several(owner: int, site, count: int = ytdlp_canary.SEVERAL) -> list[dict]:
    return [await _run(owner, site.url(f"/page/broken?film={number}")) for number in range(count)]


async def _said(row: dict) -> str:
    return "\n".join(line["message"] for line in await log.read(row["id"], row["owner"]))


def _folders() -> list[str]:
    return [path.name for path in versions.root().glob("*") if path.is_dir()]


async def test_the_third_that_fails_is_tried_and_the_newer_one_offered_and_accepted(owner, index, mended, site):
    index.put(NEWER, mended)
    rows = await _several(owner, site)
    assert [row["state"] for row in rows] == ["failed", "failed", "done"]
    assert rows[2]["title"] == "Mended"
    assert f"tried with yt-dlp {NEWER}" in await _said(rows[2])
    assert "is offered" in await _said(rows[2])
    assert "looking for a newer" not in await _said(rows[1])
    now = versions.status()
    assert (now.version, now.offered, now.offered_site) == (versions.bundled(), NEWER, rows[0]["site"])
    assert (now.automatic, now.trying, versions.folder()) == ("offer", None, None)
    versions.tidy()
    assert _folders() == [NEWER]  # what is offered stays through a restart
    # The next one of the site is not tried once more: it rests, and the newer one is there to be accepted.
    assert (await _run(owner, site.url("/page/broken?film=9")))["error"]["code"] == "extractor_broken"
    now = await ytdlp_canary.accept()
    assert (now.version, now.previous, now.offered) == (NEWER, versions.bundled(), None)
    for _ in range(3):  # those that failed are in the queue again, and now they go
        claim = await leases.claim()
        assert claim is not None
        await runner.run(claim)
        assert (await queries.get(claim.id, owner))["state"] == "done"
    assert await leases.claim() is None
    with pytest.raises(errors.NothingOffered):
        await ytdlp_canary.accept()
    assert active.all_active() == []


async def test_with_auto_it_is_used_at_once_and_the_others_are_tried_again(owner, index, mended, site):
    settings.use(replace(settings.get(), ytdlp_update="auto"))
    index.put(NEWER, mended)
    rows = await _several(owner, site)
    assert rows[2]["state"] == "done"
    assert "is now in use" in await _said(rows[2])
    assert (versions.status().version, versions.status().offered) == (NEWER, None)
    assert [(await queries.get(row["id"], owner))["state"] for row in rows[:2]] == ["queued", "queued"]
    # A version that was rolled back to stays until the user changes it, or a newer one still is published.
    assert versions.rollback().version == versions.bundled()
    await ytdlp_canary.look_daily()
    os.utime(versions.root() / "next-look", (1, 1))
    await ytdlp_canary.look_daily()
    assert versions.status().version == versions.bundled()
    ytdlp_canary._resting.clear()
    for _ in rows[:2]:
        await runner.run(await leases.claim())
    assert (await _run(owner, site.url("/page/broken?film=9")))["state"] == "done"
    assert (versions.status().version, versions.status().offered) == (versions.bundled(), NEWER)


async def test_one_that_does_not_help_is_dropped_again(owner, index, site):
    index.put(BROKEN, wheel(BROKEN))
    rows = await _several(owner, site)
    assert {row["error"]["code"] for row in rows} == {"extractor_broken"}
    assert f"yt-dlp {BROKEN} does not help" in await _said(rows[2])
    assert (versions.status().offered, versions.folder(), _folders()) == (None, None, [])
    assert "looking for a newer" not in await _said(await _run(owner, site.url("/page/broken?film=9")))


async def test_one_that_crashes_is_dropped_and_the_first_error_counts(owner, index, site):
    index.put(NEWER, wheel(NEWER, CRASHING))
    rows = await _several(owner, site)
    assert [(row["state"], row["error"]["code"]) for row in rows] == [("failed", "extractor_broken")] * 3
    assert f"yt-dlp {NEWER} does not help" in await _said(rows[2])
    assert (versions.status().offered, _folders()) == (None, [])


@pytest.mark.parametrize("why", ["off", "nothing newer", "index away"])
async def test_without_a_newer_one_they_fail_as_before(owner, index, site, why):
    if why == "off":
        settings.use(replace(settings.get(), ytdlp_update="off"))
        index.put(NEWER, b"never asked for")
    elif why == "nothing newer":
        index.put("2020.1.1", b"")
    else:
        settings.use(replace(settings.get(), ytdlp_index="http://127.0.0.1:9/simple"))
    rows = await _several(owner, site)
    assert {row["state"] for row in rows} == {"failed"}
    words = {"off": "extractor_broken", "nothing newer": "is the newest", "index away": "Could not reach"}
    assert words[why] in await _said(rows[2])
    assert versions.latest("stable") == (None if why != "nothing newer" else "2020.1.1")


async def test_one_link_that_fails_again_and_again_is_no_site_that_changed(owner, index, mended, site):
    index.put(NEWER, mended)
    row = await _run(owner, site.url("/page/broken"))
    for _ in range(ytdlp_canary.SEVERAL):
        await lifecycle.retry(row["id"], owner)
        await runner.run(await leases.claim())
    assert (await queries.get(row["id"], owner))["state"] == "failed"
    assert versions.latest("stable") is None


async def test_auto_looks_once_a_day_and_not_at_the_same_time_as_all_others(index, mended):
    index.put(NEWER, mended)
    await ytdlp_canary.look_daily()
    assert not versions.root().exists()  # "offer" looks at nothing by itself
    settings.use(replace(settings.get(), ytdlp_update="auto"))
    await ytdlp_canary.look_daily()
    note = versions.root() / "next-look"
    assert versions.latest("stable") is None  # the first look is some time within the day
    os.utime(note, (1, 1))
    await ytdlp_canary.look_daily()
    assert versions.status().version == NEWER
    due = note.stat().st_mtime
    index.put("2099.9.9", b"")
    await ytdlp_canary.look_daily()
    assert versions.latest("stable") == NEWER and note.stat().st_mtime == due
    os.utime(note, (1, 1))
    await ytdlp_canary.look_daily()  # what is offered there is no wheel: said, and nothing changes
    assert versions.status().version == NEWER and "package is incomplete" in (versions.status().error or "")
