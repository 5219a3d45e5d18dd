"""Picture, sound and text share one clock, whatever the source; parts come one behind the other.

In every film here there are a flash and a beep at 5 s, and a line of text that begins then.
"""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mediafetcher.core import settings
from mediafetcher.library.storage import blob_store
from mediafetcher.media import ffmpeg
from tests.factories import add_user
from tests.unit.downloads.fetching import fetched

CLOSE = 0.1  # seconds


@pytest.fixture
async def owner(database, media_online) -> int:
    settings.use(replace(settings.get(), retry_seconds=0.0, live_outage_seconds=2.0))
    return await add_user("ada")


def _file(item: dict, name: str | None = None) -> Path:
    return blob_store.path_of(bytes.fromhex(item["media"]["sha256"]), name or item["media"]["ext"])


def _text(item: dict, name: str) -> str:
    return _file(item, f"{name}.vtt").read_text()


def _moments(path: Path) -> tuple[float, float]:
    """When the flash and the beep begin, in seconds."""
    command = [ffmpeg.path(), "-nostdin", "-i", str(path), "-vf", "blackdetect=d=0.1:pix_th=0.3"]
    command += ["-af", "silencedetect=n=-30dB:d=0.3", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True).stderr
    flash, beep = re.search(r"black_end:([\d.]+)", said), re.search(r"silence_end: ([\d.]+)", said)
    assert flash and beep, said[-2000:]
    return float(flash[1]), float(beep[1])


def _line_at(text: str) -> float:
    found = re.search(r"(?:(\d+):)?(\d+):([\d.]+) -->", text)
    assert found, text
    return int(found[1] or 0) * 3600 + int(found[2]) * 60 + float(found[3])


def _frames(path: Path) -> int:
    command = [ffmpeg.path(), "-nostdin", "-i", str(path), "-map", "0:v", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True).stderr
    return int(re.findall(r"frame=\s*(\d+)", said)[-1])


@pytest.mark.parametrize(
    ("path", "options", "at"),
    [
        ("/clock/ts/m.m3u8", {}, 5),
        ("/clock/fmp4/m.m3u8", {}, 5),
        ("/clock/apart/m.m3u8", {}, 5),
        ("/clock/live/m.m3u8", {"live_from_start": True}, 5),
        ("/clock/unmapped/m.m3u8", {}, 5),
        ("/clock/zero/m.m3u8", {}, 5),
        ("/page/clock", {}, 5),
        ("/clock/ts/m.m3u8", {"start": 3.0}, 2),
    ],
)
async def test_flash_beep_and_line_come_together(owner, site, path, options, at):
    item = await fetched(owner, site.url(path), subtitles=("en",), **options)
    flash, beep = _moments(_file(item))
    if "start" not in options:  # a copied picture begins at its key picture: players hide what comes before
        assert flash == pytest.approx(at, abs=CLOSE)
    assert beep == pytest.approx(flash, abs=CLOSE)
    assert _line_at(_text(item, "en")) == pytest.approx(at, abs=CLOSE)


async def test_live_dash_keeps_picture_and_sound_together(owner, site):
    item = await fetched(owner, site.url("/dash-live/clock/m.mpd"), live_from_start=True)
    flash, beep = _moments(_file(item))
    assert flash == pytest.approx(5, abs=CLOSE) and beep == pytest.approx(flash, abs=CLOSE)


async def test_dash_keeps_picture_and_sound_together(owner, site):
    flash, beep = _moments(_file(await fetched(owner, site.url("/dash/clock/m.mpd"))))
    assert flash == pytest.approx(5, abs=CLOSE) and beep == pytest.approx(flash, abs=CLOSE)


async def test_texts_of_one_language_are_told_apart(owner, site):
    item = await fetched(owner, site.url("/clock/variants/m.m3u8"), subtitles=("en",))
    assert item["subtitles"] == ["en", "en-2", "en-forced"]
    assert "Hello" in _text(item, "en") and "Sign" in _text(item, "en")
    assert "Hello, hello" in _text(item, "en-2")
    assert "Hello" not in _text(item, "en-forced")


async def test_negative_clock_of_a_text_loses_no_line(owner, site):
    item = await fetched(owner, site.url("/clock/negative/m.m3u8"), subtitles=("en",))
    assert "Hello" in _text(item, "en")


@pytest.mark.parametrize(("kind", "seconds", "frames"), [("ts", 12, 300), ("fmp4", 12, 300), ("sizes", 10, 250)])
async def test_parts_come_one_behind_the_other(owner, site, kind, seconds, frames):
    item = await fetched(owner, site.url(f"/parts/{kind}.m3u8"))
    assert item["playable"] and item["duration"] == pytest.approx(seconds, abs=0.4)
    assert _frames(_file(item)) == pytest.approx(frames, abs=4)


@pytest.mark.parametrize(("kind", "seconds"), [("two", 8), ("open", 4), ("silent", 8), ("unseen", 8), ("ranges", 4)])
async def test_every_period_of_a_dash_manifest_comes(owner, site, kind, seconds):
    item = await fetched(owner, site.url(f"/periods/{kind}/m.mpd"))
    assert item["duration"] == pytest.approx(seconds, abs=0.3)
    assert _frames(_file(item)) == pytest.approx(25 * seconds, abs=3)
    assert item["media"]["audio_codec"] == "aac"


@pytest.mark.parametrize("path", ["/periods/roles/m.mpd", "/clock/described/m.m3u8"])
async def test_main_sound_is_taken_before_a_dub_or_a_description(owner, site, path):
    item = await fetched(owner, site.url(path))
    assert item["media"]["audio_codec"] == "aac" and not site.asked("absent")


async def test_picture_that_begins_late_is_found(owner, site):
    item = await fetched(owner, site.url("/media/late/late.ts"))
    assert (item["media"]["width"], item["media"]["height"]) == (320, 180)
    assert item["duration"] == pytest.approx(20, abs=0.5)
