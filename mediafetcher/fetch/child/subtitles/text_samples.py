"""Read subtitles in fragmented MP4 (ISO/IEC 14496-30): TTML (`stpp`) and WebVTT (`wvtt`). Part of the fetch child.

DASH and HLS send them so: a head with the time scale, and fragments whose samples are documents or cues. Anything that
is not of that form raises ValueError.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from mediafetcher.fetch.child.subtitles import ttml
from mediafetcher.fetch.child.subtitles.ttml import Cue

_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf")
_MAX_BOXES = 200_000
_FIRST = (b"ftyp", b"styp", b"moov", b"moof", b"sidx", b"emsg", b"prft", b"free")


class _Sample(NamedTuple):
    start: float  # seconds
    seconds: float
    data: bytes


class _Box(NamedTuple):
    kind: bytes
    start: int  # of its header
    body: int
    end: int


def is_mp4(data: bytes) -> bool:
    return data[4:8] in _FIRST


def cues(head: bytes, fragments: bytes) -> list[Cue]:
    """Return the cues of the fragments, on the clock of the track. Raises: ValueError."""
    try:
        kind, scale = _track(head + fragments)
        found = [cue for sample in _samples(fragments, scale) for cue in _of(kind, sample)]
    except (struct.error, IndexError) as error:
        raise ValueError("failed to parse subtitles in MP4") from error
    return sorted(dict.fromkeys(found))


def _of(kind: bytes, sample: _Sample) -> list[Cue]:
    if kind == b"stpp":
        if not sample.data.strip():
            return []
        found = ttml.cues(sample.data)
        # Times of a document count from the begin of the track. Some encoders count them from that of the sample.
        late = bool(found) and sample.start > 1 and max(end for _, end, _ in found) < sample.start
        return [(start + sample.start, end + sample.start, text) for start, end, text in found] if late else found
    texts = [_payload(sample.data, box) for box in _boxes(sample.data, 0, len(sample.data)) if box.kind == b"vttc"]
    text = "\n".join(one for one in texts if one)
    return [(sample.start, sample.start + sample.seconds, text)] if text and sample.seconds > 0 else []


def _payload(data: bytes, cue: _Box) -> str:
    parts = [data[box.body : box.end] for box in _boxes(data, cue.body, cue.end) if box.kind == b"payl"]
    lines = b"".join(parts).decode("utf-8", "replace").split("\n")
    return "\n".join(line for line in lines if line.strip())


def _track(data: bytes) -> tuple[bytes, float]:
    """Return the kind of the text track and its time scale."""
    scale, kind = 0, b""
    for box in _all(data, 0, len(data)):
        if box.kind == b"mdhd":
            version = data[box.body]
            scale = struct.unpack_from(">I", data, box.body + (20 if version else 12))[0]
        elif box.kind == b"stsd":
            kind = data[box.body + 12 : box.body + 16]
        if kind in (b"stpp", b"wvtt") and scale:
            return kind, float(scale)
    raise ValueError("no subtitles in this MP4")


def _samples(data: bytes, scale: float) -> Iterator[_Sample]:
    top = list(_boxes(data, 0, len(data)))
    for number, box in enumerate(top):
        if box.kind != b"moof":
            continue
        media = next((one for one in top[number + 1 :] if one.kind == b"mdat"), None)
        for part in _boxes(data, box.body, box.end):
            if part.kind == b"traf" and media:
                yield from _of_fragment(data, part, box, media, scale)


def _of_fragment(data: bytes, fragment: _Box, above: _Box, media: _Box, scale: float) -> Iterator[_Sample]:
    length = size = 0
    at: float = 0
    place = media.body
    for box in _boxes(data, fragment.body, fragment.end):
        if box.kind == b"tfhd":
            length, size = _defaults(data, box)
        elif box.kind == b"tfdt":
            at = struct.unpack_from(">Q" if data[box.body] else ">I", data, box.body + 4)[0]
        elif box.kind == b"trun":
            flags, count = struct.unpack_from(">II", data, box.body)
            position = box.body + 8
            if flags & 0x1:
                place = above.start + struct.unpack_from(">i", data, position)[0]
            position += 4 * bool(flags & 0x1) + 4 * bool(flags & 0x4)
            for _ in range(min(count, _MAX_BOXES)):
                values = [length, size]
                for index, flag in enumerate((0x100, 0x200)):
                    if flags & flag:
                        values[index] = struct.unpack_from(">I", data, position)[0]
                        position += 4
                position += 4 * bool(flags & 0x400) + 4 * bool(flags & 0x800)
                yield _Sample(at / scale, values[0] / scale, data[max(0, place) : max(0, place) + values[1]])
                place, at = place + values[1], at + values[0]


def _defaults(data: bytes, box: _Box) -> tuple[int, int]:
    """Return the default length and size of the samples of a fragment."""
    flags = struct.unpack_from(">I", data, box.body)[0] & 0xFFFFFF
    position = box.body + 8 + 8 * bool(flags & 0x1) + 4 * bool(flags & 0x2)
    values = [0, 0]
    for index, flag in enumerate((0x8, 0x10)):
        if flags & flag:
            values[index] = struct.unpack_from(">I", data, position)[0]
            position += 4
    return values[0], values[1]


def _all(data: bytes, start: int, end: int, depth: int = 0) -> Iterator[_Box]:
    """Yield the boxes and those inside containers."""
    for box in _boxes(data, start, end):
        yield box
        if box.kind in _CONTAINERS and depth < 8:
            yield from _all(data, box.body, box.end, depth + 1)


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Box]:
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, start)
        body = start + 8
        if size == 1:
            size, body = struct.unpack_from(">Q", data, body)[0], body + 8
        last = end if size == 0 else min(end, start + size)
        if last < body:
            raise ValueError("failed to parse subtitles in MP4")
        yield _Box(kind, start, body, last)
        start = last
