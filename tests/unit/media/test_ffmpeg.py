"""FFmpeg runs as a confined child, and its errors say what happened."""

import pytest

from mediafetcher.media import ffmpeg

ENDLESS = ["-re", "-f", "lavfi", "-i", "anullsrc", "-f", "null", "-"]


@pytest.mark.usefixtures("state")
async def test_run_without_output_is_killed_and_the_error_says_so():
    with pytest.raises(ffmpeg.Stuck) as caught:
        await ffmpeg.run(ENDLESS, [], timeout=0.5)
    assert "no progress" in caught.value.detail
