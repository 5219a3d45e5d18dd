"""A recording in MPEG-TS may have no picture at all: a long analysis finds none, and its sound is stored."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediafetcher.media import ffmpeg
from tests.factories import add_user
from tests.site import Site
from tests.unit.downloads.fetching import fetched


@pytest.fixture
def sound(tmp_path: Path) -> Iterator[Site]:
    """A site with a sound in MPEG-TS."""
    folder = tmp_path / "site"
    folder.mkdir()
    command = [ffmpeg.path(), "-v", "error", "-nostdin", "-f", "lavfi", "-i", "sine=d=2", "-c:a", "aac"]
    subprocess.run([*command, str(folder / "sound.ts")], check=True)
    with Site(folder) as running:
        yield running


@pytest.mark.usefixtures("media_online")
async def test_stream_without_a_picture_is_stored_as_sound(database: str, sound: Site) -> None:
    item = await fetched(await add_user(), sound.url("/media/sound.ts"))
    assert item["media"]["video_codec"] is None and item["media"]["audio_codec"] == "aac"
    assert item["duration"] == pytest.approx(2, abs=0.3)
