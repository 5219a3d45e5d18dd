"""Import: what NFO files, descriptions, tags and pictures beside and inside a file say."""

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.db import engine
from mediafetcher.importing import importer, info_json, metadata_files, nfo_file
from mediafetcher.library.catalog import queries
from mediafetcher.library.export import nfo, rows
from mediafetcher.library.storage import blob_store
from mediafetcher.media import ffmpeg, probe
from tests.factories import add_user

EPISODE = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<episodedetails><title>Third &amp; last</title><showtitle>Talks</showtitle><season>2</season><episode>3</episode>
<plot>One\nTwo</plot><aired>2024-01-05</aired><studio>Radio</studio><tag>a</tag><tag>b</tag><genre>Folk</genre>
<runtime>12</runtime><uniqueid type="imdb">tt1</uniqueid><uniqueid type="site" default="true">xyz</uniqueid>
<unknown><title>Other</title></unknown></episodedetails>
https://example.org/more
"""


@pytest.fixture
async def owner(database, state, media_online) -> int:
    return await add_user("ada", admin=True)


@pytest.fixture
def films(tmp_path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    return folder


def _read(text: str | bytes, folder: Path) -> SourceMetadata | None:
    file = folder / "x.nfo"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with file.open("rb") as opened:
        return nfo_file.metadata(opened.fileno())


def _tagged(source: Path, target: Path, *tags: str, inputs: tuple[str, ...] = (), maps: tuple[str, ...] = ()) -> None:
    options = [part for tag in tags for part in ("-metadata", tag)]
    command = [ffmpeg.path(), "-v", "error", "-i", source, *inputs, *maps, "-c", "copy", *options, target]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


async def _import(owner: int, folder: Path) -> dict[str, dict]:
    async for outcome in importer.adopt(owner, [folder]):
        assert outcome.result != "failed", outcome
    found = (await queries.page(owner))["items"]
    return {one["title"]: await queries.get(one["id"], owner) for one in found}


def test_nfo_of_an_episode_gives_its_fields(tmp_path):
    found = _read(EPISODE, tmp_path)
    assert found is not None
    assert (found.title, found.series, found.season_number, found.episode_number) == ("Third & last", "Talks", 2, 3)
    assert (found.description, found.tags, found.genre, found.duration) == ("One\nTwo", ["a", "b"], "Folk", 720)
    assert (found.published, found.published_precision) == (datetime(2024, 1, 5, tzinfo=UTC), "day")
    assert (found.extractor, found.extractor_id, found.channel_name, found.year) == ("site", "xyz", "Radio", 2024)


def test_studio_of_a_film_database_is_no_channel(tmp_path):
    text = '<movie><title>F</title><studio>Big</studio><uniqueid type="imdb">tt1</uniqueid></movie>'
    found = _read(text, tmp_path)
    assert found is not None and found.channel_id is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<movie>",
        b"<movie/>",
        b"<movie><title></title></movie>",
        b"<other><title>x</title></other>",
        b'<!DOCTYPE m [<!ENTITY a "x">]><movie><title>&a;</title></movie>',
        b"<movie><title>\xff</title></movie>",
        b"<movie>" + b"<a>" * 200_000 + b"</movie>",
        b"<movie><title>x</title></movie>" + b" " * (1 << 20),
        b'<?xml version="1.0" encoding="nothing"?><movie><title>x</title></movie>',
    ],
)
def test_nfo_that_says_nothing_gives_nothing(tmp_path, text):
    assert _read(text, tmp_path) is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_nfo_in_other_encodings_is_read(tmp_path, encoding):
    text = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>\n<movie><title>Été</title></movie>'
    found = _read(text.encode(encoding), tmp_path)
    assert found is not None and found.title == "Été"


def test_own_nfo_of_an_export_is_read_back(tmp_path):
    row = rows.ItemRow(
        id=1,
        owner=1,
        folder=None,
        title="A <film>",
        sha256=b"",
        duration=3600.0,
        uploader="Ada",
        source_url="https://example.org/1",
        created_at=datetime(2025, 1, 1, tzinfo=UTC),
        published_at=datetime(2024, 1, 5, tzinfo=UTC),
        description="Words",
        tags=["t"],
        extractor="Site",
        extractor_id="1",
        actors=["Ada", "Bob"],
    )
    found = _read(nfo.document(row), tmp_path)
    assert found is not None and found.cast == ["Ada", "Bob"]
    assert (found.title, found.description, found.tags) == ("A <film>", "Words", ["t"])
    assert (found.webpage_url, found.published, found.channel_name) == (row.source_url, row.published_at, "Ada")


def test_id_of_a_film_without_a_source_is_no_source(tmp_path):
    row = rows.ItemRow(id=1, owner=1, folder=None, title="A film", sha256=b"bytes")
    assert b"<uniqueid" in nfo.document(row)
    found = _read(nfo.document(row), tmp_path)
    assert found is not None and (found.extractor, found.extractor_id) == (None, None)


def test_first_place_wins_and_groups_stay_together():
    info = SourceMetadata(title="info", channel_id="c", channel_name="C")
    other = SourceMetadata(title="nfo", channel_id="d", channel_url="https://d.example/", description="nfo")
    assert metadata_files.combined(info, None, other) == SourceMetadata(
        title="info", channel_id="c", channel_name="C", description="nfo"
    )
    assert metadata_files.combined(None, None) is None


async def test_import_reads_nfo_description_and_info_json(owner, films, media_corpus):
    for name in ("one", "two", "three"):
        shutil.copyfile(media_corpus / "ok.mp4", films / f"{name}.mp4")
        with (films / f"{name}.mp4").open("ab") as file:
            file.write(b"\x00\x00\x00\x08free" * (len(name) + ord(name[0])))  # other bytes, the same film
    (films / "one.nfo").write_text(EPISODE)
    (films / "one.description").write_text("Ignored, the NFO has a plot")
    (films / "two.description").write_bytes("﻿Only\nwords".encode())
    (films / "three.info.json").write_text(json.dumps({"title": "Third film", "upload_date": "20230101"}))
    (films / "three.nfo").write_text(
        "<movie><title>Other</title><premiered>2020-01-01</premiered><plot>P</plot></movie>"
    )
    got = await _import(owner, films)
    assert set(got) == {"Third & last", "two", "Third film"}
    first, third = got["Third & last"], got["Third film"]
    assert (first["description"], first["tags"], first["channel"]["name"]) == ("One\nTwo", ["a", "b"], "Radio")
    assert got["two"]["description"] == "Only\nwords" and got["two"]["published_at"] is None
    assert (third["published_at"].year, third["description"]) == (2023, "P")


def test_actors_come_in_their_order(tmp_path):
    def actor(name: str, order: str) -> str:
        return f"<actor><name>{name}</name><role>R</role>{order}</actor>"

    actors = actor("Last", "") + actor("Second", "<order>1</order>") + actor(" First ", "<order>0</order>")
    found = _read(f"<movie><title>F</title>{actors}<actor><role>R</role></actor><actor/></movie>", tmp_path)
    assert found is not None and found.cast == ["First", "Second", "Last"]


async def test_chapters_of_an_info_json_are_those_of_the_file(owner, films, media_corpus):
    shutil.copyfile(media_corpus / "ok.mp4", films / "one.mp4")
    chapters = [
        {"start_time": 1, "end_time": 2, "title": "Second \u202e"},
        {"start_time": 0.0, "title": None},
        {"start_time": "x", "title": "No time"},
        {"start_time": float("1e300")},
        7,
    ]
    (films / "one.info.json").write_text(json.dumps({"title": "With chapters", "chapters": chapters}))
    item = (await _import(owner, films))["With chapters"]
    assert item["chapters"] == [{"start": 0.0, "title": ""}, {"start": 1.0, "title": "Second"}]


async def test_info_json_with_many_comments_is_read_and_a_larger_one_is_named(owner, films, media_corpus):
    for number, name in enumerate(("one", "two")):
        shutil.copyfile(media_corpus / "ok.mp4", films / f"{name}.mp4")
        with (films / f"{name}.mp4").open("ab") as file:
            file.write(b"\x00\x00\x00\x08free" * number)  # other bytes, the same film
    comment = {"text": "x" * 1000}
    (films / "one.info.json").write_text(json.dumps({"comments": [comment] * 9_000, "title": "Discussed"}))
    with (films / "two.info.json").open("wb") as file:
        file.truncate(info_json.MAX_BYTES + 1)
    outcomes = [one async for one in importer.adopt(owner, [films]) if one.path.suffix == ".mp4"]
    assert [one.left_out for one in outcomes] == [(), ("two.info.json (larger than 64 MiB)",)]
    assert "Discussed" in [one["title"] for one in (await queries.page(owner))["items"]]


async def test_link_in_a_file_beside_is_that_of_the_item(owner, films, media_corpus):
    shutil.copyfile(media_corpus / "ok.mp4", films / "one.mp4")
    link = "https://example.org/watch?v=1"
    (films / "one.info.json").write_text(json.dumps({"title": "Linked", "webpage_url": link}))
    item = (await _import(owner, films))["Linked"]
    assert item["source_url"] == link
    assert [one["source_url"] for one in (await queries.page(owner))["items"]] == [link]


async def test_import_reads_tags_of_each_container(owner, films, media_corpus):
    """The title stays the name of the file: tags are often wrong."""
    said = ("title=Tagged", "comment=https://example.org/v", "date=20240105", "description=Words", "genre=Folk")
    _tagged(media_corpus / "ok.mp4", films / "mp4.mp4", *said)
    _tagged(media_corpus / "ok.mp4", films / "mkv.mkv", *said, "artist=Ada")
    got = await _import(owner, films)
    assert set(got) == {"mp4", "mkv"}
    for one in got.values():
        assert one["description"] == "Words" and one["published_at"] == datetime(2024, 1, 5, tzinfo=UTC)
    rows = await engine.records("select facts from source_metadata where facts ? 'artist'")
    assert [row["facts"]["artist"] for row in rows] == ["Ada"]
    assert all(row["facts"]["webpage_url"] == "https://example.org/v" for row in rows)


async def test_tags_of_several_lines_cannot_pose_as_others(media_corpus, tmp_path):
    target = tmp_path / "x.mkv"
    _tagged(media_corpus / "ok.mp4", target, "description=one\n    artist          : Forged\nthree")
    facts = await probe.probe(target)
    assert facts.tags["description"] == "one\n    artist          : Forged\nthree"
    assert "artist" not in facts.tags


async def test_tags_of_ogg_are_those_of_its_stream(media_corpus, tmp_path):
    target = tmp_path / "x.ogg"
    options = ["-c:a", "libopus", "-metadata", "artist=Ada", "-metadata", "album=Alb"]
    command = [ffmpeg.path(), "-v", "error", "-i", media_corpus / "a.mp3", "-map", "0:a", *options, target]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    facts = await probe.probe(target)
    assert (facts.tags["artist"], facts.tags["album"]) == ("Ada", "Alb")


def _picture(target: Path, colour: str) -> Path:
    command = [
        ffmpeg.path(),
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        f"color={colour}:s=64x48:d=1",
        "-frames:v",
        "1",
        target,
    ]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return target


def _colour(item: dict) -> tuple[bool, bool, bool]:
    """Which of red, green and blue the poster of an item is."""
    media = item["media"]
    poster = blob_store.path_of(bytes.fromhex(media["sha256"]), media["ext"]).with_suffix(".poster.jpg")
    command = [
        ffmpeg.path(),
        "-v",
        "error",
        "-i",
        poster,
        "-vf",
        "scale=1:1",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-",
    ]
    red, green, blue = subprocess.run(command, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL).stdout
    return red > 128, green > 100, blue > 128


async def test_poster_is_the_picture_beside_else_inside_else_a_frame(owner, films, media_corpus, tmp_path):
    red, blue = _picture(tmp_path / "red.png", "red"), _picture(tmp_path / "blue.jpg", "blue")
    shutil.copyfile(media_corpus / "ok.mp4", films / "beside.mp4")
    shutil.copyfile(red, films / "beside-thumb.png")
    attach = ("-map", "0", "-map", "1", "-disposition:v:1", "attached_pic")
    _tagged(media_corpus / "ok.mp4", films / "inside.mp4", inputs=("-i", str(blue)), maps=attach)
    _tagged(media_corpus / "ok.mp4", films / "broken.mkv")
    (films / "broken.jpg").write_bytes(b"no picture")
    os.symlink(red, films / "broken-poster.png")
    got = await _import(owner, films)
    assert _colour(got["beside"]) == (True, False, False)
    assert _colour(got["inside"]) == (False, False, True)
    assert got["broken"]["poster"] and _colour(got["broken"]) not in ((True, False, False), (False, False, True))
