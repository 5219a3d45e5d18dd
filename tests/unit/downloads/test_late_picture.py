"""A recording in MPEG-TS may have no picture at all: a long analysis finds none, and its sound is stored."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediafetcher.downloads import leases, lifecycle, queries
from mediafetcher.downloads.worker import runner
from mediafetcher.library.catalog import queries as item_queries
from mediafetcher.media import ffmpeg
from tests.factories import add_user
from tests.site import Site


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
    owner = await add_user()
    row = await lifecycle.submit(owner, sound.url("/media/sound.ts"))
    claim = await leases.claim()
    assert claim is not None
    await runner.run(claim)
    row = await queries.get(row["id"], owner)
    assert row["state"] == "done", row
    item = await item_queries.get(row["item"], owner)
    assert item["media"]["video_codec"] is None and item["media"]["audio_codec"] == "aac"
    assert item["duration"] == pytest.approx(2, abs=0.3)
