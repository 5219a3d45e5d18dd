"""A live HLS stream is recorded piece by piece; each loss is noted, and each attempt resumes after the last piece."""

from pathlib import Path
from typing import Any

import pytest

from mediafetcher.fetch.child.streaming import hls_recorder
from tests.site import Site
from tests.unit.fetch.recorders import record, record_until

HLS = {"protocol": "m3u8_native", "vcodec": "avc1", "acodec": "mp4a"}


def test_stream_is_recorded_to_its_end(site: Site, tmp_path: Path) -> None:
    recorded = record("hls", site.url("/broadcast/event/i.m3u8"), tmp_path, outage=1.0)
    assert (recorded.seconds, recorded.parts, recorded.gaps, recorded.failed) == (12.0, 1, 0.0, None)
    pieces = b"".join(site.file(f"hls/long/s{number:03d}.ts").read_bytes() for number in range(12))
    assert b"".join(path.read_bytes() for path in tmp_path.glob("media.*")) == pieces


def test_recording_ends_after_the_wished_seconds(site: Site, tmp_path: Path) -> None:
    assert record("hls", site.url("/broadcast/event/i.m3u8"), tmp_path, seconds=3.0).seconds == 3.0


def test_stream_is_joined_near_its_end_unless_it_is_wished_from_the_beginning(site: Site, tmp_path: Path) -> None:
    for name, from_start, seconds in (("edge", False, 3.0), ("whole", True, 12.0)):
        folder = tmp_path / name
        folder.mkdir()
        url = site.url(f"/broadcast/long-list/{name}.m3u8")
        assert record("hls", url, folder, from_start=from_start, outage=1.0).seconds == seconds


def test_piece_that_is_gone_is_a_gap(site: Site, tmp_path: Path) -> None:
    recorded = record("hls", site.url("/broadcast/lost/i.m3u8"), tmp_path, from_start=True)
    assert recorded.gaps == 1.0 and recorded.seconds == 11.0
    assert any("is lost" in line for line in recorded.warnings)
    assert "1 seconds of the stream were lost" in recorded.warnings


def test_numbers_that_restart_begin_a_new_part(site: Site, tmp_path: Path) -> None:
    recorded = record("hls", site.url("/broadcast/anew/i.m3u8"), tmp_path, from_start=True)
    assert recorded.parts == 2 and recorded.seconds == 12.0
    assert "the numbers of the live stream restarted" in recorded.warnings


def test_next_attempt_resumes_after_the_last_piece(site: Site, tmp_path: Path) -> None:
    url = site.url("/broadcast/slow/i.m3u8")
    first = record_until(site, 8, "hls", url, tmp_path, from_start=True)
    assert 0 < first.seconds < 12 and first.failed is None
    second = record("hls", url, tmp_path, from_start=True)
    assert second.seconds == 12.0 and second.gaps == 0
    pieces = [asked["path"] for asked in site.asked(".ts")]
    assert len(pieces) - len(set(pieces)) <= 1


@pytest.mark.parametrize(("path", "error"), [("/status/404/i.m3u8", "PieceFailed"), ("/live-empty.m3u8", "NotBegun")])
def test_stream_of_which_nothing_can_be_fetched_is_an_error(site: Site, tmp_path: Path, path: str, error: str) -> None:
    recorded = record("hls", site.url(path), tmp_path)
    assert (recorded.failed, recorded.size) == (error, 0)


def test_stream_under_drm_is_refused_at_once(site: Site, tmp_path: Path) -> None:
    assert record("hls", site.url("/drm.m3u8"), tmp_path).failed == "ValueError"


@pytest.mark.parametrize(
    ("found", "chosen"),
    [
        (HLS | {"id": 1}, [1]),
        ({"requested_formats": [HLS | {"id": 1}, HLS | {"id": 2}]}, [1, 2]),
        ({"protocol": "https", "formats": [HLS | {"id": 1}, HLS | {"id": 2}, {"protocol": "https"}]}, [2]),
    ],
)
def test_formats_of_pieces_are_chosen(found: dict[str, Any], chosen: list[int]) -> None:
    assert [entry["id"] for entry in hls_recorder.choose(found)] == chosen


def test_stream_without_a_format_of_pieces_is_refused() -> None:
    silent = HLS | {"acodec": "none"}
    with pytest.raises(LookupError):
        hls_recorder.choose({"protocol": "rtmp", "formats": [silent, {"protocol": "https"}]})
