"""Live DASH is recorded as live HLS is: what was fetched is kept, gaps are noted, and a recording resumes."""

import asyncio
from xml.etree import ElementTree

import pytest

from mediafetcher.downloads import leases, lifecycle, queries
from mediafetcher.downloads.worker import runner
from mediafetcher.fetch.child.streaming import dash_live
from mediafetcher.fetch.child.streaming.recording import Noted, Track
from tests.unit.downloads.test_recordings import FROM_START, _item, _obeyed, _run, _said, owner  # noqa: F401
from tests.unit.fetch.test_dash_segments import VIDEO, _mpd, _template
from tests.waiting import eventually


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


# ---- the manifest, as it changes ------------------------------------------------------------------------


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
    assert numbers(500, 520)[0] > 20  # something is missing, how much is unknown


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
