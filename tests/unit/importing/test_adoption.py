"""P22: unknown files of the store become items again, at their place, with the best title there is."""

import asyncio
import hashlib
import json
import os
import shutil
import time
from pathlib import Path

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.importing import adoption, importer, metadata_files, unknown_files
from mediafetcher.importing.batch import Outcome
from mediafetcher.library.catalog import folders, items, queries
from mediafetcher.library.recovery import journal
from mediafetcher.library.storage import blob_store, decisions, ownership, sweeper
from tests.factories import add_user

pytestmark = pytest.mark.promise(22)


@pytest.fixture
async def owner(media_online: Path) -> int:
    return await add_user("ada", admin=True)


def _store(media_corpus: Path, name: str = "ok.mp4", *, spoil: bool = False, kind: str = "mp4") -> Path:
    """Put a film of the corpus into the store, as an installation of long ago left it."""
    data = (media_corpus / name).read_bytes()
    place = blob_store.path_of(hashlib.sha256(data).digest(), kind)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(data[:-1] + b"?" if spoil else data)
    return place


async def _adopt(owner: int, media: Path) -> list[Outcome]:
    return [outcome async for outcome in importer.adopt(owner, [media / "store"])]


async def _take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "SETTLE", 0.0)
    await decisions.decide("take")


