"""Read the manifest of a live DASH stream (ISO/IEC 23009-1) as a list of pieces. Part of the fetch child.

The pieces follow from a timeline (`SegmentTimeline`) or from the clock (`@duration`), and their addresses from a
template with `$Number$` or `$Time$`. They get numbers of our own that follow each other, as those of an HLS playlist
do, so that hls_recorder.py records both.
"""

import datetime
import math
import re
import time
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urljoin
from xml.etree import ElementTree

from mediafetcher.fetch.child import dash_periods
from mediafetcher.fetch.child.hls_playlist import MAX_BYTES, Piece, Playlist, Source
from mediafetcher.fetch.child.piece_client import PieceClient
from mediafetcher.fetch.child.recording import Track

_SHORTEST, _LONGEST = 0.2, 60.0  # seconds; the bounds of a plausible piece
_MOST = 20_000  # pieces of one manifest
_REMEMBERED = 200
_PLACE = re.compile(r"\$(?:(RepresentationID|Number|Bandwidth|Time)(%0\d{1,2}d)?)?\$")
_CLOCKS = ("urn:mpeg:dash:utc:http-xsdate:", "urn:mpeg:dash:utc:http-iso:")


class Segment(NamedTuple):
    """One piece of a manifest. Times in seconds from the beginning of the presentation."""

    start: float
    seconds: float
    source: Source
    init: Source | None
    period: str


class Manifest(NamedTuple):
    segments: list[Segment]
    ended: bool
    update: float  # seconds after which the manifest is to be read again; 0: after each piece


def is_live(entry: dict[str, Any]) -> bool:
    """Tell whether a format of yt-dlp belongs to a live manifest."""
    return (
        bool(entry.get(dash_periods.LIVE) and entry.get("manifest_url"))
        and entry.get("protocol") == "http_dash_segments"
    )


class Reader:
    """Reads the manifest of one format again and again."""

    def __init__(self, client: PieceClient, entry: dict[str, Any], track: Track) -> None:
        self._client = client
        self._entry = entry
        self._track = track
        self._url = str(entry["manifest_url"])
        self._numbers: dict[int, int] = {}  # by the start in milliseconds
        self._end = 0.0  # of the last piece seen
        self._period = ""

    def read(self) -> Playlist:
        """Return the pieces of this moment. Raises: `PieceFailed`, and ValueError for unsupported manifests."""
        text = self._client.text(self._url, MAX_BYTES)
        mpd = _parsed(text)
        base = self._client.located or self._url
        if moved := (mpd.findtext(f"{_space(mpd)}Location") or "").strip():
            self._url = urljoin(base, moved)
        manifest = read(mpd, base, self._entry, self._now(mpd))
        return self._playlist(manifest)

    def _now(self, mpd: Any) -> float:
        """Return the time of the stream's clock, in seconds since 1970: clocks of machines differ."""
        local = self._client.date or time.time()
        for timing in mpd.findall(f"{_space(mpd)}UTCTiming"):
            scheme, value = timing.get("schemeIdUri") or "", timing.get("value") or ""
            if scheme.startswith("urn:mpeg:dash:utc:direct:"):
                return _moment(value) or local
            if scheme.startswith(_CLOCKS):
                return _moment(self._client.text(urljoin(self._url, value.split()[0]), 1000)) or local
        return local

    def _playlist(self, manifest: Manifest) -> Playlist:
        segments = manifest.segments
        if not segments:
            return Playlist([], 1.0, manifest.ended, "", _SHORTEST)
        longest = min(_LONGEST, max(_SHORTEST, *(one.seconds for one in segments)))
        pieces = []
        for number, segment in zip(self._numbered(segments, longest), segments, strict=True):
            breaks = self._period not in ("", segment.period)
            self._period = segment.period
            pieces.append(Piece(number, segment.source, segment.seconds, {}, segment.init, breaks))
        self._remember(segments, pieces)
        poll = min(longest, max(_SHORTEST, manifest.update)) if manifest.update else longest
        return Playlist(pieces, longest, manifest.ended, "", poll)

    def _numbered(self, segments: list[Segment], longest: float) -> list[int]:
        """Return a number for each piece: those that were seen keep theirs, and a gap in time is one in numbers."""
        at, number = self._anchor(segments, longest)
        numbers = [number - at + before for before in range(at + 1)]
        for before, segment in zip(segments[at:], segments[at + 1 :], strict=False):
            gap = segment.start - before.start - before.seconds
            numbers.append(numbers[-1] + 1 + (round(gap / longest) if gap > longest / 2 else 0))
        return numbers

    def _anchor(self, segments: list[Segment], longest: float) -> tuple[int, int]:
        """Return the index and number of a piece whose number is known, or follows from the last one."""
        for at, segment in enumerate(segments):
            if (number := self._numbers.get(_milliseconds(segment))) is not None:
                return at, number
        stored = {noted.name: noted.number for noted in self._track.recent}
        for at, segment in enumerate(segments):
            name = Piece(0, segment.source, 0.0, {}, None, False).name
            if name in stored:
                return at, stored[name]
        last = self._track.last
        if last is None:
            return 0, round(segments[0].start / longest)
        missing = round((segments[0].start - self._end) / longest) if self._end else 1
        return 0, max(last, *self._numbers.values(), last) + 1 + max(0, missing)

    def _remember(self, segments: list[Segment], pieces: list[Piece]) -> None:
        self._end = segments[-1].start + segments[-1].seconds
        for segment, piece in list(zip(segments, pieces, strict=True))[-_REMEMBERED:]:
            self._numbers[_milliseconds(segment)] = piece.number
        while len(self._numbers) > _REMEMBERED:
            self._numbers.pop(next(iter(self._numbers)))


