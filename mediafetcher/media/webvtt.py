"""Read and rewrite untrusted subtitles. Runs in a parsing worker: see sandbox/parsing.py.

Every function is linear in its input, which is bounded, and so are its lines. WebVTT: https://www.w3.org/TR/webvtt1/
"""

import json
import os
import re
from collections.abc import Iterator
from typing import Any

from mediafetcher.media import charsets

MAX_BYTES = 16 << 20  # of one text; the excess is not read
MAX_LINE = 10_000  # characters; a longer line is left out
_MAX_TIME = 20  # characters of one time
_ARROW = "-->"
_TIME = re.compile(r"(?:(?P<hours>\d{1,6}):)?(?P<minutes>\d{1,2}):(?P<seconds>\d{1,2}(?:[.,]\d{1,6})?)")


def rewrite(source: int, target: int, start: float, end: float | None, language: str = "") -> bool:
    """Write the WebVTT of one descriptor to another, or its part from `start` to `end` (seconds).

    Returns: whether it is WebVTT: it must begin as such and have a cue.
    """
    text = decode(_read(source), language)
    if not text.startswith("WEBVTT"):
        return False
    if start or end is not None:
        text = part_of(text, start, end)
    else:
        text = "\n".join(_lines(text)) + "\n"
    if _ARROW not in text:
        return False
    _write(target, text)
    return True


def to_utf8(source: int, target: int, language: str = "") -> bool:
    """Write a text of any encoding as UTF-8 with plain lines. Returns: whether it has any text."""
    text = "\n".join(_lines(decode(_read(source), language)))
    _write(target, text)
    return bool(text.strip())


def decode(data: bytes, language: str = "") -> str:
    """Decode text of an unknown charset (charsets.py), with uniform line ends."""
    text = charsets.decode(data, language)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


_TAG = re.compile(r"</?(?!/?[biu]>)[^<>]{0,200}>")  # SubRip knows bold, italic and underlined text
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&nbsp;": "\u00a0", "&lrm;": "", "&rlm;": "", "&amp;": "&"}


def to_srt(source: int) -> str:
    """Return the cues of a WebVTT descriptor as SubRip, without their styles and places."""
    parts = []
    for number, (start, end, _, lines) in enumerate(cues(decode(_read(source))), 1):
        text = _TAG.sub("", "\n".join(lines))
        for entity, letter in _ENTITIES.items():
            text = text.replace(entity, letter)
        parts.append(f"{number}\n{_srt_time(start)} {_ARROW} {_srt_time(end)}\n{text}\n")
    return "\n".join(parts)