async def test_first_start_with_unknown_files_is_frozen_until_taken(
    owner: int, media_online: Path, media_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = _store(media_corpus)
    found = await ownership.start()
    assert found is not None and found.reason == "unknown_files"
    with pytest.raises(errors.StoreFrozen):
        await _adopt(owner, media_online)
    await decisions.decide("take")
    with pytest.raises(errors.StoreFrozen):  # another installation has a minute to object
        await _adopt(owner, media_online)
    assert ownership.SETTLE == 60
    assert await sweeper.sweep() == 0 and place.exists()


async def test_unknown_file_is_adopted_at_its_place(
    owner: int, media_online: Path, media_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = _store(media_corpus)
    place.with_suffix(".info.json").write_text(json.dumps({"title": "Said beside"}))
    before = place.stat()
    await ownership.start()
    await _take(monkeypatch)
    (outcome,) = [one for one in await _adopt(owner, media_online) if one.result == "added"]
    item = await queries.get(outcome.item or 0, owner)
    assert item["title"] == "Said beside" and item["poster"]
    assert (place.stat().st_ino, place.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert list((media_online / "incoming").iterdir()) == []
    assert [one for one in await _adopt(owner, media_online) if one.result == "added"] == []


async def test_adoption_in_slices_takes_each_file_once(
    owner: int, media_online: Path, media_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _store(media_corpus)
    (media_online / "store" / "ff").mkdir()
    (media_online / "store" / "ff" / f"{chr(102) * 64}.mp4").write_bytes(b"damaged")
    await ownership.start()
    await _take(monkeypatch)
    monkeypatch.setattr(adoption, "_SLICE", 0.0)  # one file each
    slices = [await adoption.adopt_slice(owner)]
    while (after := slices[-1].next) is not None:
        slices.append(await adoption.adopt_slice(owner, after))
    assert [(each.added, each.refused) for each in slices if each.added or each.refused] == [(1, 0), (0, 1)]
    assert await engine.fetchval("select count(*) from library_item") == 1


async def test_title_and_folder_of_the_journal_come_back(
    owner: int, media_online: Path, media_corpus: Path, tmp_path: Path
) -> None:
    source = tmp_path / "film.mp4"
    shutil.copyfile(media_corpus / "ok.mp4", source)
    entry = items.Entry("From the journal", await folders.ensure(owner, "A/B"))
    facts = items.MediaFacts("video/mp4", ".mp4")
    await items.add_media(owner=owner, staged=await blob_store.stage(source), facts=facts, entry=entry)
    await journal.configure()
    await journal.flush()
    async with engine.transaction():  # the database loses it, without a trace
        await engine.execute("set local session_replication_role = replica")
        await engine.execute("delete from library_item; delete from media_file; delete from folder")
    (outcome,) = await _adopt(owner, media_online)
    item = await queries.get(outcome.item or 0, owner)
    assert (item["title"], item["folder"]) == ("From the journal", "A/B")


async def test_file_whose_bytes_are_not_its_name_is_left_alone(
    owner: int, media_online: Path, media_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = _store(media_corpus, spoil=True)
    await ownership.start()
    await _take(monkeypatch)
    (outcome,) = await _adopt(owner, media_online)
    assert outcome.result == "failed" and place.exists()


async def test_imported_file_has_the_metadata_written_beside_it(
    owner: int, media_online: Path, media_corpus: Path, tmp_path: Path
) -> None:
    shutil.copyfile(media_corpus / "ok.mp4", tmp_path / "x.mp4")
    said = {
        "id": "abc",
        "extractor_key": "Site",
        "title": "T",
        "upload_date": "20240105",
        "tags": ["one", 2],
        "duration": {},
    }
    said |= {
        "formats": [],
        "channel": "Films",
        "channel_id": "UC1",
        "description": "A zeppelin\nover the lake",
        "duration": {},
    }
    (tmp_path / "x.info.json").write_text(json.dumps(said))
    outcomes = [outcome async for outcome in importer.adopt(owner, [tmp_path])]
    (id,) = [one.item for one in outcomes if one.result == "added"]
    item = await queries.get(id, owner)
    assert item["published_at"].isoformat() == "2024-01-05T00:00:00+00:00"
    assert item["channel"] == {"id": "UC1", "name": "Films", "url": None, "site": None}
    assert (item["description"], item["tags"]) == ("A zeppelin\nover the lake", ["one"])
    assert [one["id"] for one in (await queries.search(owner, "zeppelin"))["items"]] == [id]


async def test_imported_file_has_the_title_written_beside_it(
    owner: int, media_online: Path, media_corpus: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    shutil.copyfile(media_corpus / "ok.mp4", folder / "x [abc].mp4")
    (folder / "x [abc].info.json").write_text(json.dumps({"title": "The real title"}))
    outcomes = [outcome async for outcome in importer.adopt(owner, [folder])]
    assert [one.result for one in outcomes if one.path.suffix == ".mp4"] == ["added"]
    assert (await queries.page(owner))["items"][0]["title"] == "The real title"


@pytest.mark.parametrize(
    "text",
    [b"[" * 1_000_000, b'{"title": 7}', b"[]", b"\xff", b'{"title": " "}'],
)
async def test_info_json_that_says_nothing_gives_no_title(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "x.info.json").write_bytes(text)
    assert (await metadata_files.read(tmp_path / "x.mp4")).metadata is None


async def test_info_json_of_megabytes_leaves_the_loop_free(tmp_path: Path) -> None:
    """Read in the server, a thread of Python would hold it up for a second."""
    (tmp_path / "x.info.json").write_text('{"formats": [%s0], "title": "Found"}' % ("[]," * 2_700_000))
    slowest, last, asked = 0.0, time.monotonic(), asyncio.create_task(metadata_files.read(tmp_path / "x.mp4"))
    while not asked.done():
        await asyncio.sleep(0.002)
        slowest, last = max(slowest, time.monotonic() - last), time.monotonic()
    assert (await asked).title == "Found"
    print(f"slowest turn of the loop {slowest * 1000:.0f} ms")
    assert slowest < 0.5


async def test_pipe_for_an_info_json_holds_up_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.info.json")
    async with asyncio.timeout(20):
        assert (await metadata_files.read(tmp_path / "x.mp4")).metadata is None


async def test_unknown_files_are_listed_with_size_and_title(owner: int, media_online: Path, media_corpus: Path) -> None:
    beside = _store(media_corpus)
    beside.with_suffix(".info.json").write_text(json.dumps({"title": "Said beside"}))
    plain = _store(media_corpus, "h264_aac.mkv", kind="mkv")
    listed: list[unknown_files.UnknownFile] = []
    after: str | None = ""
    while after is not None:
        page = await unknown_files.page(after, 1)
        assert len(page.files) == 1
        listed += page.files
        after = page.next
    assert [one.name for one in listed] == sorted(path.name for path in (beside, plain))
    found = {one.name: one for one in listed}
    assert (found[beside.name].title, found[beside.name].size) == ("Said beside", beside.stat().st_size)
    assert found[plain.name].folder is None and found[plain.name].size == plain.stat().st_size


async def test_chosen_unknown_file_is_adopted_alone(
    owner: int, media_online: Path, media_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, typed = _store(media_corpus), _store(media_corpus, "vp9_opus.webm", kind="webm")
    left = _store(media_corpus, "a.mp3", kind="mp3")
    await ownership.start()
    await _take(monkeypatch)
    done = await adoption.adopt_slice(owner, only=[chosen.stem])
    assert (done.added, done.refused, done.next) == (1, 0, None)
    (outcome,) = [one async for one in importer.adopt(owner, [typed])]  # as a command names it
    assert (outcome.result, outcome.path) == ("added", typed)
    assert [one.name for one in (await unknown_files.page()).files] == [left.name]
