"""Which texts, heights and entries the child finds in what yt-dlp says of a link."""

from typing import Any

import pytest

from mediafetcher.fetch.child import sidecars
from mediafetcher.fetch.options import ALL


def _text(ext: str = "vtt", **more: Any) -> dict[str, Any]:
    return {"url": f"https://films.example/{ext}{len(more)}", "ext": ext} | more


def _hls(name: str, **more: Any) -> dict[str, Any]:
    return {"url": f"https://films.example/{name}.m3u8", "ext": "vtt", "protocol": "m3u8_native"} | more


def _names(subtitles: dict[str, Any], *languages: str, auto: bool = False, **found: Any) -> list[str]:
    return [name for name, _ in sidecars.wanted({"subtitles": subtitles, **found}, languages, auto=auto)]


def test_closest_language_is_chosen() -> None:
    texts = {"en-GB": [_text()], "de": [_text()], "EN-us": [_text()]}
    assert _names(texts, "de", "en", "fr") == ["de", "EN-us"]
    assert _names(texts, "en-gb") == ["en-GB"]


def test_best_kind_of_a_text_is_chosen_and_unknown_ones_are_left_out() -> None:
    found = sidecars.wanted({"subtitles": {"en": [_text("srt"), _text("json3"), _text("vtt")]}}, ["en"], auto=False)
    assert [(name, text["ext"]) for name, text in found] == [("en", "vtt")]
    assert _names({"en": [_text("json3")]}, "en") == []


def test_machine_made_texts_are_chosen_only_if_they_are_wished_for() -> None:
    made = {"en": [_text()]}
    assert _names({}, "en", automatic_captions=made) == []
    assert _names({}, "en", auto=True, automatic_captions=made) == ["en"]
    assert _names({"de": [_text()]}, ALL, auto=True, automatic_captions=made) == ["de"]


def test_several_texts_of_one_language_have_names_of_their_own() -> None:
    texts = {"en": [_hls("forced", mf_forced=True), _hls("other"), _hls("main", mf_default=True)]}
    chosen = sidecars.wanted({"subtitles": texts}, ["en"], auto=False)
    assert [(name, text["url"].rpartition("/")[2]) for name, text in chosen] == [
        ("en", "main.m3u8"),
        ("en-2", "other.m3u8"),
        ("en-forced", "forced.m3u8"),
    ]


def test_chat_of_a_live_stream_is_no_language() -> None:
    assert _names({"live_chat": [_text()], "en": [_text()]}, ALL) == ["en"]
    assert sidecars.languages({"subtitles": {"live_chat": [_text()], "en": [_text()], "a b": [_text()]}}) == ["en"]


def test_heights_are_those_of_pictures_the_largest_first() -> None:
    formats = [{"height": height} for height in (360, 1080, 360, None, "720", -1, 10**6)]
    assert sidecars.heights({"formats": [*formats, {"height": 90, "vcodec": "none"}]}) == [1080, 360]


@pytest.mark.parametrize(
    ("found", "seconds"),
    [
        ({"timestamp": 86_400, "upload_date": "20250101"}, 86_400.0),
        ({"release_timestamp": 5, "timestamp": 6}, 5.0),
        ({"upload_date": "19700102"}, 86_400.0),
        ({"timestamp": -1, "upload_date": "no day"}, None),
        ({"timestamp": 1e12}, None),
        ({}, None),
    ],
)
def test_publication_is_to_the_second_or_the_day(found: dict[str, Any], seconds: float | None) -> None:
    assert sidecars.published(found) == seconds


LINK = {"_type": "url", "url": "https://films.example/1"}


@pytest.mark.parametrize(
    ("found", "listed"),
    [
        ({"_type": "playlist", "extractor_key": "Channel", "entries": [LINK]}, True),
        (
            {"_type": "playlist", "extractor_key": "Generic", "id": "https://films.example/feed", "entries": [LINK]},
            True,
        ),
        ({"_type": "playlist", "extractor_key": "Generic", "id": "page", "entries": [LINK]}, False),
        ({"_type": "playlist", "extractor_key": "Channel", "entries": [{"url": "https://films.example/1.mp4"}]}, False),
        ({"_type": "playlist", "extractor_key": "Channel", "entries": [None]}, False),
        ({"_type": "video", "url": "https://films.example/1"}, False),
        (None, False),
    ],
)
def test_list_is_one_of_links(found: dict[str, Any] | None, listed: bool) -> None:
    assert sidecars.is_list(found) is listed


def test_list_without_entries_is_told_from_a_page_without_a_film() -> None:
    assert sidecars.is_empty_list({"_type": "playlist", "extractor_key": "Channel", "entries": []})
    assert not sidecars.is_empty_list({"_type": "playlist", "extractor_key": "Generic", "entries": []})
    assert not sidecars.is_empty_list({"_type": "video"}) and not sidecars.is_empty_list(None)


def test_page_holds_several_films_if_their_addresses_differ() -> None:
    one, other = {"url": "https://films.example/1.mp4"}, {"formats": [{"url": "https://films.example/2.mp4"}]}
    assert sidecars.holds_several({"entries": [one, other, LINK, None]})
    assert not sidecars.holds_several({"entries": [one, dict(one), LINK]}) and not sidecars.holds_several(None)
