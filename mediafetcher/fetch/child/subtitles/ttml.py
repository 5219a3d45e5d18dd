"""Read timed text (TTML, IMSC, SMPTE-TT, EBU-TT) as cues. Part of the fetch child.

Times may be clock times with frames or ticks, or offsets with a metric. Those of an element count from the begin of the
one that contains it. https://www.w3.org/TR/ttml2/#timing
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.etree import ElementTree

_CLOCK = re.compile(r"(\d{1,6}):(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)(?::(\d{1,6}(?:\.\d{1,6})?))?")
_OFFSET = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|m|s|ms|f|t)?")
_METRICS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_MAX_DEPTH = 30
_MAX_CUES = 50_000
_SPACES = re.compile(r"[ \t\r\n]+")

Cue = tuple[float, float, str]  # start and end in seconds, text


class _Rates(NamedTuple):
    frames: float
    ticks: float


def cues(data: bytes) -> list[Cue]:
    """Return the cues of a document. Raises: ValueError if it is none."""
    if b"<!ENTITY" in data:
        raise ValueError("a timed text with entities")
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 (no entities, bounded size)
    except ElementTree.ParseError as error:
        raise ValueError("failed to parse a timed text") from error
    rates = _rates(root)
    body = next((one for one in root if _name(one) == "body"), None)
    found = [] if body is None else list(_of(body, 0.0, None, rates, 0))[:_MAX_CUES]
    return sorted(_merged(found), key=lambda cue: cue[:2])


def as_srt(found: list[Cue]) -> bytes:
    """Return cues as SubRip."""
    blocks = [f"{n}\n{_clock(start)} --> {_clock(end)}\n{text}\n" for n, (start, end, text) in enumerate(found, 1)]
    return "\n".join(blocks).encode()


def _of(element: Any, begin: float, end: float | None, rates: _Rates, depth: int) -> Iterator[Cue]:
    own = _seconds(element.get("begin"), rates)
    start = begin + (own or 0.0)
    stop = _seconds(element.get("end"), rates)
    length = _seconds(element.get("dur"), rates)
    ends = [one for one in (end, begin + stop if stop is not None else None) if one is not None]
    ends += [start + length] if length is not None else []
    last = min(ends, default=None)
    timed = [one for one in element.iter() if one is not element and (one.get("begin") or one.get("end"))]
    if _name(element) in ("p", "span") and not timed:
        text = _text(element)
        if text and last is not None and last > start:
            yield start, last, text
    elif depth < _MAX_DEPTH:
        for inner in element:
            yield from _of(inner, start, last, rates, depth + 1)


def _text(element: Any) -> str:
    """Return the text of an element; `br` begins a line, and other white space is one space."""
    parts = [element.text or ""]
    for inner in element:
        name = _name(inner)
        parts.append("\n" if name == "br" else "" if name in ("metadata", "set") else _text(inner))
        parts.append(inner.tail or "")
    lines = "".join(part if part == "\n" else _SPACES.sub(" ", part) for part in parts).split("\n")
    return "\n".join(line.strip() for line in lines if line.strip())


def _merged(found: list[Cue]) -> Iterator[Cue]:
    """Yield the cues with those of the same times as one."""
    by_time: dict[tuple[float, float], list[str]] = {}
    for start, end, text in found:
        texts = by_time.setdefault((round(start, 3), round(end, 3)), [])
        if text not in texts:
            texts.append(text)
    return ((start, end, "\n".join(texts)) for (start, end), texts in by_time.items())


def _rates(root: Any) -> _Rates:
    given = {name.rpartition("}")[2]: value for name, value in root.attrib.items()}
    frames = _positive(given.get("frameRate"), 30.0)
    numbers = [_positive(one, 1.0) for one in str(given.get("frameRateMultiplier") or "1 1").split()[:2]]
    frames = frames * numbers[0] / numbers[-1] if len(numbers) == 2 else frames
    return _Rates(frames, _positive(given.get("tickRate"), frames if "frameRate" in given else 1.0))


def _positive(text: str | None, otherwise: float) -> float:
    found = re.fullmatch(r"\d{1,12}(?:\.\d{1,6})?", (text or "").strip())
    return float(found[0]) or otherwise if found else otherwise


def _seconds(text: str | None, rates: _Rates) -> float | None:
    text = (text or "").strip()
    if found := _CLOCK.fullmatch(text):
        hours, minutes, seconds, frames = found.groups()
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds) + float(frames or 0) / rates.frames
    if found := _OFFSET.fullmatch(text):
        value, metric = float(found[1]), found[2] or "s"
        if metric in _METRICS:
            return value * _METRICS[metric]
        return value / (rates.frames if metric == "f" else rates.ticks)
    return None


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _clock(moment: float) -> str:
    milliseconds = max(0, round(moment * 1000))
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02},{rest % 1000:03}"
