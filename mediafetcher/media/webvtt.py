"""Read and rewrite subtitles that strangers wrote. Runs in a parsing worker: see sandbox/parsing.py.

Every function is linear in its input, which is bounded, and so are its lines. WebVTT: https://www.w3.org/TR/webvtt1/
"""

import os
import re
from collections.abc import Iterator

MAX_BYTES = 16 << 20  # of one text; what is beyond it is not read
MAX_LINE = 10_000  # characters; a longer line is left out
_MAX_TIME = 20  # characters of one time
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_ARROW = "-->"
_TIME = re.compile(r"(?:(?P<hours>\d{1,6}):)?(?P<minutes>\d{1,2}):(?P<seconds>\d{1,2}(?:[.,]\d{1,6})?)")


def rewrite(source: int, target: int, start: float, end: float | None) -> bool:
    """Write the WebVTT of one descriptor to another, or the part from `start` to `end` (seconds) -> whether it is one.

    A text without a cue is none, and one that does not begin as WebVTT.
    """
    text = decode(_read(source))
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


def to_utf8(source: int, target: int) -> bool:
    """Write a text of any encoding as UTF-8 with plain lines -> whether there is any."""
    text = "\n".join(_lines(decode(_read(source))))
    _write(target, text)
    return bool(text.strip())


def decode(data: bytes) -> str:
    """Text of an unknown encoding, on lines of one kind: by its mark, else UTF-8, else as western Windows wrote."""
    if data.startswith(_MARKS):
        text = data.decode("utf-8-sig" if data.startswith(_MARKS[0]) else "utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def part_of(text: str, start: float, end: float | None) -> str:
    """The WebVTT of a part, its times counted from there. FFmpeg's own seeking in texts moves the first line."""
    kept = ["\n".join(block) for block in (_moved(block, start, end) for block in _blocks(text)) if block]
    return "\n\n".join(kept) + "\n"


def seconds(time: str) -> float | None:
    """The seconds of a cue time, None where it is none."""
    found = _TIME.fullmatch(time) if len(time) <= _MAX_TIME else None
    if found is None:
        return None
    return int(found["hours"] or 0) * 3600 + int(found["minutes"]) * 60 + float(found["seconds"].replace(",", "."))


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.split("\n") if len(line) <= MAX_LINE)


def _blocks(text: str) -> Iterator[list[str]]:
    """The lines between empty lines."""
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
    """A block with its times moved; None where it lies outside. One without times (a head, a style) stays as it is."""
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