def read(mpd: Any, base: str, entry: dict[str, Any], now: float) -> Manifest:
    """Return the pieces of one format that exist at this time. Raises: ValueError if the manifest has no such list."""
    space = _space(mpd)
    dynamic = mpd.get("type") == "dynamic"
    began = _moment(mpd.get("availabilityStartTime") or "") or 0.0
    periods = mpd.findall(f"{space}Period")
    whole = dash_periods.seconds(mpd.get("mediaPresentationDuration"))
    base = urljoin(base, (mpd.findtext(f"{space}BaseURL") or "").strip())
    segments: list[Segment] = []
    end: float | None = None
    for number, (period, (start, length)) in enumerate(zip(periods, dash_periods.spans(periods, whole), strict=True)):
        clock = now - began - start if dynamic else math.inf
        if clock < 0:
            continue
        end = start + length if length is not None else None
        chain = _chosen(period, space, entry)
        if chain is None:
            continue
        template = _Template(chain, space, base, length)
        depth = dash_periods.seconds(mpd.get("timeShiftBufferDepth")) if dynamic else None
        key = period.get("id") or str(number)
        segments += [one._replace(start=start + one.start, period=key) for one in template.segments(clock, depth)]
    ended = not dynamic or _reaches(segments, end)
    return Manifest(segments[-_MOST:], ended, dash_periods.seconds(mpd.get("minimumUpdatePeriod")) or 0.0)


def _reaches(segments: list[Segment], end: float | None) -> bool:
    if end is None or not segments:
        return False
    return segments[-1].start + segments[-1].seconds >= end - min(segments[-1].seconds / 2, 0.25)


def _chosen(period: Any, space: str, entry: dict[str, Any]) -> list[Any] | None:
    """Return period, set and representation of the format that yt-dlp chose, or of the closest one of its kind."""
    kind = "audio" if entry.get("vcodec") == "none" else "video"
    found: list[tuple[tuple[bool, bool, float, float], int, list[Any]]] = []
    for group in period.findall(f"{space}AdaptationSet"):
        for one in group.findall(f"{space}Representation"):
            mime = one.get("mimeType") or group.get("mimeType") or ""
            if kind != (group.get("contentType") or mime.partition("/")[0]):
                continue
            if any(element.find(f"{space}ContentProtection") is not None for element in (group, one)):
                raise ValueError("This stream is DRM protected")
            found.append((_distance(one, group, entry), len(found), [period, group, one]))
    return min(found)[2] if found else None


def _distance(one: Any, group: Any, entry: dict[str, Any]) -> tuple[bool, bool, float, float]:
    name, id = str(entry.get("format_id") or ""), one.get("id") or ""
    same = bool(id) and (name == id or name.endswith(f"-{id}") or name.startswith(f"{id}-"))
    language = entry.get("language")
    height = float(one.get("height") or group.get("height") or 0)
    rate = float(one.get("bandwidth") or 0)
    return (
        not same,
        bool(language) and group.get("lang") != language,
        abs(height - float(entry.get("height") or 0)),
        abs(rate - 1000 * float(entry.get("tbr") or 0)),
    )


