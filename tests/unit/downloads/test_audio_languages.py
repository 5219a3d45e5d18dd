"""Sounds in the languages that a user prefers are tracks of the film, on the clock of the picture.

The film has a flash at 5 s, and each sound a beep: a high one in English, which is the original, a low one in German.
"""

import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mediafetcher.accounts.auth import preferences
from mediafetcher.downloads import lifecycle
from mediafetcher.fetch.child import metadata
from mediafetcher.fetch.child.streaming import audio_languages
from mediafetcher.fetch.options import Options
from mediafetcher.library.export import arrangement, nfo, reading
from mediafetcher.library.storage import blob_store
from mediafetcher.media import assemble, ffmpeg, join, probe
from tests.factories import add_user
from tests.unit.downloads.fetching import fetched

CLOSE = 0.1  # seconds
HLS, DASH, FILE = "/clock/languages/m.m3u8", "/periods/languages/m.mpd", "/media/languages/two.mp4"
ENGLISH, GERMAN = ("eng", 1000), ("deu", 400)


@pytest.fixture
async def owner(database, media_online) -> int:
    return await add_user("ada")


def _file(item: dict) -> Path:
    return blob_store.path_of(bytes.fromhex(item["media"]["sha256"]), item["media"]["ext"])


def _said(path: Path, *arguments: str) -> str:
    command = [ffmpeg.path(), "-nostdin", "-i", str(path), *arguments, "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, text=True).stderr


def _flash(path: Path) -> float:
    found = re.search(r"black_end:([\d.]+)", _said(path, "-map", "0:v", "-vf", "blackdetect=d=0.1:pix_th=0.3"))
    assert found
    return float(found[1])


def _beep(path: Path, track: int) -> float:
    said = _said(path, "-map", f"0:a:{track}", "-af", "silencedetect=n=-30dB:d=0.3")
    found = re.search(r"silence_end: ([\d.]+)", said)
    assert found, said[-2000:]
    return float(found[1])


def _make(*arguments: object) -> None:
    subprocess.run([ffmpeg.path(), "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True)


def _pitch(path: Path, track: int, at: float = 5.1) -> int:
    """The frequency of a sound in hundreds of Hertz, by default of the beep."""
    said = _said(path, "-map", f"0:a:{track}", "-af", f"atrim={at}:{at + 0.2},astats=measure_overall=none")
    found = re.search(r"Zero crossings: (\d+)", said)
    assert found, said[-2000:]
    return round(int(found[1]) / 0.2 / 2 / 100) * 100


async def _tracks(item: dict) -> list[tuple[str | None, int]]:
    """The language and the pitch of each track, after a look at its clock and at its codec."""
    path = _file(item)
    facts = await probe.probe(path)
    assert facts.audio[0].default and not any(one.default for one in facts.audio[1:])
    assert item["playable"] and {one.codec for one in facts.audio} == {"aac"}
    for track in range(len(facts.audio)):
        assert _beep(path, track) == pytest.approx(_flash(path), abs=CLOSE)
    return [(one.language, _pitch(path, track)) for track, one in enumerate(facts.audio)]


@pytest.mark.parametrize("url", [HLS, DASH])
async def test_preferred_language_is_a_further_track(owner, site, url):
    item = await fetched(owner, site.url(url), audio_languages=("de", "fr", "es"))
    assert await _tracks(item) == [ENGLISH, GERMAN]
    assert not site.asked("absent")


@pytest.mark.parametrize("url", [HLS, DASH, FILE])
async def test_language_before_the_original_is_the_default_track(owner, site, url):
    item = await fetched(owner, site.url(url), audio_languages=("fr", "de-AT", "de", "original"))
    assert await _tracks(item) == [GERMAN, ENGLISH]


async def test_title_of_a_sound_is_that_of_its_site(owner, site):
    item = await fetched(owner, site.url(HLS), audio_languages=("de",))
    facts = await probe.probe(_file(item))
    assert [one.title for one in facts.audio] == ["English", "Deutsch"]


async def test_file_with_several_sounds_is_not_changed_for_its_original(owner, site):
    item = await fetched(owner, site.url(FILE), audio_languages=("de",))
    assert await _tracks(item) == [ENGLISH, GERMAN]
    assert item["media"]["sha256"] == (await fetched(owner, site.url(FILE)))["media"]["sha256"]


async def test_nothing_changes_if_no_language_is_preferred(owner, site):
    item = await fetched(owner, site.url(HLS))
    facts = await probe.probe(_file(item))
    assert len(facts.audio) == 1 and not site.asked("de.m3u8")
    again = await fetched(owner, site.url(HLS), audio_languages=("en", "fr"))
    assert again["media"]["sha256"] == item["media"]["sha256"]


async def test_sound_alone_is_that_of_the_first_language(owner, site):
    item = await fetched(owner, site.url(HLS), audio="m4a", audio_languages=("de", "original"))
    facts = await probe.probe(_file(item))
    assert len(facts.audio) == 1 and _pitch(_file(item), 0) == GERMAN[1]


async def test_options_with_other_languages_are_another_source(owner, site):
    recipes = {Options(audio_languages=given).recipe() for given in [(), ("de",), ("de", "original")]}
    assert len(recipes) == 3
    first = await fetched(owner, site.url(HLS))
    second = await fetched(owner, site.url(HLS), audio_languages=("de",))
    assert first["media"]["sha256"] != second["media"]["sha256"]


async def test_preference_of_a_user_is_for_downloads_that_wish_for_none(owner, site):
    await preferences.change(owner, {"audio_languages": ["de", "original"]})
    assert await _tracks(await fetched(owner, site.url(HLS))) == [GERMAN, ENGLISH]
    row = await lifecycle.submit(owner, site.url(HLS))
    assert row["state"] == "done"  # the same wish, so nothing is fetched
    assert await _tracks(await fetched(owner, site.url(HLS), audio_languages=("de",))) == [ENGLISH, GERMAN]


async def test_item_and_its_description_for_players_list_every_sound(owner, site):
    item = await fetched(owner, site.url(HLS), audio_languages=("de",))
    assert [(one["language"], one["title"], one["codec"]) for one in item["audio_tracks"]] == [
        ("eng", "English", "aac"),
        ("deu", "Deutsch", "aac"),
    ]
    rows = await reading.items([item["id"]], None, ["film"])
    arrangement.arrange(rows[0], arrangement.Place("film"))
    described = ElementTree.fromstring(nfo.document(rows[0]))
    sounds = described.findall("fileinfo/streamdetails/audio")
    assert [(one.findtext("codec"), one.findtext("language"), one.findtext("channels")) for one in sounds] == [
        ("aac", "eng", "2"),
        ("aac", "deu", "2"),
    ]


def test_size_of_a_source_counts_every_sound():
    video = {"format_id": "v", "vcodec": "h264", "acodec": "none", "filesize": 1000}
    sounds = [
        {"format_id": name, "language": name, "vcodec": "none", "acodec": "aac", "filesize": size}
        for name, size in (("en", 100), ("de", 20))
    ]
    found = {"title": "A film", "requested_formats": [video, sounds[0]], "formats": [*sounds, video]}
    assert metadata.summary(found)["filesize"] == 1100
    chosen = audio_languages.choose(found, ["de"])
    assert chosen and metadata.summary(found | chosen.described())["filesize"] == 1120
    alone = {"title": "A talk", **sounds[0], "formats": sounds}
    chosen = audio_languages.choose(alone, ["de", "original"])
    assert chosen and metadata.summary(alone | chosen.described())["filesize"] == 20


def test_formats_with_a_language_are_chosen_by_it():
    films = [{"format_id": f"{name}{size}", "language": name, "vcodec": "h264", "acodec": "aac", "height": size}
             for size in (180, 360) for name in ("fr", "de")]  # fmt: skip
    chosen = audio_languages.choose({"formats": films} | films[3], ["fr"])
    assert chosen and [one["format_id"] for one in chosen.formats] == ["de360", "fr180"]
    assert [(at, language) for at, language, _ in chosen.sounds] == [(0, "de"), (1, "fr")]
    video = {"format_id": "v", "vcodec": "h264", "acodec": "none"}
    alone = [{"format_id": name, "language": name, "vcodec": "none", "acodec": "opus", "format_note": name.upper()}
             for name in ("pt-PT", "pt-BR", "en")]  # fmt: skip
    found = {"requested_formats": [video, alone[2]], "formats": [*alone, video]}
    chosen = audio_languages.choose(found, ["pt-BR", "es"])
    assert chosen and chosen.formats == [video, alone[2], alone[1]]
    assert chosen.sounds == [(1, "en", "EN"), (2, "pt-BR", "PT-BR")]
    assert audio_languages.choose(found, ["en"]) is None and audio_languages.choose(found, []) is None


async def test_part_without_a_dub_has_its_own_sound_instead(tmp_path):
    """An advertisement has one sound; the film before it has two, and one of them begins with a gap of its clock."""
    parts = []
    for number, sounds in enumerate([(1000, 400), (1000,)]):
        picture = tmp_path / f"media.e0d{number}.t0"
        _make("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=2", "-c:v", "libx264", "-f", "mpegts", picture)
        files = [picture]
        for track, pitch in enumerate(sounds, 1):
            files.append(tmp_path / f"media.e0d{number}.t{track}")
            _make("-f", "lavfi", "-i", f"sine=f={pitch}:r=48000:d=2", "-c:a", "aac", "-f", "mpegts", files[-1])
        parts.append(files)
    wanted = [join.Sound(1, "en", "English"), join.Sound(2, "de", "Deutsch")]
    whole = await assemble.assemble(parts, tmp_path / "whole.mp4", one_clock=True, sounds=wanted)
    facts = await probe.probe(whole.file)
    assert facts.duration == pytest.approx(4, abs=0.2)
    assert [(one.language, one.title) for one in facts.audio] == [("eng", "English"), ("deu", "Deutsch")]
    assert [_pitch(whole.file, 1, at) for at in (0.8, 2.8)] == [400, 1000]


async def test_single_part_without_a_track_keeps_the_language_of_the_other(tmp_path):
    """Of the tracks 0, 1 and 2 of a recording the English one brought nothing."""
    files = [tmp_path / "media.e0d0.t0", tmp_path / "media.e0d0.t2"]
    _make("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=2", "-c:v", "libx264", "-f", "mpegts", files[0])
    _make("-f", "lavfi", "-i", "sine=f=400:r=48000:d=2", "-c:a", "aac", "-f", "mpegts", files[1])
    wanted = [join.Sound(1, "en", "English"), join.Sound(2, "de", "Deutsch")]
    whole = await assemble.assemble([files], tmp_path / "whole.mp4", one_clock=True, sounds=wanted)
    facts = await probe.probe(whole.file)
    assert [(one.language, one.title) for one in facts.audio] == [("deu", "Deutsch")]
