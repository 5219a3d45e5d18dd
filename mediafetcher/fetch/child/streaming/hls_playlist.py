"""Read the playlist of an HLS stream (RFC 8216). Part of the fetch child.

The library m3u8 reads the tags. Its results are copied as plain values, and each of its exceptions is one error here:
a playlist is foreign text, and the child that reads it is bounded in time and memory.
"""

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urljoin, urlsplit

MAX_BYTES = 4 << 20
_SHORTEST, _LONGEST = 0.2, 60.0  # seconds; the bounds of a plausible target duration
# Two ways to mark advertisements that yt-dlp leaves out too.
_ADVERTISEMENT = re.compile(r"^#(ANVATO-SEGMENT-INFO.*type=ad|UPLYNK-SEGMENT.*,ad$)")
_NUMBER = re.compile(r"\d{1,15}(\.\d{1,9})?")
_NUMBERS: dict[str, Callable[[float], object]] = {
    "#EXTINF": lambda number: f"{number},",
    "#EXT-X-TARGETDURATION": math.ceil,
    "#EXT-X-MEDIA-SEQUENCE": int,
}
_TAGS = {
    "#EXTM3U", "#EXT-X-PLAYLIST-TYPE", "#EXT-X-KEY", "#EXT-X-MAP", "#EXT-X-BYTERANGE", "#EXT-X-DISCONTINUITY",
    "#EXT-X-GAP", "#EXT-X-ENDLIST",
}  # fmt: skip
_DEFINE = "#EXT-X-DEFINE:"
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)="([^"]*)"')
_VARIABLE = re.compile(r"\{\$([A-Za-z0-9_-]{1,100})\}")
_PROGRAMME = re.compile(r"^#(ANVATO-SEGMENT-INFO.*type=master|UPLYNK-SEGMENT.*,segment$)")


class Bytes(NamedTuple):
    """A range of a file: the first byte, and the first one after it."""

    start: int
    end: int


class Source(NamedTuple):
    """The location of bytes."""

    url: str
    range: Bytes | None = None


class Piece(NamedTuple):
    """One segment. `init`: must precede it (EXT-X-MAP). `breaks`: its clock or its format starts again."""

    number: int
    source: Source
    seconds: float
    key: dict[str, str]
    init: Source | None
    breaks: bool
    absent: bool = False  # the playlist says that it does not exist, or it is an advertisement
    period: int | None = None  # of a DASH stream: a track may have no pieces in some of them

    @property
    def name(self) -> str:
        """Return the last part of its path: hosts and tokens change from one reading to the next."""
        return self.source.url.partition("?")[0].rpartition("/")[2]


class Playlist(NamedTuple):
    """A playlist at one moment. `kind`: VOD, EVENT or "". `target`: the longest piece, in seconds.

    `poll`: seconds until it is to be read again; None: `target`.
    """

    pieces: list[Piece]
    target: float
    ended: bool
    kind: str
    poll: float | None = None
    special: bool = False  # yt-dlp would misread it: pieces are absent, or their addresses contain variables

    @property
    def live(self) -> bool:
        """Tell whether pieces may still be added: no end is marked, and it is not declared to be on demand."""
        return not self.ended and self.kind != "VOD"


def is_media(text: str) -> bool:
    """Tell whether it names pieces, and not further playlists."""
    return "#EXT-X-TARGETDURATION" in text or "#EXTINF" in text


def parse(text: str, url: str) -> Playlist:
    """Read a playlist of pieces.

    Raises: ValueError for anything else, for DRM, and for unsupported kinds.
    """
    if not text.lstrip("\ufeff \r\n").startswith("#EXTM3U"):
        raise ValueError("failed to parse the playlist of the live stream")
    import m3u8

    special = "#EXT-X-GAP" in text or _DEFINE in text
    try:
        found = m3u8.loads(_prepared(with_values(text.lstrip("\ufeff"), url)), uri=url)
        target = min(_LONGEST, max(_SHORTEST, _target(text)))
        pieces = _pieces(found.segments, found.media_sequence or 0, url)
    except ValueError as error:
        raise ValueError(str(error) if "DRM" in str(error) else "failed to parse the playlist") from error
    except Exception as error:
        raise ValueError("failed to parse the playlist") from error
    return Playlist(pieces, target, bool(found.is_endlist), str(found.playlist_type or "").upper(), special=special)


def with_values(text: str, url: str) -> str:
    """Replace the variables that the playlist defines, or that the query of its address contains (`EXT-X-DEFINE`)."""
    if _DEFINE not in text:
        return text
    values: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith(_DEFINE):
            given = dict(_ATTRIBUTE.findall(line))
            if "NAME" in given:
                values[given["NAME"]] = given.get("VALUE", "")
            elif name := given.get("QUERYPARAM"):
                values[name] = parse_qs(urlsplit(url).query).get(name, [""])[0]
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def _target(text: str) -> float:
    found = re.search(r"#EXT-X-TARGETDURATION:\s*(\d{1,6}(?:\.\d{1,6})?)", text)
    return float(found[1]) if found else 5.0


def _pieces(segments: Any, first: int, url: str) -> list[Piece]:
    pieces: list[Piece] = []
    reached: dict[str, int] = {}  # where the last range of each file ended
    init: Source | None = None
    breaks = False
    for number, segment in enumerate(segments, first):
        section = segment.init_section
        begins_with = Source(urljoin(url, section.uri), _range(section.byterange, 0)) if section else None
        breaks = breaks or bool(segment.discontinuity) or (bool(pieces) and begins_with != init)
        init = begins_with
        if not segment.uri:
            continue
        place = urljoin(url, segment.uri)
        part = _range(segment.byterange, reached.get(place, 0))
        if part:
            reached[place] = part.end
        absent = bool(segment.gap_tag)
        pieces.append(
            Piece(
                number,
                Source(place, part),
                float(segment.duration or 0.0),
                _key(segment.key, url),
                init,
                breaks,
                absent,
            )
        )
        breaks = breaks and absent  # the next existing one breaks
    return pieces


def _range(text: str | None, start: int) -> Bytes | None:
    """Parse `length@start`; without a start it follows the last range."""
    if not text:
        return None
    length, _, at = text.partition("@")
    start = int(at) if at else start
    return Bytes(start, start + int(length))


def _key(key: Any, url: str) -> dict[str, str]:
    if key is None or key.method in (None, "NONE"):
        return {}
    if key.method != "AES-128" or (key.keyformat or "identity") != "identity":
        raise ValueError("This stream is DRM protected")
    return {"url": urljoin(url, key.uri), "iv": key.iv or ""}


def _prepared(text: str) -> str:
    """Return the lines that count, with readable numbers, and advertisements marked as pieces that do not exist.

    The library raises for any number that violates the RFC, and for dates, which do not matter here.
    """
    lines, skipped = [], False
    for line in (line.strip() for line in text.splitlines()):
        if _ADVERTISEMENT.match(line):
            skipped = True
        elif _PROGRAMME.match(line):
            skipped = False
        name, _, value = line.partition(":")
        if name in _NUMBERS:
            number = _NUMBER.match(value.strip())
            lines.append(f"{name}:{_NUMBERS[name](float(number[0]) if number else 0.0)}")
        elif line and (not line.startswith("#") or name in _TAGS):
            lines += ["#EXT-X-GAP"] if skipped and not line.startswith("#") else []
            lines.append(line)
    return "\n".join(lines)
