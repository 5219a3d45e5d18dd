"""Read the manifest of a live DASH stream (ISO/IEC 23009-1) as a list of pieces. Part of the fetch child.

They get numbers of our own that follow each other, as those of an HLS playlist do, so that hls_recorder.py records
both. Which pieces a period has: dash_segments.py.
"""

import datetime
import math
import time
from typing import Any, NamedTuple
from urllib.parse import urljoin
from xml.etree import ElementTree

from mediafetcher.fetch.child.streaming import dash_periods, dash_segments
from mediafetcher.fetch.child.streaming.dash_segments import MOST, Segment
from mediafetcher.fetch.child.streaming.hls_playlist import MAX_BYTES, Piece, Playlist
from mediafetcher.fetch.child.streaming.piece_client import PieceClient
from mediafetcher.fetch.child.streaming.recording import Track

_SHORTEST, _LONGEST = 0.2, 60.0  # seconds; the bounds of a plausible piece
_REMEMBERED = 200
_CLOCKS = ("urn:mpeg:dash:utc:http-xsdate:", "urn:mpeg:dash:utc:http-iso:")


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
        self._numbers: dict[object, int] = {}  # by `Segment.key`
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
            if (number := self._numbers.get(segment.key)) is not None:
                return at, number
        stored = {noted.name: noted.number for noted in self._track.recent}
        for at, segment in enumerate(segments):
            name = Piece(0, segment.source, 0.0, {}, None, breaks=False).name
            if name in stored:
                return at, stored[name]
        numbers = [*self._numbers.values(), *([] if self._track.last is None else [self._track.last])]
        if not numbers:
            return 0, round(segments[0].start / longest)
        missing = round((segments[0].start - self._end) / longest) if self._end else 1
        return 0, max(numbers) + 1 + max(0, missing)

    def _remember(self, segments: list[Segment], pieces: list[Piece]) -> None:
        self._end = segments[-1].start + segments[-1].seconds
        for segment, piece in list(zip(segments, pieces, strict=True))[-_REMEMBERED:]:
            self._numbers[segment.key] = piece.number
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
        pieces = dash_segments.pieces_of(chain, space, base, length)
        depth = dash_periods.seconds(mpd.get("timeShiftBufferDepth")) if dynamic else None
        key = period.get("id") or str(number)
        segments += [one._replace(start=start + one.start, period=key) for one in pieces.segments(clock, depth)]
    ended = not dynamic or _reaches(segments, end)
    return Manifest(segments[-MOST:], ended, dash_periods.seconds(mpd.get("minimumUpdatePeriod")) or 0.0)


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
