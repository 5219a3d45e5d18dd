"""Reading the values of yt-dlp: the fields of each kind of source, and bounds for whatever a site says."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from mediafetcher.core import source_metadata
from mediafetcher.core.source_metadata import SourceMetadata, of_ytdlp

BASE = {"extractor_key": "Site", "id": "1", "title": "T", "webpage_url": "https://site.example/watch?v=1"}
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "video": (
        {"timestamp": 1_700_000_000, "upload_date": "20231114", "channel": "Films", "channel_id": "UC1"},
        {"published_at": 1_700_000_000.0, "published_precision": "second", "channel_id": "UC1"},
    ),
    "day only": (
        {"upload_date": "19690720", "uploader": "NASA"},
        {"published_at": -14_256_000.0, "published_precision": "day", "channel_id": "NASA", "channel_name": "NASA"},
    ),
    "short": ({"webpage_url": "https://site.example/shorts/1"}, {"is_short": True}),
    "live": ({"live_status": "is_live", "timestamp": 5}, {"live_status": "is_live"}),
    "premiere": ({"release_timestamp": 2_000_000_000, "timestamp": 5}, {"published_at": 2_000_000_000.0}),
    "podcast episode": (
        {"series": "Talks", "season_number": 2, "episode_number": 3, "episode": "Third"},
        {"series": "Talks", "season_number": 2, "episode_number": 3, "episode": "Third"},
    ),
    "music": (
        {
            "artists": ["A", "B"],
            "album": "Alb",
            "track": "Tr",
            "track_number": 4,
            "genres": ["Folk"],
            "release_year": 1999,
        },
        {"artist": "A, B", "album": "Alb", "track": "Tr", "track_number": 4, "genre": "Folk", "year": 1999},
    ),
    "handle": (
        {"uploader_id": "@films", "channel_url": "https://site.example/@films"},
        {"channel_id": "@films", "channel_handle": "@films", "channel_url": "https://site.example/@films"},
    ),
    "restricted": (
        {"availability": "subscriber_only", "age_limit": 18},
        {"availability": "subscriber_only", "age_limit": 18},
    ),
    "streams": (
        {"requested_formats": [{"vcodec": "vp9", "width": 1920, "height": 1080}, {"vcodec": "none", "acodec": "opus"}]},
        {"width": 1920, "height": 1080, "video_codec": "vp9", "audio_codec": "opus"},
    ),
    "tags": (
        {"tags": ["b", "a", "b", " ", 5], "categories": ["Science"], "language": "de", "view_count": 12},
        {"tags": ["b", "a"], "categories": ["Science"], "language": "de", "view_count": 12},
    ),
    "description": ({"description": " one\r\n\r\ntwo\x00\u202e \n"}, {"description": "one\n\ntwo"}),
}


@pytest.mark.parametrize(("given", "expected"), KINDS.values(), ids=KINDS)
def test_fields_of_a_kind_of_source_as_expected(given: dict[str, Any], expected: dict[str, Any]) -> None:
    found = of_ytdlp(BASE | given)
    assert {name: getattr(found, name) for name in expected} == expected


def test_host_of_a_page_is_no_channel():
    found = of_ytdlp(BASE | {"uploader": "site.example"})
    assert (found.channel_id, found.channel_name) == (None, None)


def test_hostile_values_bounded_or_left_out():
    found = of_ytdlp(
        {
            "description": "é" * 50_000,
            "tags": [f"tag {n}" * 100 for n in range(5000)],
            "channel_url": "javascript:alert(1)",
            "webpage_url": "http://[::bad/",
            "timestamp": float("nan"),
            "release_timestamp": True,
            "upload_date": "20239999",
            "duration": -1,
            "age_limit": "18",
            "view_count": 1e300,
            "live_status": {"x": 1},
            "availability": "secret",
            "thumbnails": 7,
            "requested_formats": ["x", None],
            "channel": ["x"] * 5000,
            "title": "\x00" * 10,
        }
    )
    assert len(found.description.encode()) == source_metadata.DESCRIPTION_BYTES
    assert len(found.tags) == source_metadata.MAX_TAGS and max(map(len, found.tags)) <= 100
    for name in ("channel_url", "webpage_url", "published_at", "duration", "age_limit", "view_count", "live_status"):
        assert getattr(found, name) is None, name
    assert found.availability is None and found.title is None and found.thumbnails == []
    assert len(msgspec.json.encode(found)) < 64_000


def test_values_of_another_process_normalised_again():
    sent = SourceMetadata(title="a\x00b", channel_url="javascript:1", published_at=1e300, published_precision="day")
    assert source_metadata.again(sent) == SourceMetadata(title="a b")
    same = of_ytdlp(BASE | {"upload_date": "20240102", "tags": ["x"]})
    assert source_metadata.again(same) == same


@pytest.mark.parametrize("day", ["10010101", "99980101"])
def test_published_of_extreme_years_is_a_date(day):
    assert of_ytdlp({"upload_date": day}).published == datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)


def test_languages_of_all_sounds_are_kept_once_and_in_order():
    formats = [
        {"acodec": "mp4a", "language": "en"},
        {"acodec": "none", "language": "xx"},
        {"acodec": "opus", "language": "fr-CA"},
        {"acodec": "opus", "language": "en"},
        {"acodec": "opus", "language": 5},
        7,
    ]
    assert of_ytdlp({"formats": formats}).audio_languages == ["en", "fr-CA"]
    assert of_ytdlp({"formats": "x"}).audio_languages == []
