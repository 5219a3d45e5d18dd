"""Examine the layout of MP4, Matroska and RIFF files, which FFmpeg's text does not show.

ISO/IEC 14496-12 (boxes), 14496-15 (`avcC`), RFC 9559 (Matroska). Only headers are read, the number of boxes is
bounded, and hostile sizes end the walk; nothing is held in memory.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_FIRST = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp"}
_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
# ISO/IEC 14496-12, 8.12: the sample types of an encrypted track; the last three are Apple's older ones.
_ENCRYPTED = {b"encv", b"enca", b"enct", b"encs", b"encm", b"drms", b"drmi", b"drmt"}
_MAX_BOXES = 300_000  # of one file: a day of one-second fragments
_RIFF_UNKNOWN = 0x7FFF_0000  # from here on a size is a placeholder, or too large for its field
_RIFF_SLACK = 16  # bytes of padding
_MAX_TABLE = 64 << 10  # bytes of a sample description that are examined


@dataclass
class Layout:
    """The layout of a file. `mp4` False: not an MP4, and only `truncated` has a meaning."""

    mp4: bool = False
    brand: str = ""
    faststart: bool = False  # the index precedes the media: a player can start at once
    fragmented: bool = False
    truncated: bool = False
    encrypted: bool = False  # samples that need a key to play (DRM)
    level: int | None = None  # of H.264, times ten: 52 is 5.2
    duration: float | None = None  # seconds


def scan(path: Path) -> Layout:
    """Examine the layout of a file. Reads a few kilobytes; blocking."""
    with path.open("rb") as file:
        return scan_file(file)


def scan_file(file: BinaryIO) -> Layout:
    """Examine the layout of an open file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(8)
    file.seek(0)
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return Layout(truncated=_matroska_is_short(file, size))
    if head[:4] == b"RIFF":
        return Layout(truncated=_riff_is_short(head, size))
    if len(head) == 8 and head[4:8] in _FIRST:
        return _Walk(file).mp4(size)
    return Layout()


class _Walk:
    """One walk through an MP4. The number of boxes is bounded for the file as a whole, because they are nested."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _MAX_BOXES
        self._layout = Layout(mp4=True)

    def _boxes(self, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        """Yield (kind, start of the content, declared end) of each box between `start` and `end`."""
        at = start
        while self._left and at + 8 <= end:
            self._left -= 1
            header = self._read(at, 16)
            if len(header) < 8:
                return
            length, kind = struct.unpack(">I4s", header[:8])
            content = at + 8
            if length == 1:
                if len(header) < 16:
                    return
                length, content = struct.unpack(">Q", header[8:])[0], at + 16
            elif length == 0:  # it extends to the end of the file
                length = end - at
            if at + length < content:
                return
            yield kind, content, at + length
            at += length

    def _read(self, at: int, size: int) -> bytes:
        self._file.seek(at)
        return self._file.read(size)

    def mp4(self, size: int) -> Layout:
        layout = self._layout
        index = media = False
        for kind, content, end in self._boxes(0, size):
            layout.truncated |= end > size
            if kind == b"ftyp":
                layout.brand = self._read(content, 4).decode("latin-1")
            elif kind == b"moof":
                layout.fragmented = True
            elif kind == b"mdat":
                media = True
            elif kind == b"moov":
                index = True
                layout.faststart = not media
                self._moov(content, min(end, size))
        layout.truncated |= not index
        return layout

    def _moov(self, start: int, end: int, depth: int = 0) -> None:
        layout = self._layout
        for kind, content, box_end in self._boxes(start, end):
            box_end = min(box_end, end)
            if kind == b"mvex":
                layout.fragmented = True
            elif kind == b"mvhd":
                layout.duration = _duration(self._read(content, 32))
            elif kind == b"stsd":
                self._describe(self._read(content, min(box_end - content, _MAX_TABLE)))
            elif kind in _CONTAINERS and depth < 8:
                self._moov(content, box_end, depth + 1)

    def _describe(self, table: bytes) -> None:
        """Read the sample descriptions of one track: an entry for each kind of its samples."""
        self._layout.level = _level(table) or self._layout.level
        self._layout.encrypted |= any(kind in _ENCRYPTED for kind in _entries(table))


def _entries(table: bytes) -> Iterator[bytes]:
    """Yield the kinds of the entries in a sample description."""
    at = 8
    while at + 8 <= len(table):
        length, kind = struct.unpack_from(">I4s", table, at)
        yield kind
        if length < 8:
            return
        at += length


def _duration(header: bytes) -> float | None:
    """Return the length of the film in its `mvhd`, in seconds."""
    form, at = (">IQ", 20) if header[:1] == b"\1" else (">II", 12)
    if len(header) < 32:
        return None
    scale, length = struct.unpack_from(form, header, at)
    return length / scale if scale else None


def _level(table: bytes) -> int | None:
    """Return the level in the `avcC` of an H.264 sample description, or None."""
    if table[12:16] not in (b"avc1", b"avc3"):
        return None
    at = table.find(b"avcC")
    return table[at + 7] if 0 < at < len(table) - 8 else None


def _riff_is_short(head: bytes, size: int) -> bool:
    """Tell whether a WAV or AVI declares a larger size than the file has. One written as a stream declares none."""
    claimed = struct.unpack("<I", head[4:8])[0] if len(head) == 8 else 0
    return bool(claimed < _RIFF_UNKNOWN and claimed + 8 > size + _RIFF_SLACK)


def _matroska_is_short(file: BinaryIO, size: int) -> bool:
    """Tell whether the segment declares a larger size than the file has."""
    head = file.read(4096)
    length, at = _number(head, 4)
    if length is None:
        return False
    at += length
    if head[at : at + 4] != b"\x18\x53\x80\x67":
        return False
    length, at = _number(head, at + 4)
    return length is not None and at + length > size


def _number(data: bytes, at: int) -> tuple[int | None, int]:
    """Read a variable-size number. Returns: its value, None if unknown or invalid, and its end."""
    first = data[at] if at < len(data) else 0
    width = 9 - first.bit_length()
    if first == 0 or at + width > len(data):
        return None, at
    value = int.from_bytes(data[at : at + width], "big") & ((1 << 7 * width) - 1)
    return (None if value == (1 << 7 * width) - 1 else value), at + width
