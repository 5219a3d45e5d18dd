"""Which pieces a manifest of live DASH has at a moment, and where they are."""

from typing import Any
from xml.etree import ElementTree

import pytest

from mediafetcher.fetch.child.streaming import dash_live
from mediafetcher.fetch.child.streaming.hls_playlist import Bytes, Source

VIDEO = {"manifest_url": "http://host/live/m.mpd", "format_id": "v", "vcodec": "avc1", "acodec": "none"}


def _mpd(template: str, head: str = "", period: str = "") -> Any:
    return ElementTree.fromstring(
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic"'
        f' availabilityStartTime="1970-01-01T00:00:00Z" {head}>'
        f'<Period id="1" start="PT0S" {period}><AdaptationSet contentType="video"><Representation id="v" bandwidth="9">'
        f"{template}</Representation></AdaptationSet></Period></MPD>"
    )


def _template(more: str, timeline: str = "") -> str:
    return f'<SegmentTemplate timescale="10" initialization="i.mp4" {more}>{timeline}</SegmentTemplate>'


def _names(mpd: Any, now: float) -> list[str]:
    found = dash_live.read(mpd, "http://host/live/m.mpd", VIDEO, now)
    return [segment.source.url.removeprefix("http://host/live/") for segment in found.segments]


def test_pieces_by_the_clock_are_those_within_the_window():
    mpd = _mpd(_template('duration="20" startNumber="7" media="$RepresentationID$/$Number%04d$.m4s"'))
    assert _names(mpd, 8.5) == ["v/0007.m4s", "v/0008.m4s", "v/0009.m4s", "v/0010.m4s"]
    mpd.set("timeShiftBufferDepth", "PT4S")
    assert _names(mpd, 8.5) == ["v/0009.m4s", "v/0010.m4s"]
    assert _names(mpd, 0.5) == []


def test_listed_pieces_are_those_that_exist():
    rows = "".join(f'<SegmentURL media="{name}.m4s"/>' for name in "abc")
    assert _names(_mpd(f'<SegmentList duration="2">{rows}</SegmentList>'), 4.1) == ["a.m4s", "b.m4s"]
    assert _names(_mpd(f'<SegmentList duration="2" startNumber="9">{rows}</SegmentList>'), 4.1) == [
        "a.m4s",
        "b.m4s",
        "c.m4s",
    ]  # by the clock none of them does, so the clock is wrong


def test_listed_pieces_may_be_ranges_of_one_file():
    timeline = '<SegmentTimeline><S t="100" d="20"/><S d="30"/></SegmentTimeline>'
    rows = '<SegmentURL mediaRange="10-19"/><SegmentURL mediaRange="20-"/>'
    head = '<BaseURL>all.mp4</BaseURL><SegmentList timescale="10" presentationTimeOffset="100">'
    mpd = _mpd(f'{head}<Initialization range="0-9"/>{timeline}{rows}</SegmentList>')
    found = dash_live.read(mpd, "http://host/live/m.mpd", VIDEO, 9.0).segments
    whole = "http://host/live/all.mp4"
    assert [(one.start, one.seconds) for one in found] == [(0, 2), (2, 3)]
    assert [one.source for one in found] == [Source(whole, Bytes(10, 20)), Source(whole)]
    assert found[0].init == Source(whole, Bytes(0, 10))


def test_period_of_one_file_is_one_piece():
    mpd = _mpd("<BaseURL>advert.mp4</BaseURL><SegmentBase/>", period='duration="PT30S"')
    assert _names(mpd, 9.0) == ["advert.mp4"]


def test_piece_that_repeats_without_end_reaches_to_the_clock():
    timeline = '<SegmentTimeline><S t="100" d="20" r="1"/><S d="10" r="-1"/></SegmentTimeline>'
    mpd = _mpd(_template('presentationTimeOffset="100" media="$Time$-$Bandwidth$-$$.m4s"', timeline))
    assert _names(mpd, 6.5) == [f"{at}-9-$.m4s" for at in (100, 120, 140, 150)]


def test_end_of_the_presentation_ends_the_recording():
    mpd = _mpd(_template('duration="20" media="$Number$.m4s"'), head='mediaPresentationDuration="PT5S"')
    assert not dash_live.read(mpd, "http://host/m.mpd", VIDEO, 4.5).ended
    ended = dash_live.read(mpd, "http://host/m.mpd", VIDEO, 900.0)
    assert ended.ended and len(ended.segments) == 3


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (_template('media="$Number$.m4s"'), "cannot be recorded"),
        ("<BaseURL>whole.mp4</BaseURL>", "cannot be recorded"),
        ("<ContentProtection/>", "DRM"),
    ],
)
def test_manifest_that_cannot_be_recorded_says_why(template, words):
    with pytest.raises(ValueError, match=words):
        dash_live.read(_mpd(template), "http://host/m.mpd", VIDEO, 9.0)
