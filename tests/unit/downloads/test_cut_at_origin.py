"""A file that its origin has cut is fetched once more, then kept as far as it plays; a claim alone refuses nothing."""

from dataclasses import replace

import pytest

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, log, queries
from mediafetcher.downloads.worker import runner
from mediafetcher.library.catalog import queries as item_queries
from tests.factories import add_user


@pytest.fixture
async def owner(database, media_online) -> int:
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.0))
    return await add_user("ada")


async def _attempt(owner: int, url: str) -> dict:
    row = await lifecycle.submit(owner, url)
    await engine.execute("update download set run_after = now()")
    await runner.run(await leases.claim())
    return await queries.get(row["id"], owner)


async def _item(owner: int, row: dict) -> dict:
    assert row["state"] == "done", (row["error"], await log.read(row["id"], owner))
    return await item_queries.get(row["item"], owner)


@pytest.mark.parametrize("name", ["trunc.mp4", "trunc.mkv"])
async def test_file_cut_at_its_origin_is_kept_after_one_more_try(owner, site, name):
    url = site.url(f"/media/{name}")
    row = await _attempt(owner, url)
    assert (row["state"], row["error"]["code"]) == ("queued", "truncated")
    item = await _item(owner, await _attempt(owner, url))
    assert item["media"]["cut_at_origin"] and item["playable"]
    assert item["duration"] == pytest.approx(2, abs=0.3)
    assert any("cut at its origin" in line["message"] for line in await log.read(row["id"], owner))


async def test_file_cut_at_its_origin_without_an_index_is_refused_after_one_more_try(owner, site):
    url = site.url("/media/trunc_nomoov.mp4")
    assert (await _attempt(owner, url))["state"] == "queued"
    row = await _attempt(owner, url)
    assert (row["state"], row["error"]["code"]) == ("failed", "cut_at_origin")


@pytest.mark.parametrize("path", ["/short.m3u8", "/page/hour"])
async def test_length_that_is_only_claimed_refuses_nothing(owner, site, path):
    item = await _item(owner, await _attempt(owner, site.url(path)))
    assert item["duration"] == pytest.approx(4, abs=0.3)
    assert not item["media"]["cut_at_origin"]


async def test_claim_about_a_body_without_a_length_is_worth_one_more_try(owner, site):
    url = site.url("/page/unsized-hour")
    assert (await _attempt(owner, url))["error"]["code"] == "truncated"
    item = await _item(owner, await _attempt(owner, url))
    assert item["duration"] == pytest.approx(4, abs=0.3)


_TRIES = {
    "/media/trunc.mp4": 2,
    "/media/trunc.mkv": 2,
    "/media/trunc_nomoov.mp4": 2,
    "/page/unsized-hour": 2,
    "/longer/trunc.mkv": 2,
    "/longer/ok.mp4": 1,
    "/media/corrupt_mdat.mp4": 1,
    "/media/html.mp4": 1,
    "/media/random.mp4": 1,
    "/media/still.png": 1,
    "/media/no_decoder.m4a": 1,
    "/short.m3u8": 1,
    "/odd/chunk-and-length/ok.mp4": 1,
    "/odd/zstd/ok.mp4": 1,
    "/odd/gap/i.m3u8": 1,
    "/page/hour": 1,
}


async def test_no_download_is_tried_more_than_once_again_without_new_bytes(owner, site):
    for path, most in _TRIES.items():
        state, tries = "queued", 0
        while state == "queued" and tries < 4:
            row = await _attempt(owner, site.url(path))
            state, tries = row["state"], tries + 1
        assert state in ("done", "failed") and tries <= most, (path, row)
        if path.startswith(("/media/", "/longer/")):  # a playlist is read again
            assert len(site.asked(path)) <= 2 * most, (path, len(site.asked(path)))
