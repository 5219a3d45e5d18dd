"""Sources that are valid or common, and rare: each is fetched whole, or refused by its true cause."""

import hashlib

import pytest

from mediafetcher.fetch.options import Options
from tests.unit.downloads.test_download_options import _file, _item, _ready, _run  # noqa: F401


def _digest(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "path",
    [
        "gzip/ok.mp4",
        "br/ok.mp4",
        "chunk-break/ok.mp4",
        "chunk-and-length/ok.mp4",
        "cookie/ok.mp4",
        "location/go",
        "relative/go",
        "partial/ok.mp4",
        "attached/ok.mp4",
    ],
)
async def test_file_comes_whole_however_it_is_sent(owner, site, media_corpus, path):
    item = await _item(await _run(owner, site.url(f"/odd/{path}")))
    assert _digest(_file(item)) == _digest(media_corpus / "ok.mp4")


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [
        ("text-playlist", 4),
        ("octets-playlist", 4),
        ("ranges", 4),
        ("ranges4", 4),
        ("rotation", 4),
        ("rotation-parts", 5),
        ("gap", 4),  # with a hole
        ("variables", 4),
        ("master", 4),
    ],
)
async def test_stream_comes_whole_however_it_is_listed(owner, site, kind, seconds):
    item = await _item(await _run(owner, site.url(f"/odd/{kind}/i.m3u8")))
    assert item["playable"] and item["duration"] == pytest.approx(seconds, abs=0.3)


@pytest.mark.parametrize(
    ("kind", "ends", "code", "words"),
    [
        ("digest", "failed", "password_required", "name and password"),
        ("two-ways", "failed", "password_required", "name and password"),
        ("busy", "queued", "rate_limited", "asks to wait"),
        ("quota", "queued", "server_error", ""),
        ("zstd", "failed", "not_media", ""),
    ],
)
async def test_refusal_of_a_rare_kind_names_its_cause(owner, site, kind, ends, code, words):
    row = await _run(owner, site.url(f"/odd/{kind}/ok.mp4"))
    assert (row["state"], (row["error"] or {}).get("code")) == (ends, code), row
    assert words in row["error"]["message"]


@pytest.mark.parametrize(
    ("path", "language", "lines"),
    [
        ("dash-texts/m.mpd", "de", ["00:00.500 --> 00:01.500\nZeile 1", "00:02.500 --> 00:03.500\nZeile 2"]),
        ("dash-texts/m.mpd", "en", ["00:00.500 --> 00:02.000\nLine 1", "00:02.500 --> 00:04.000\nLine 2"]),
        ("hls-texts/m.m3u8", "en", ["00:05.000 --> 00:06.000\nHello"]),
    ],
)
async def test_subtitles_in_mp4_come_in_step_with_the_picture(owner, site, path, language, lines):
    item = await _item(await _run(owner, site.url(f"/odd/{path}"), Options(subtitles=(language,))))
    text = _file(item, f"{language}.vtt").read_text()
    assert all(line in text for line in lines), text
