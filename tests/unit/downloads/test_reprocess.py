"""A new file for an item: fetched again, or converted; who moves over, and what stays."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, log, queries, reprocess
from mediafetcher.downloads.worker import runner
from mediafetcher.fetch.options import Options
from mediafetcher.importing import importer
from mediafetcher.library.catalog import blocklist, trash, watching
from mediafetcher.library.catalog import queries as item_queries
from mediafetcher.library.storage import blob_store, check, sweeper
from mediafetcher.media import ffmpeg, probe, subtitles
from tests.factories import add_user
from tests.site import Site


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.0, grace_hours=0))


@pytest.fixture
async def other(owner) -> int:
    return await add_user("bob")


class Film(NamedTuple):
    put: Callable[[str], None]
    url: str
    log: list[Any]

    def __call__(self, name: str) -> None:
        self.put(name)


@pytest.fixture
def film(tmp_path, media_corpus):
    """A site with one film, whose bytes may change: `film("x.mp4")` makes them those of that file."""
    folder = tmp_path / "site"
    folder.mkdir()

    def put(name: str) -> None:
        shutil.copyfile(media_corpus / name, folder / "film.mp4")

    put("ok.mp4")
    with Site(folder) as running:
        yield Film(put, running.url("/media/film.mp4"), running.log)


async def _fetch(owner: int, url: str, **more) -> int:
    row = await lifecycle.submit(owner, url, **more)
    if row["state"] != "done":
        await runner.run(await leases.claim())
        row = await queries.get(row["id"])
    assert row["state"] == "done", row
    return row["item"]


async def _again(id: int, owner: int, task: reprocess.Operation) -> dict:
    row = await reprocess.submit(id, owner, task)
    claim = await leases.claim()
    assert (claim.id, claim.operation, claim.target_item) == (row["id"], task, id)
    await runner.run(claim)
    return await queries.get(row["id"])


def _path(item: dict) -> Path:
    return blob_store.path_of(bytes.fromhex(item["media"]["sha256"]), item["media"]["ext"])


def _spoil(item: dict) -> None:
    path = _path(item)
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"rotten")


async def _clean() -> None:
    await sweeper.sweep()
    assert await check.check(read_data=True) == []
    assert list(settings.get().work.iterdir()) == []


async def test_the_same_bytes_take_the_place_of_damaged_ones(owner, other, film):
    mine, theirs = await _fetch(owner, film.url), await _fetch(other, film.url)
    before = await item_queries.get(mine, owner)
    _spoil(before)
    assert [finding.kind for finding in await check.check(read_data=True)] == ["damaged_file"]
    row = await _again(mine, owner, "refetch")
    assert (row["state"], row["item"]) == ("done", mine)
    after = await item_queries.get(mine, owner)
    assert after["media"]["sha256"] == before["media"]["sha256"] and after["media"]["ref_count"] == 2
    assert (await item_queries.get(theirs, other))["media"] == after["media"]
    await _clean()


async def test_new_bytes_move_the_persons_entries_over(owner, other, film):
    mine, theirs = await _fetch(owner, film.url), await _fetch(other, film.url)
    twin = await _fetch(owner, film.url, folder="Also")
    await watching.report(mine, owner, 2.5)
    old = await item_queries.get(theirs, other)
    film("h264_baseline.mp4")
    assert (await _again(mine, owner, "refetch"))["state"] == "done"
    new = await item_queries.get(mine, owner)
    assert new["media"]["sha256"] != old["media"]["sha256"] and new["position"] == 2.5
    assert (await item_queries.get(twin, owner))["media"] == new["media"] and new["media"]["ref_count"] == 2
    kept = await item_queries.get(theirs, other)
    assert kept["media"]["sha256"] == old["media"]["sha256"] and kept["media"]["ref_count"] == 1
    asked = len(film.log)
    assert (await item_queries.get(await _fetch(other, film.url, folder="New"), other))["media"]["sha256"] == (
        new["media"]["sha256"]
    )  # the link leads to what it is now
    assert len(film.log) == asked
    await _clean()


async def test_items_of_a_damaged_file_all_move(owner, other, film):
    mine, theirs = await _fetch(owner, film.url), await _fetch(other, film.url)
    elsewhere = await _fetch(other, film.url + "?copy=1")
    _spoil(await item_queries.get(mine, owner))
    await engine.execute("update media_file set damaged_at = now()")
    film("h264_baseline.mp4")
    assert (await _again(mine, owner, "refetch"))["state"] == "done"
    new = await item_queries.get(mine, owner)
    assert (await item_queries.get(theirs, other))["media"] == new["media"] and new["media"]["ref_count"] == 2
    assert (await item_queries.get(elsewhere, other))["media"]["ref_count"] == 1
    found = await check.check(read_data=True)
    assert [finding.kind for finding in found] == ["damaged_file"]


async def test_a_new_wish_heals_what_is_known_to_be_damaged(owner, other, film):
    mine = await _fetch(owner, film.url)
    _spoil(await item_queries.get(mine, owner))
    await engine.execute("update media_file set damaged_at = now()")
    await engine.execute("update source set media_file = null")
    await _fetch(other, film.url)
    assert await engine.fetchval("select damaged_at from media_file") is None
    await _clean()


async def test_an_imported_file_is_made_playable(owner, other, media_corpus, tmp_path):
    shutil.copyfile(media_corpus / "h264_aac.mkv", tmp_path / "A talk.mkv")
    [outcome] = [done async for done in importer.adopt(owner, [tmp_path / "A talk.mkv"])]
    item = await item_queries.get(outcome.item, owner)
    assert (item["playable"], item["media"]["kind"]) == (False, "video/x-matroska")
    row = await _again(outcome.item, owner, "convert")
    assert (row["state"], row["item"], row["converting"]) == ("done", outcome.item, True)
    made = await item_queries.get(outcome.item, owner)
    assert (made["playable"], made["media"]["kind"], made["title"]) == (True, "video/mp4", "A talk")
    assert (made["media"]["width"], made["media"]["height"]) == (item["media"]["width"], item["media"]["height"])
    await _clean()
    assert not _path(item).exists() and (tmp_path / "A talk.mkv").exists()
    [again] = [done async for done in importer.adopt(owner, [tmp_path / "A talk.mkv"])]
    assert again.result == "known" and again.item == outcome.item
    with pytest.raises(errors.InvalidState):
        await reprocess.submit(outcome.item, owner, "convert")


async def test_a_conversion_leaves_others_what_they_have(owner, other, site):
    raw = Options(keep_original=True)
    mine = await _fetch(owner, site.url("/media/h264_aac.mkv"), options=raw)
    theirs = await _fetch(other, site.url("/media/h264_aac.mkv"), options=raw)
    asked = len(site.log)
    assert (await _again(mine, owner, "convert"))["state"] == "done"
    assert len(site.log) == asked
    assert (await item_queries.get(mine, owner))["playable"] and not (await item_queries.get(theirs, other))["playable"]
    await _clean()


async def test_impossible_refetch_is_refused(owner, other, film, media_corpus, tmp_path):
    item = await _fetch(owner, film.url)
    with pytest.raises(errors.InvalidState, match="plays"):
        await reprocess.submit(item, owner, "convert")
    for task in ("refetch", "convert"):
        with pytest.raises(errors.NotFound):
            await reprocess.submit(item, other, task)
    shutil.copyfile(media_corpus / "h264_aac.mkv", tmp_path / "a.mkv")
    [outcome] = [done async for done in importer.adopt(owner, [tmp_path / "a.mkv"])]
    with pytest.raises(errors.InvalidState, match="no link"):
        await reprocess.submit(outcome.item, owner, "refetch")
    first = await reprocess.submit(item, owner, "refetch")
    assert (await reprocess.submit(item, owner, "refetch"))["id"] == first["id"]
    await trash.delete_media(item, owner)
    await runner.run(await leases.claim())
    ended = await queries.get(first["id"])
    assert (ended["state"], ended["error"]["code"]) == ("failed", "not_found")
    await trash.trash(outcome.item, owner)
    with pytest.raises(errors.InvalidState, match="trash"):
        await reprocess.submit(outcome.item, owner, "convert")
    await _clean()


async def test_conversion_of_a_file_that_is_missing_says_what_to_do(owner, site):
    item = await _fetch(owner, site.url("/media/h264_aac.mkv"), options=Options(keep_original=True))
    path = _path(await item_queries.get(item, owner))
    hidden = path.rename(path.with_suffix(".hidden"))
    row = await _again(item, owner, "convert")
    assert (row["state"], row["error"]["code"]) == ("failed", "not_found")
    assert "Download it again" in row["error"]["message"]
    hidden.rename(path)
    await _clean()


async def test_conversion_of_an_item_that_is_removed_meanwhile_ends(owner, site):
    item = await _fetch(owner, site.url("/media/h264_aac.mkv"), options=Options(keep_original=True))
    shown = await item_queries.get(item, owner)
    row = await reprocess.submit(item, owner, "convert")
    await trash.delete_media(item, owner)
    await runner.run(await leases.claim())
    ended = await queries.get(row["id"])
    assert (ended["state"], ended["error"]["code"]) == ("failed", "not_found")
    with pytest.raises(errors.NotFound):
        await reprocess._queue(shown, owner, "convert", "", "{}")
    await _clean()


async def test_a_marked_source_is_not_fetched_again(owner, film):
    item = await _fetch(owner, film.url)
    await blocklist.block((await item_queries.get(item, owner))["source"], owner)
    with pytest.raises(errors.SourceBlocked):
        await reprocess.submit(item, owner, "refetch")


async def test_a_quota_is_asked_for_more_and_not_for_mending(owner, film):
    film("h264_noaudio.mp4")
    mine = await _fetch(owner, film.url)
    size = (await item_queries.get(mine, owner))["media"]["size"]
    film("ok.mp4")
    await engine.execute("update account set quota = $1", size + 1)
    row = await _again(mine, owner, "refetch")
    assert (row["state"], row["error"]["code"]) == ("failed", "quota_exceeded")
    assert (await item_queries.get(mine, owner))["media"]["size"] == size
    await engine.execute("update account set quota = $1", size)
    with pytest.raises(errors.QuotaExceeded):
        await reprocess.submit(mine, owner, "refetch")
    _spoil(await item_queries.get(mine, owner))
    await engine.execute("update media_file set damaged_at = now()")
    film("h264_noaudio.mp4")
    assert (await _again(mine, owner, "refetch"))["state"] == "done"
    await _clean()


# ---- what a conversion keeps -----------------------------------------------------------------------------


def _rich(folder: Path, *, attachment: bool) -> Path:
    """A film with two sounds and two texts, as only Matroska holds it."""
    for name in ("full", "forced"):
        (folder / f"{name}.srt").write_text(f"1\n00:00:00,500 --> 00:00:01,500\n{name}\n")
    film = folder / "rich.mkv"
    extra = ["-attach", folder / "full.srt", "-metadata:s:t", "mimetype=application/x-truetype-font"]
    inputs = "-f lavfi -i testsrc2=s=320x180:r=25:d=2 -f lavfi -i sine=d=2 -f lavfi -i sine=f=880:d=2"
    maps = "-map 0 -map 1 -map 2 -map 3 -map 4"
    codecs = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -c:s srt -disposition:s:1 forced"
    tags = "-metadata:s:a:0 language=eng -metadata:s:a:1 language=hun"
    tags += " -metadata:s:s:0 language=eng -metadata:s:s:1 language=eng"
    words: list[object] = [*inputs.split(), "-i", folder / "full.srt", "-i", folder / "forced.srt"]
    words += [*f"{maps} {codecs} {tags}".split(), *(extra if attachment else []), film]
    subprocess.run([ffmpeg.path(), "-v", "error", "-nostdin", "-y", *map(str, words)], check=True)
    return film


async def _imported(owner: int, film: Path) -> dict:
    [outcome] = [one async for one in importer.adopt(owner, [film])]
    assert outcome.item is not None, outcome
    return await item_queries.get(outcome.item, owner)


async def test_conversion_of_a_stored_film_keeps_sounds_and_texts(owner, tmp_path):
    item = await _imported(owner, _rich(tmp_path, attachment=False))
    assert not item["playable"]
    row = await _again(item["id"], owner, "convert")
    assert row["state"] == "done", row
    made = await item_queries.get(item["id"], owner)
    assert made["playable"] and made["subtitles"] == ["eng", "eng-forced"]
    facts = await probe.probe(_path(made))
    assert [one.language for one in facts.audio] == ["eng", "hun"]
    for name, said in (("eng.vtt", "full"), ("eng-forced.vtt", "forced")):
        assert said in blob_store.path_of(bytes.fromhex(made["media"]["sha256"]), name).read_text()
    await _clean()


async def test_conversion_that_loses_something_names_it_first(owner, tmp_path):
    item = await _imported(owner, _rich(tmp_path, attachment=True))
    with pytest.raises(errors.ConversionLoses, match="attachment"):
        await reprocess.submit(item["id"], owner, "convert")
    assert await leases.claim() is None
    row = await reprocess.submit(item["id"], owner, "convert", accept_loss=True)
    await runner.run(await leases.claim())
    assert (await queries.get(row["id"]))["state"] == "done"
    assert any("attachment" in line["message"] for line in await log.read(row["id"], owner))


async def test_original_stays_if_a_text_cannot_be_taken_out(owner, tmp_path, monkeypatch):
    item = await _imported(owner, _rich(tmp_path, attachment=False))
    monkeypatch.setattr(subtitles, "_LIMITS", replace(subtitles._LIMITS, file_size=0))
    row = await _again(item["id"], owner, "convert")
    assert row["state"] == "failed" and row["error"]["code"] == "transcode_failed", row
    assert (await item_queries.get(item["id"], owner))["media"] == item["media"] and _path(item).exists()