def _srt_time(moment: float) -> str:
    minutes, milliseconds = divmod(round(moment * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02},{milliseconds % 1000:03}"


Cue = tuple[float, float, str, list[str]]  # start and end in seconds, settings, lines
_WRAP = 2**33 / 90_000  # seconds after which the clock of an MPEG stream restarts


def cues(text: str, offset: float = 0.0) -> Iterator[Cue]:
    """Yield the cues of a WebVTT text, with their times moved by `offset` seconds."""
    for block in _blocks(text):
        at = next((number for number, line in enumerate(block) if _ARROW in line), None)
        if at is None:
            continue
        before, _, after = block[at].partition(_ARROW)
        last_word, _, settings = after.strip().partition(" ")
        first, last = seconds(before.strip()), seconds(last_word)
        if first is not None and last is not None and block[at + 1 :]:
            yield round(first + offset, 3), round(last + offset, 3), settings.strip(), block[at + 1 :]


def on_film_clock(*given: Any) -> bool:
    """Write WebVTT of the cues of a stream's parts. Returns: whether it has a cue.

    `given`: a descriptor of cues (JSON lines) for each part, one for the new text, then the clocks of the film's parts
    as (start at the source, offset in the film, length), and for each part of the text whether its times are on
    the picture's clock. If all times would be outside the film, they count as times of the film, and vice
    versa.
    """
    *sources, target, clocks, tied = given
    parts = [
        [_cue(line) for line in _read(source).decode("utf-8", "replace").split("\n") if line] for source in sources
    ]
    by_clock = [_placed(number, cue, clocks) for number, part in enumerate(parts) for cue in part]
    as_they_are = [cue for part in parts for cue in part]
    end = max((offset + length for _, offset, length in clocks), default=0.0)
    wished, other = (by_clock, as_they_are) if any(tied) else (as_they_are, by_clock)
    shown = _inside(wished, end) or _inside(other, end)
    blocks = [
        "\n".join([f"{_clock(max(0.0, first))} {_ARROW} {_clock(last)}{f' {settings}' if settings else ''}", *lines])
        for first, last, settings, lines in sorted(shown, key=lambda cue: cue[:2])
    ]
    _write(target, "\n\n".join(["WEBVTT", *dict.fromkeys(blocks)]) + "\n")
    return bool(blocks)


def _cue(line: str) -> Cue:
    first, last, settings, lines = json.loads(line)
    return float(first), float(last), str(settings), [str(one) for one in lines]


def _placed(number: int, cue: Cue, clocks: list[list[float]]) -> Cue:
    """Return a cue on the film's clock: by the part of the same number, else by the first that contains it."""
    first, last, settings, lines = cue
    tried = clocks[number : number + 1] + clocks
    moved = [_near(first - start) + offset for start, offset, _ in tried]
    inside = [at for at, (_, offset, length) in zip(moved, tried, strict=True) if offset - 1 <= at <= offset + length]
    begin = (inside or moved or [first])[0]
    return begin, begin + (last - first), settings, lines


def _near(time: float) -> float:
    """Return the difference of two times of a clock that restarts after 26 hours."""
    return (time + _WRAP / 2) % _WRAP - _WRAP / 2


def _inside(found: list[Cue], end: float) -> list[Cue]:
    return [cue for cue in found if cue[1] > 0 and (not end or cue[0] < end)]


def part_of(text: str, start: float, end: float | None) -> str:
    """Return the WebVTT of a part, with times from its start. FFmpeg's own seeking in texts moves the first line."""
    kept = ["\n".join(block) for block in (_moved(block, start, end) for block in _blocks(text)) if block]
    return "\n\n".join(kept) + "\n"


def seconds(time: str) -> float | None:
    """Return the seconds of a cue time, or None if it is invalid."""
    found = _TIME.fullmatch(time) if len(time) <= _MAX_TIME else None
    if found is None:
        return None
    return int(found["hours"] or 0) * 3600 + int(found["minutes"]) * 60 + float(found["seconds"].replace(",", "."))


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.split("\n") if len(line) <= MAX_LINE)


def _blocks(text: str) -> Iterator[list[str]]:
    """Yield the lines between empty lines."""
    block: list[str] = []
    for line in _lines(text):
        if line:
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _moved(block: list[str], start: float, end: float | None) -> list[str] | None:
    """Return a block with its times moved; None if it is outside. One without times (a head, a style) is unchanged."""
    at = next((number for number, line in enumerate(block) if _ARROW in line), None)
    if at is None:
        return block
    before, _, after = block[at].partition(_ARROW)
    last_word, _, settings = after.strip().partition(" ")
    first, last = seconds(before.strip()), seconds(last_word)
    if first is None or last is None:
        return None  # no player shows a cue without times
    first, last = first - start, last - start
    if last <= 0 or (end is not None and first >= end - start):
        return None
    last = last if end is None else min(last, end - start)
    line = f"{_clock(max(0.0, first))} {_ARROW} {_clock(last)}{f' {settings}' if settings else ''}"
    return [*block[:at], line, *block[at + 1 :]]


def _clock(moment: float) -> str:
    milliseconds = round(moment * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours = f"{minutes // 60:02}:" if minutes >= 60 else ""
    return f"{hours}{minutes % 60:02}:{rest / 1000:06.3f}"


def _read(descriptor: int) -> bytes:
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(MAX_BYTES)


def _write(descriptor: int, text: str) -> None:
    data = memoryview(text.encode("utf-8", "replace"))
    while data:
        data = data[os.write(descriptor, data) :]
