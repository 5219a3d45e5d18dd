"""The picture for the library: of what has one, cheaply, and in the same run as the look where that saves one."""

import asyncio
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mediafetcher.media import containers, ffmpeg, posters, probe
from tests.site import media

_JPEG = b"\xff\xd8\xff"


def encode(target: Path, *how: str, seconds: int = 4) -> Path:
    source = ["-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=25:duration={seconds}"]
    coded = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart", *how]
    subprocess.run([ffmpeg.path(), "-v", "error", "-y", *source, *coded, str(target)], check=True)
    return target


@pytest.mark.parametrize(
    ("name", "there"), [("ok.mp4", True), ("h264_rot90.mp4", True), ("a_cover.mp3", True), ("a.mp3", False)]
)
async def test_films_and_covers_have_one(media_corpus, tmp_path, name, there):
    target = tmp_path / posters.NAME
    assert await posters.draw(media_corpus / name, target, await probe.probe(media_corpus / name)) is there
    assert [path.name for path in tmp_path.iterdir()] == [posters.NAME] * there
    if there:
        assert target.read_bytes()[:3] == _JPEG


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(("-g", "1000"), id="one key frame"),
        pytest.param(("-x264-params", "intra-refresh=1:keyint=1000"), id="refreshed in columns"),
        pytest.param(("-x264-params", "open-gop=1:keyint=25"), id="open groups"),
        pytest.param(("-c:v", "mpeg4"), id="not H.264"),
    ],
)
@pytest.mark.parametrize("seconds", [4, 24])
async def test_it_needs_no_key_frame_where_it_looks(tmp_path, how, seconds):
    film = encode(tmp_path / "film.mp4", *how, seconds=seconds)
    assert await posters.draw(film, tmp_path / posters.NAME, await probe.probe(film))


async def test_any_frame_will_do_where_no_key_frame_comes(tmp_path):
    """As of a live stream that is refreshed in columns and recorded from somewhere in its middle."""
    stream = encode(tmp_path / "stream.ts", "-x264-params", "intra-refresh=1:keyint=50", seconds=40)
    film, data = tmp_path / "film.ts", stream.read_bytes()
    film.write_bytes(data[len(data) // 188 // 3 * 188 :])
    assert await posters.draw(film, tmp_path / posters.NAME, await probe.probe(film))


async def test_a_short_film_is_not_shown_by_its_first_frame(tmp_path):
    """Which is often black, and its only key frame."""
    black = "drawbox=enable='lt(t,0.2)':c=black:t=fill"
    film = encode(tmp_path / "film.mp4", "-g", "1000", "-vf", black)
    assert await posters.draw(film, tmp_path / posters.NAME, await probe.probe(film))
    assert (tmp_path / posters.NAME).stat().st_size > 4000  # a black one has 1,000 bytes


@pytest.mark.parametrize("name", sorted(media.ACTIONS))
async def test_a_look_that_draws_sees_the_same(media_corpus, tmp_path, name):
    target = tmp_path / posters.NAME
    alone, both = await asyncio.gather(probe.probe(media_corpus / name), probe.probe(media_corpus / name, target))
    assert replace(both, poster=None) == alone
    assert both.poster == (target if target.exists() else None)
    assert list(tmp_path.iterdir()) == [target] * bool(both.poster)


async def test_a_look_draws_what_may_be_kept_as_it_is(media_corpus, tmp_path):
    for name, drawn in (("ok.mp4", True), ("moov_end.mp4", False), ("vp9_opus.webm", False), ("a.m4a", False)):
        facts = await probe.probe(media_corpus / name, tmp_path / posters.NAME)
        assert bool(facts.poster) is drawn, name
    assert (tmp_path / posters.NAME).read_bytes()[:3] == _JPEG


async def test_the_length_in_the_boxes_is_the_film_s(media_corpus):
    for name in ("ok.mp4", "moov_end.mp4", "h264_rot90.mp4", "a.m4a"):
        facts = await probe.probe(media_corpus / name)
        assert containers.scan(media_corpus / name).duration == pytest.approx(facts.duration, abs=0.05)
