"""Subtitles in fragmented MP4 (ISO/IEC 14496-12 and -30), written box by box."""

import struct

SCALE = 1000  # units in a second
TTML = (
    '<?xml version="1.0" encoding="utf-8"?><tt xmlns="http://www.w3.org/ns/ttml"'
    ' xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25" xml:lang="de"><body><div>{}</div></body></tt>'
)


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def head(kind: bytes) -> bytes:
    """The initialization of a track of `stpp` or `wvtt`."""
    entry = box(kind, bytes(6), b"\0\1")
    table = box(b"stbl", box(b"stsd", bytes(4), struct.pack(">I", 1), entry))
    header = box(b"mdhd", bytes(4), bytes(8), struct.pack(">II", SCALE, 0), bytes(4))
    media = box(b"mdia", header, box(b"hdlr", bytes(8), b"text", bytes(13)), box(b"minf", table))
    return box(b"ftyp", b"iso6", bytes(4)) + box(b"moov", box(b"mvhd", bytes(100)), box(b"trak", media))


def fragment(start: float, samples: list[tuple[float, bytes]]) -> bytes:
    """A fragment that begins at this second; each sample has a length in seconds."""
    sizes = b"".join(struct.pack(">II", round(seconds * SCALE), len(data)) for seconds, data in samples)

    def moof(offset: int) -> bytes:
        run = box(b"trun", struct.pack(">IIi", 0x301, len(samples), offset), sizes)
        times = box(b"tfdt", b"\1\0\0\0", struct.pack(">Q", round(start * SCALE)))
        return box(b"moof", box(b"traf", box(b"tfhd", struct.pack(">II", 0x020000, 1)), times, run))

    offset = len(moof(0)) + 8
    return box(b"styp", b"msdh", bytes(4)) + moof(offset) + box(b"mdat", *(data for _, data in samples))


def cue(text: str) -> bytes:
    """A cue of WebVTT in a sample."""
    return box(b"vttc", box(b"sttg", b"line:1"), box(b"payl", text.encode()))


EMPTY = box(b"vtte")
