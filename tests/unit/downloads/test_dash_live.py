"""Live DASH is recorded as live HLS is: what was fetched is kept, gaps are noted, and a recording goes on."""

import asyncio
from typing import Any
from xml.etree import ElementTree

import pytest

from mediafetcher.downloads import leases, lifecycle, queries
from mediafetcher.downloads.worker import runner
from mediafetcher.fetch.child.streaming import dash_live
from mediafetcher.fetch.child.streaming.hls_playlist import Bytes, Source
from mediafetcher.fetch.child.streaming.recording import Noted, Track
from tests.unit.downloads.test_recordings import FROM_START, _item, _obeyed, _run, _said, owner  # noqa: F401
from tests.waiting import eventually

VIDEO = {"manifest_url": "http://host/live/m.mpd", "format_id": "v", "vcodec": "avc1", "acodec": "none"}


@pytest.mark.parametrize(
    ("kind", "seconds", "words"),
    [
        ("time", 12, ""),
        ("number", 12, ""),
        ("lost", 11.5, "is lost"),
        ("window", 8, "expired before they were fetched"),
        ("outage", 12, "back after an outage"),
        ("periods", 12, ""),
        ("endless", 6, ""),
        ("list", 12, ""),
        ("whole", 16, ""),
    ],
)
async def test_live_dash_is_recorded_whatever_happens_to_it(owner, site, kind, seconds, words):  # noqa: F811
    row = await _run(owner, site.url(f"/dash-live/{kind}/m.mpd"))
    item = await _item(owner, row)
    assert item["duration"] == pytest.approx(seconds, abs=0.7)
    assert words in await _said(owner, row["id"])
    assert item["playable"]


async def test_live_dash_inside_a_page_is_recorded_to_its_end(owner, site):  # noqa: F811
    item = await _item(owner, await _run(owner, site.url("/page/dash-live")))
    assert item["duration"] == pytest.approx(12, abs=0.5)


async def test_live_dash_goes_on_after_a_pause(owner, site):  # noqa: F811
    row = await lifecycle.submit(owner, site.url("/dash-live/slow/m.mpd"), options=FROM_START)
    at_work = asyncio.create_task(runner.run(await leases.claim()))
    await eventually(lambda: len(site.asked(".m4s")) >= 10, seconds=60)
    await lifecycle.pause(row["id"], owner)
    await _obeyed()
    await at_work
    await lifecycle.resume(row["id"], owner)
    await runner.run(await leases.claim())
    item = await _item(owner, await queries.get(row["id"], owner))
    assert item["duration"] == pytest.approx(12, abs=1.5)
    pieces = [asked["path"] for asked in site.asked(".m4s") if "init" not in asked["path"]]
    assert len(pieces) - len(set(pieces)) <= 2  # none is fetched twice, but those that were on their way


# ---- the manifest ----------------------------------------------------------------------------------------


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


class _Client:
    """Answers with the manifest of the moment, as a server does."""

    located, date = "http://host/live/m.mpd", 1000.0

    def __init__(self) -> None:
        self.times: list[int] = []
        self.text_given = ""

    def text(self, url: str, limit: int) -> str:
        rows = "".join(f'<S t="{at}" d="20"/>' for at in self.times)
        mpd = _mpd(_template('media="$Time$.m4s"', f"<SegmentTimeline>{rows}</SegmentTimeline>"))
        return self.text_given or ElementTree.tostring(mpd, encoding="unicode")


def test_numbers_follow_the_pieces_through_a_sliding_window_and_a_restart():
    client, track = _Client(), Track(0)
    reader = dash_live.Reader(client, VIDEO, track)  # type: ignore[arg-type]

    def numbers(*times: int) -> list[int]:
        client.times = list(times)
        pieces = reader.read().pieces
        track.recent.extend(Noted(piece.number, piece.name, "") for piece in pieces)
        return [piece.number for piece in pieces]

    assert numbers(200, 220, 240) == [10, 11, 12]
    assert numbers(240, 260) == [12, 13]
    assert numbers(280, 300) == [14, 15]  # the window slid by its whole length, and nothing is missing
    assert numbers(340, 360) == [17, 18]  # one is missing
    reader = dash_live.Reader(client, VIDEO, track)  # type: ignore[arg-type]
    assert numbers(360, 380) == [18, 19]
    reader = dash_live.Reader(client, VIDEO, track)  # type: ignore[arg-type]
    assert numbers(500, 520)[0] > 20  # something is missing, nobody knows how much


def test_sliding_list_without_times_keeps_its_numbers():
    client, track = _Client(), Track(0)
    reader = dash_live.Reader(client, VIDEO, track)  # type: ignore[arg-type]

    def numbers(*names: str) -> list[int]:
        rows = "".join(f'<SegmentURL media="{name}.m4s"/>' for name in names)
        made = ElementTree.tostring(_mpd(f'<SegmentList duration="2">{rows}</SegmentList>'), encoding="unicode")
        client.text_given = made
        return [piece.number for piece in reader.read().pieces]

    assert numbers("a", "b", "c") == [0, 1, 2]
    assert numbers("c", "d", "e") == [2, 3, 4]
    assert numbers("f", "g") == [5, 6]


def test_manifest_with_a_document_type_is_refused():
    client = _Client()
    client.text_given = '<!DOCTYPE MPD [<!ENTITY a "b">]><MPD/>'
    with pytest.raises(ValueError, match="document type"):
        dash_live.Reader(client, VIDEO, Track(0)).read()  # type: ignore[arg-type]