class _Template:
    """The pieces of one representation in one period. Times count from the beginning of the period."""

    def __init__(self, chain: list[Any], space: str, base: str, length: float | None) -> None:
        for element in chain:
            base = urljoin(base, (element.findtext(f"{space}BaseURL") or "").strip())
        templates = [one for element in chain for one in element.findall(f"{space}SegmentTemplate")[:1]]
        given: dict[str, str] = {}
        self._timeline = None
        for one in templates:
            given |= one.attrib
            timeline = one.find(f"{space}SegmentTimeline")
            self._timeline = timeline if timeline is not None else self._timeline
        if not given.get("media"):
            raise ValueError("this kind of live stream cannot be recorded")
        self._entries = self._timeline.findall(f"{space}S") if self._timeline is not None else []
        self._base = base
        self._length = length
        self._media = given["media"]
        self._scale = float(given.get("timescale") or 1) or 1.0
        self._offset = float(given.get("presentationTimeOffset") or 0)
        self._first = int(given.get("startNumber") or 1)
        self._step = float(given.get("duration") or 0)
        self._ahead = _number(given.get("availabilityTimeOffset"))
        self._values = {"RepresentationID": chain[-1].get("id") or "", "Bandwidth": chain[-1].get("bandwidth") or "0"}
        init = given.get("initialization")
        self._init = Source(urljoin(base, self._filled(init, 0, 0))) if init else None

    def segments(self, clock: float, depth: float | None) -> list[Segment]:
        """Return the pieces that exist. `clock`: seconds since the period began. `depth`: seconds that are kept."""
        if self._timeline is not None:
            return list(self._of_timeline(clock))[-_MOST:]
        if self._step <= 0:
            raise ValueError("this kind of live stream cannot be recorded")
        return self._of_clock(clock, depth)

    def _of_clock(self, clock: float, depth: float | None) -> list[Segment]:
        step = self._step / self._scale
        ends = [math.floor((clock + self._ahead) / step + 1e-6)] if math.isfinite(clock) else []
        ends += [math.ceil(self._length / step - 1e-6)] if self._length is not None else []
        if not ends:
            raise ValueError("failed to parse the manifest: it has no end")
        last = min(ends)
        first = max(0, last - _MOST, math.floor((clock - depth) / step) if depth and math.isfinite(clock) else 0)
        return [
            self._segment(self._first + index, self._offset + index * self._step, self._step)
            for index in range(first, last)
        ]

    def _of_timeline(self, clock: float) -> Iterator[Segment]:
        at, number = self._offset, self._first
        for index, entry in enumerate(self._entries):
            at = float(entry.get("t") or at)
            step, repeats = float(entry.get("d") or 0), int(entry.get("r") or 0)
            if step <= 0:
                continue
            if repeats < 0:
                repeats = self._repeats(at, step, index, clock)
            for _ in range(min(repeats, _MOST) + 1):
                yield self._segment(number, at, step)
                number, at = number + 1, at + step

    def _repeats(self, at: float, step: float, index: int, clock: float) -> int:
        following = self._entries[index + 1].get("t") if index + 1 < len(self._entries) else None
        if following:
            end = float(following)
        else:
            end = self._offset + min(clock, self._length or math.inf) * self._scale
        return max(0, math.floor((end - at) / step + 1e-6) - 1) if math.isfinite(end) else 0

    def _segment(self, number: int, at: float, step: float) -> Segment:
        url = urljoin(self._base, self._filled(self._media, number, round(at)))
        return Segment((at - self._offset) / self._scale, step / self._scale, Source(url), self._init, "")

    def _filled(self, template: str, number: int, at: int) -> str:
        values: dict[str, Any] = {**self._values, "Number": number, "Time": at}

        def place(found: re.Match[str]) -> str:
            if not found[1]:
                return "$"
            value = values[found[1]]
            return found[2] % int(value) if found[2] and found[1] != "RepresentationID" else str(value)

        return _PLACE.sub(place, template)


def _parsed(text: str) -> Any:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("failed to parse the manifest: it has a document type")
    try:
        return ElementTree.fromstring(text.lstrip("\ufeff \r\n"))  # noqa: S314 (no document type, bounded size)
    except ElementTree.ParseError as error:
        raise ValueError("failed to parse the manifest") from error


def _space(mpd: Any) -> str:
    return mpd.tag.partition("}")[0] + "}" if mpd.tag.startswith("{") else ""


def _moment(text: str) -> float | None:
    """Return a date and time in seconds since 1970; without a zone it is UTC."""
    try:
        found = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=datetime.UTC)).timestamp()


def _number(text: str | None) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return value if math.isfinite(value) else 0.0


def _milliseconds(segment: Segment) -> int:
    return round(segment.start * 1000)
