"""The subtitles that a master playlist names, and the cues of their pieces."""

import json
from pathlib import Path
from typing import Any

import pytest
import yt_dlp
from yt_dlp.extractor.common import InfoExtractor

from mediafetcher.fetch.child.subtitles import hls_subtitles

URL = "https://films.example/hls/master.m3u8"
TEXT = '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="t",LANGUAGE="en",'
MASTER = f"""#EXTM3U
{TEXT}NAME="Full",DEFAULT=YES,URI="full.m3u8"
{TEXT}NAME="Forced",FORCED=YES,URI="forced.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Main",DEFAULT=YES,URI="main.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Commentary",URI="talk.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=9,RESOLUTION=320x180,CODECS="avc1.42c00d,mp4a.40.2",AUDIO="a",SUBTITLES="t"
v.m3u8
"""


class _Telling(InfoExtractor):  # type: ignore[misc]
    """A class of its own: yt-dlp's stays as it is."""


def test_texts_are_told_apart_and_named_by_each_format() -> None:
    hls_subtitles.install(_Telling)
    installed = _Telling._parse_m3u8_formats_and_subtitles
    hls_subtitles.install(_Telling)
    assert _Telling._parse_m3u8_formats_and_subtitles is installed
    with yt_dlp.YoutubeDL({"quiet": True}) as client:
        formats, subtitles = _Telling(client)._parse_m3u8_formats_and_subtitles(MASTER, URL)
    texts = {text["url"].rpartition("/")[2]: (text["mf_forced"], text["mf_default"]) for text in subtitles["en"]}
    assert texts == {"full.m3u8": (False, True), "forced.m3u8": (True, False)}
    assert all(hls_subtitles.is_hls(text) for text in subtitles["en"])
    assert all(entry[hls_subtitles.FORMATS] == subtitles for entry in formats)
    ranks = {entry["url"].rpartition("/")[2]: entry.get("language_preference") for entry in formats}
    assert ranks["talk.m3u8"] == -20


class _Client:
    """Answers with the texts of a stream, as a site does."""

    def __init__(self, playlist: str, pieces: dict[str, str]) -> None:
        self._playlist, self._pieces = playlist, pieces

    def text(self, url: str, limit: int) -> str:
        return self._playlist

    def piece(self, piece: Any) -> bytes:
        return self._pieces[piece.name].encode()


def _vtt(words: str, second: int, head: str = "") -> str:
    return f"WEBVTT\n{head}\n\n00:00:0{second}.000 --> 00:00:0{second}.500\n{words}\n"


def _fetch(folder: Path, playlist: str, **pieces: str) -> list[tuple[bool, list[tuple[float, str]]]]:
    named = {f"{name}.vtt": text for name, text in pieces.items()}
    client: Any = _Client(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n{playlist}#EXT-X-ENDLIST\n", named)
    parts = []
    for file, mapped in hls_subtitles.fetch(client, "https://films.example/hls/text.m3u8", "en", folder):
        cues = [json.loads(line) for line in (folder / file).read_text().splitlines()]
        parts.append((mapped, [(cue[0], "\n".join(cue[3])) for cue in cues]))
    return parts


def test_cue_that_two_pieces_repeat_is_written_once(tmp_path: Path) -> None:
    playlist = "#EXTINF:4,\na.vtt\n#EXTINF:4,\nb.vtt\n"
    parts = _fetch(tmp_path, playlist, a=_vtt("one", 1), b=_vtt("one", 1) + "\n" + _vtt("two", 3).partition("\n\n")[2])
    assert parts == [(False, [(1.0, "one"), (3.0, "two")])]


def test_part_begins_at_each_break_and_absent_pieces_are_left_out(tmp_path: Path) -> None:
    playlist = "#EXTINF:4,\na.vtt\n#EXT-X-GAP\n#EXTINF:4,\nlost.vtt\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\nb.vtt\n"
    parts = _fetch(tmp_path, playlist, a=_vtt("one", 1), b=_vtt("two", 2))
    assert parts == [(False, [(1.0, "one")]), (False, [(2.0, "two")])]


@pytest.mark.parametrize(
    ("head", "start", "mapped"),
    [
        ("X-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000", 11.0, True),
        ("X-TIMESTAMP-MAP=LOCAL:00:00:04.000,MPEGTS:900000", 7.0, True),
        ("X-TIMESTAMP-MAP=MPEGTS:900000", 11.0, True),
        ("X-TIMESTAMP-MAP=LOCAL:00:00:04.000", 1.0, False),
        ("", 1.0, False),
    ],
)
def test_times_count_from_the_clock_of_the_picture(tmp_path: Path, head: str, start: float, mapped: bool) -> None:
    assert _fetch(tmp_path, "#EXTINF:4,\na.vtt\n", a=_vtt("one", 1, head)) == [(mapped, [(start, "one")])]


def test_text_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hls_subtitles, "_MAX_TEXT", 10)
    with pytest.raises(OSError, match="too large"):
        _fetch(tmp_path, "#EXTINF:4,\na.vtt\n", a=_vtt("one", 1))
