"""A conversion keeps what a file holds: every sound, its language, the main one first; the rest is named."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.media import ffmpeg, join, probe, transcode

VIDEO = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=2"]
H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
SRT = "1\n00:00:00,500 --> 00:00:01,500\n{}\n"


@pytest.fixture(autouse=True)
def software(tmp_path_factory):
    before = settings._current
    settings.use(settings.Settings(state=tmp_path_factory.mktemp("state"), encoder="software"))
    yield
    settings._current = before


def _sine(frequency: int) -> list[str]:
    return ["-f", "lavfi", "-i", f"sine=f={frequency}:r=48000:d=2"]


def _make(*arguments: object) -> None:
    subprocess.run([ffmpeg.path(), "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True)


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    """Two sounds of which the second is the main one, three texts, a font."""
    texts: list[str] = []
    for name in ("full", "forced", "french"):
        (tmp_path / f"{name}.srt").write_text(SRT.format(name))
        texts += ["-i", str(tmp_path / f"{name}.srt")]
    (tmp_path / "font.ttf").write_bytes(b"\0\1\0\0 font")
    film = tmp_path / "rich.mkv"
    maps = [word for number in range(6) for word in ("-map", str(number))]
    _make(
        *VIDEO, *_sine(440), *_sine(880), *texts, *maps, *H264, "-c:a:0", "aac", "-c:a:1", "ac3", "-c:s", "srt",
        "-metadata:s:a:0", "title=Commentary", "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=hun",
        "-disposition:a:0", "comment", "-disposition:a:1", "default",
        "-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=eng", "-disposition:s:1", "forced",
        "-metadata:s:s:2", "language=fre", "-attach", tmp_path / "font.ttf",
        "-metadata:s:t", "mimetype=application/x-truetype-font", film,
    )  # fmt: skip
    return film


async def _converted(source: Path, **given) -> tuple[probe.Facts, probe.Facts]:
    facts, target = await probe.probe(source), source.with_name("out.mp4")
    decision = probe.decide(facts, **given)
    await transcode.convert(source, target, facts, decision, max_height=1080, threads=1, **given)
    return facts, await probe.probe(target)


async def test_conversion_keeps_all_sounds_and_the_main_one_first(rich):
    facts, made = await _converted(rich)
    assert [(one.language, one.codec) for one in facts.audio] == [("hun", "ac3"), ("eng", "aac")]
    assert [(one.language, one.codec, one.default) for one in made.audio] == [
        ("hun", "aac", True),
        ("eng", "aac", False),
    ]
    assert probe.decide(made).action == "none"
    assert [(one.language, one.forced) for one in facts.subtitles] == [("eng", False), ("eng", True), ("fre", False)]
    assert any("attachment" in words for words in probe.left_out(facts))


async def test_mp3_names_the_sounds_that_it_cannot_hold(rich):
    facts, made = await _converted(rich, audio="mp3")
    assert len(made.audio) == 1
    assert any("sound 1" in words for words in probe.left_out(facts, audio="mp3"))


async def test_commentary_that_is_first_is_not_the_main_sound(tmp_path):
    film = tmp_path / "film.mp4"
    _make(
        *VIDEO, *_sine(440), *_sine(880), "-map", 0, "-map", 1, "-map", 2, *H264, "-c:a", "aac",
        "-disposition:a:0", "0", "-disposition:a:1", "default", "-movflags", "+faststart", film,
    )  # fmt: skip
    facts, made = await _converted(film)
    assert facts.audio[0].index == 2
    assert made.audio[0].index == 1 and probe.decide(made).action == "none"


@pytest.mark.parametrize(
    "marks",
    [
        ["-disposition:a:0", "visual_impaired", "-disposition:a:1", "0"],
        ["-disposition:a:0", "0", "-disposition:a:1", "0", "-metadata:s:a:0", "title=Audio Description"],
        ["-disposition:a:0", "dub", "-disposition:a:1", "original"],
    ],
    ids=["by its mark", "by its title", "a dub of an original"],
)
async def test_description_or_dub_that_is_first_is_not_the_main_sound(tmp_path, marks):
    film = tmp_path / "film.mkv"
    _make(*VIDEO, *_sine(440), *_sine(880), "-map", 0, "-map", 1, "-map", 2, *H264, "-c:a", "aac", *marks, film)
    facts, made = await _converted(film)
    assert facts.audio[0].index == 2
    assert made.audio[0].index == 1 and probe.decide(made).action == "none"


@pytest.mark.parametrize("transfer", ["arib-std-b67", "smpte2084"])
@pytest.mark.parametrize("tags", [[], ["-color_primaries", "bt2020"], ["-colorspace", "bt2020nc"]])
async def test_hdr_with_tags_that_lack_is_converted(tmp_path, transfer, tags):
    film = tmp_path / "hdr.mp4"
    _make(
        "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=0.4", "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt",
        "yuv420p10le", "-color_trc", transfer, *tags, "-x265-params", f"log-level=error:transfer={transfer}", film,
    )  # fmt: skip
    facts, made = await _converted(film)
    assert facts.video.hdr and not made.video.hdr and probe.decide(made).action == "none"


@pytest.mark.parametrize("kind", [b"encv", b"enca", b"drms"])
async def test_encrypted_file_is_refused_as_drm(media_corpus, tmp_path, kind):
    data = (media_corpus / "ok.mp4").read_bytes()
    entry = b"mp4a" if kind != b"encv" else b"avc1"
    at = data.index(entry, data.index(b"stsd"))
    film = tmp_path / "film.mp4"
    film.write_bytes(data[:at] + kind + data[at + 4 :])
    decision = probe.decide(await probe.probe(film))
    assert decision.action == "reject" and isinstance(decision.problem(), errors.Drm)
    sound = tmp_path / "sound.m4a"
    _make("-i", media_corpus / "ok.mp4", "-vn", "-c:a", "copy", sound)
    with pytest.raises(errors.Drm):
        await join.join([film, sound], tmp_path / "joined.mp4")


async def test_cenc_file_of_ffmpeg_is_refused_as_drm(tmp_path):
    film = tmp_path / "cenc.mp4"
    _make(
        *VIDEO, *H264, "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "0" * 32, "-encryption_kid", "1" * 32,
        "-movflags", "+faststart", film,
    )  # fmt: skip
    assert isinstance(probe.decide(await probe.probe(film)).problem(), errors.Drm)


async def test_duration_of_changing_bit_rate_is_measured(tmp_path):
    loud = "anoisesrc=d=4:c=white:a=0.8:r=48000[a];anullsrc=r=48000:cl=mono:d=16[b];[a][b]concat=n=2:v=0:a=1"
    sound = tmp_path / "sound.aac"
    _make("-f", "lavfi", "-i", f"{loud}[out0]", "-c:a", "aac", "-b:a", "128k", "-f", "adts", sound)
    facts = await probe.probe(sound)
    assert facts.duration == pytest.approx(20, abs=0.3)


async def test_pieces_of_one_clock_keep_their_distance(tmp_path):
    picture, sound = tmp_path / "picture.ts", tmp_path / "sound.ts"
    _make(*VIDEO, *H264, "-an", "-muxdelay", 0, "-output_ts_offset", 10, picture)
    _make(*_sine(440), "-c:a", "aac", "-muxdelay", 0, "-output_ts_offset", 10.78, sound)
    joined, _ = await join.join([picture, sound], tmp_path / "joined.mp4", one_clock=True)
    said = await asyncio.to_thread(
        subprocess.run,
        [
            ffmpeg.path(),
            "-nostdin",
            "-i",
            joined,
            "-map",
            "0:a",
            "-af",
            "ashowinfo",
            "-frames:a",
            "1",
            "-f",
            "null",
            "-",
        ],
        capture_output=True,
        text=True,
    )
    first = float(said.stderr.partition("pts_time:")[2].split()[0])
    assert first == pytest.approx(0.78, abs=0.1)
