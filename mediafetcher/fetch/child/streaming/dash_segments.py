"""Say which pieces a representation of a DASH manifest has, and where they are. Part of the fetch child.

They are listed (`SegmentList`), or follow from a timeline (`SegmentTimeline`) or from the clock (`@duration`). Their
addresses follow from a template with `$Number$` or `$Time$`. A period may also be one whole file.
"""

import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urljoin

from mediafetcher.fetch.child.streaming.hls_playlist import Bytes, Source

MOST = 20_000  # pieces of one manifest
PARTS = "mf_parts"  # key of a DASH format: its fragments, one list for each period (dash_periods.py)
_PLACE = re.compile(r"\$(?:(RepresentationID|Number|Bandwidth|Time)(%0\d{1,2}d)?)?\$")


class Segment(NamedTuple):
    """One piece of a manifest. Times in seconds from the beginning of the presentation."""

    start: float
    seconds: float
    source: Source
    init: Source | None
    period: str
    timed: bool = True  # False: of a sliding list, which does not say when its first piece begins

    @property
    def key(self) -> object:
        """The identity of the piece, the same in each reading of the manifest."""
        return round(self.start * 1000) if self.timed else (self.source.url.partition("?")[0], self.source.range)


def pieces_of(chain: list[Any], space: str, base: str, length: float | None) -> "_Template | _List | _WholeFile":
    """Return the pieces of a representation, which period, set and representation (`chain`) describe together."""
    for element in chain:
        base = urljoin(base, (element.findtext(f"{space}BaseURL") or "").strip())
    for kind, name in ((_Template, "SegmentTemplate"), (_List, "SegmentList")):
        described = [one for element in chain for one in element.findall(f"{space}{name}")[:1]]
        if described:
            return kind(chain, described, space, base, length)
    if length is None or not chain[-1].findtext(f"{space}BaseURL"):
        raise ValueError("this kind of live stream cannot be recorded")
    return _WholeFile(base, length)


class _WholeFile:
    """A period that is one file (`SegmentBase`), as an advertisement in a live stream is."""

    def __init__(self, base: str, length: float) -> None:
        self._segment = Segment(0.0, length, Source(base), None, "")

    def segments(self, clock: float, depth: float | None) -> list[Segment]:
        """As `_Template.segments`."""
        return [self._segment] if clock > 0 else []


class _Template:
    """The pieces of one representation in one period. Times count from the beginning of the period."""

    def __init__(self, chain: list[Any], described: list[Any], space: str, base: str, length: float | None) -> None:
        given: dict[str, str] = {}
        self._timeline = None
        for one in described:
            given |= one.attrib
            timeline = one.find(f"{space}SegmentTimeline")
            self._timeline = timeline if timeline is not None else self._timeline
        self._entries = self._timeline.findall(f"{space}S") if self._timeline is not None else []
        self._base = base
        self._length = length
        self._media = given.get("media") or ""
        self._scale = _number(given.get("timescale")) or 1.0
        self._offset = _number(given.get("presentationTimeOffset"))
        self._first = int(_number(given.get("startNumber") or "1"))
        self._step = _number(given.get("duration"))
        self._ahead = _number(given.get("availabilityTimeOffset"))
        self._values = {"RepresentationID": chain[-1].get("id") or "", "Bandwidth": chain[-1].get("bandwidth") or "0"}
        init = given.get("initialization")
        self._init = Source(urljoin(base, self._filled(init, 0, 0))) if init else None
        self._numbered = bool(given.get("startNumber"))
        self._check()

    def _check(self) -> None:
        if not self._media:
            raise ValueError("this kind of live stream cannot be recorded")

    def segments(self, clock: float, depth: float | None) -> list[Segment]:
        """Return the pieces that exist. `clock`: seconds since the period began. `depth`: seconds that are kept."""
        if self._timeline is not None:
            return list(self._of_timeline(clock))[-MOST:]
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
        first = max(0, last - MOST, math.floor((clock - depth) / step) if depth and math.isfinite(clock) else 0)
        return [
            self._segment(self._first + index, self._offset + index * self._step, self._step)
            for index in range(first, last)
        ]

    def _of_timeline(self, clock: float) -> Iterator[Segment]:
        for number, at, step in self._moments(clock):
            yield self._segment(number, at, step)

    def _moments(self, clock: float) -> Iterator[tuple[int, float, float]]:
        """Yield number, time and duration of each piece of the timeline, in its own units."""
        at, number = self._offset, self._first
        for index, entry in enumerate(self._entries):
            at = _number(entry.get("t")) if entry.get("t") else at
            step, repeats = _number(entry.get("d")), int(_number(entry.get("r")))
            if step <= 0:
                continue
            if repeats < 0:
                repeats = self._repeats(at, step, index, clock)
            for _ in range(min(repeats, MOST) + 1):
                yield number, at, step
                number, at = number + 1, at + step

    def _repeats(self, at: float, step: float, index: int, clock: float) -> int:
        following = self._entries[index + 1].get("t") if index + 1 < len(self._entries) else None
        if following:
            end = _number(following)
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


class _List(_Template):
    """The pieces that a `SegmentList` names, each by its address, its range, or both."""

    def __init__(self, chain: list[Any], described: list[Any], space: str, base: str, length: float | None) -> None:
        super().__init__(chain, described, space, base, length)
        listed = [one.findall(f"{space}SegmentURL") for one in described]
        self._urls: list[Any] = next((urls for urls in reversed(listed) if urls), [])[-MOST:]
        for one in described:
            init = one.find(f"{space}Initialization")
            if init is not None:
                self._init = Source(urljoin(base, init.get("sourceURL") or ""), _range(init.get("range")))

    def _check(self) -> None:
        """The addresses are listed."""

    def segments(self, clock: float, depth: float | None) -> list[Segment]:
        """Return the listed pieces that exist. If none does by the clock, the clock is wrong."""
        if self._timeline is not None:
            moments = list(self._moments(clock))[: len(self._urls)]
        else:
            first = max(0, self._first - 1)
            moments = [(0, self._offset + (first + n) * self._step, self._step) for n in range(len(self._urls))]
        listed = [
            Segment(
                (at - self._offset) / self._scale,
                step / self._scale,
                Source(urljoin(self._base, url.get("media") or ""), _range(url.get("mediaRange"))),
                self._init,
                "",
                timed=self._timeline is not None or self._numbered,
            )
            for url, (_, at, step) in zip(self._urls, moments, strict=False)
        ]
        there = [one for one in listed if one.start + one.seconds <= clock + self._ahead + one.seconds / 2]
        return there or listed


def _range(text: str | None) -> Bytes | None:
    """Parse `first-last`, the positions of two bytes."""
    first, _, last = (text or "").partition("-")
    return Bytes(int(first), int(last) + 1) if first.isdigit() and last.isdigit() else None


def _number(text: str | None) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return value if math.isfinite(value) else 0.0
