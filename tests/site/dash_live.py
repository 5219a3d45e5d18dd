"""Live DASH of the fixture site: each look at the manifest shows one piece more. Twelve seconds (dash/long)."""

import re
import time
from datetime import UTC, datetime
from functools import cache

from tests.site.playlists import kind
from tests.site.server import Request

KINDS = ("time", "number", "window", "lost", "outage", "periods", "slow", "endless", "clock", "list", "whole")
_BY_CLOCK = ("number", "clock")
_LOOKS = 2  # that are made before a recording begins, or at its beginning
_PIECES = 12
_KINDS = (("video/mp4", 'codecs="avc1.42c00d" width="64" height="48"'), ("audio/mp4", 'codecs="mp4a.40.2"'))
_TYPE = kind("x.mpd")
_TIMELINE = re.compile(r'<S (?:t="(\d+)" )?d="(\d+)"(?: r="(\d+)")? />')


def answer(request: Request) -> None:
    """/dash-live/<kind>/m.mpd, and its pieces: /dash-live/<kind>/<track>-<time or number>.m4s"""
    name, _, rest = request.rest.partition("/")
    if rest.endswith(".mpd"):
        if name == "outage" and 8 <= request.times <= 14:
            return request.send(503, "not now")
        return request.send(200, _manifest(name, request), kind=_TYPE)
    track, _, value = rest.removesuffix(".m4s").partition("-")
    if value == "init":
        return request.send_file(request.site.file(f"{_folder(name)}/init-stream{track}.m4s"))
    if name == "slow":
        request.site.stopping.wait(0.2)
    times = [start for start, _ in _pieces(request, int(track))]
    number = int(value) if name in _BY_CLOCK else times.index(int(value)) + 1
    if name == "lost" and number == 5:
        return request.send(404, "gone")
    request.send_file(request.site.file(f"{_folder(name)}/chunk-stream{track}-{number:05d}.m4s"))


def _folder(name: str) -> str:
    return f"dash/{'clock' if name == 'clock' else 'long'}"


def _pieces(request: Request, track: int) -> list[tuple[int, int]]:
    """(time, duration) of each piece, in the units of the manifest."""
    path = request.site.file("dash/long/m.mpd")
    assert path
    return _timelines(path.read_text())[track]


@cache
def _timelines(text: str) -> list[list[tuple[int, int]]]:
    found = []
    for part in re.findall(r"<SegmentTimeline>.*?</SegmentTimeline>", text, re.DOTALL):
        at, pieces = 0, []
        for start, step, repeats in _TIMELINE.findall(part):
            at = int(start) if start else at
            for _ in range(int(repeats or 0) + 1):
                pieces.append((at, int(step)))
                at += int(step)
        found.append(pieces)
    return found


def _manifest(name: str, request: Request) -> str:
    path = request.site.file("dash/long/m.mpd")
    assert path
    first, last = _shown(name, max(0, (request.times - _LOOKS) // 2))
    scales = re.findall(r'<SegmentTemplate timescale="(\d+)"', path.read_text())
    periods = [(first, last)]
    if name == "periods" and last > 6:
        periods = [(0, 6), (6, last)]
    sets = ["".join(_set(name, request, track, scale, *span) for track, scale in enumerate(scales)) for span in periods]
    began = time.time() - 1000
    if name in _BY_CLOCK:  # the clock says which pieces exist: nine of them at first
        began = request.site.moments.setdefault(name, time.time() - 9)
    moment = datetime.fromtimestamp(began, UTC).isoformat()
    length = 8 if name == "clock" else _PIECES
    length += 4 if name == "whole" else 0
    whole = f' mediaPresentationDuration="PT{length}S"' if name in _BY_CLOCK or last == _PIECES else ""
    if name == "whole" and last == _PIECES:
        sets, periods = [*sets, "".join(map(_whole, range(2)))], [*periods, (0, 0)]
    starts = [2 * number * 6 if name == "whole" else number * 6 for number in range(len(sets))]
    made = "".join(
        f'<Period id="p{number}" start="PT{start}S">{one}</Period>'
        for number, (start, one) in enumerate(zip(starts, sets, strict=True))
    )
    head = '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" minimumUpdatePeriod="PT0.2S"'
    return f'{head} type="dynamic" availabilityStartTime="{moment}"{whole}>{made}</MPD>'


def _shown(name: str, looks: int) -> tuple[int, int]:
    """The first piece of the picture that the manifest names, and the first one that it does not."""
    if name == "window" and looks >= 2:  # after four pieces four expire before they could be seen
        return 8, min(_PIECES, 7 + looks)
    if name == "endless":
        return 0, 6
    return 0, min(_PIECES, 3 + looks)


def _set(name: str, request: Request, track: int, scale: str, first: int, last: int) -> str:
    media = f"{track}-$Number$.m4s" if name in _BY_CLOCK else f"{track}-$Time$.m4s"
    template = f'timescale="{scale}" initialization="{track}-init.m4s" media="{media}"'
    if name in _BY_CLOCK:
        lines = f'<SegmentTemplate {template} startNumber="1" duration="{scale}"/>'
    else:
        pieces = _pieces(request, track)[first : None if last == _PIECES else last]
        rows = "".join(f'<S t="{start}" d="{step}"/>' for start, step in pieces)
        offset = f' presentationTimeOffset="{6 * int(scale)}"' if name == "periods" and first == 6 else ""
        lines = f"<SegmentTemplate {template}{offset}><SegmentTimeline>{rows}</SegmentTimeline></SegmentTemplate>"
    if name == "list":  # slides, and does not say when its first piece begins
        rows = "".join(f'<SegmentURL media="{track}-{start}.m4s"/>' for start, _ in _pieces(request, track)[:last][-5:])
        init = f'<Initialization sourceURL="{track}-init.m4s"/>'
        lines = f'<SegmentList timescale="{scale}" duration="{scale}">{init}{rows}</SegmentList>'
    mime, more = _KINDS[track]
    return (
        f'<AdaptationSet mimeType="{mime}"><Representation id="r{track}" bandwidth="100000" {more}>{lines}'
        "</Representation></AdaptationSet>"
    )


def _whole(track: int) -> str:
    """A set of a period that is one file: four seconds."""
    mime, more = _KINDS[track]
    one = f'<Representation id="r{track}" bandwidth="100000" {more}><BaseURL>/dash/one/m-stream{track}.mp4</BaseURL>'
    return f'<AdaptationSet mimeType="{mime}">{one}<SegmentBase/></Representation></AdaptationSet>'
