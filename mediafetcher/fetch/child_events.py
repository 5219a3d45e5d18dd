"""The events of a fetch child, validated when they are decoded: code inside the child may write any line.

A line has at most `MAX_LINE` bytes. Unknown parts are skipped without building values, so a line takes a few
milliseconds at most.
"""

from typing import Any

import msgspec

from mediafetcher.core import errors
from mediafetcher.core.source_metadata import SourceMetadata

MAX_LINE = 2 << 20  # bytes; the longest is `done` with a cookie jar


class Event(msgspec.Struct, tag_field="event"):
    """Any event."""


class Warned(Event, tag="warning"):
    message: str


class Program(Event, tag="program"):
    """A part of the input of a program that yt-dlp asks for; the last part names its arguments."""

    input: str = ""
    more: bool = False
    arguments: list[str] | None = None


class Browser(Event, tag="browser"):
    """The site asks for a browser."""

    everywhere: bool


class Failed(Event, tag="error"):
    kinds: list[str]
    message: str
    status: int | None
    errno: int | None
    retry_after: float | None
    redirect_loop: bool
    page: str
    in_extractor: bool = False


class Found(Event, tag="info"):
    """One video; `metadata.summary` of the child."""

    title: str | None
    id: str | None
    extractor: str | None
    duration: float | None
    uploader: str | None
    webpage_url: str | None
    thumbnail: str | None
    filesize: int | None
    live: bool
    upcoming: bool
    begins: float | None
    chapters: list[tuple[float, str]]
    subtitles: list[str]
    heights: list[int]
    metadata: SourceMetadata | None = None
    file_named: bool = False


class Cover(Event, tag="cover"):
    file: str | None


class Progressed(Event, tag="progress"):
    done: float
    total: float | None
    speed: float | None
    eta: float | None
    file: str


class Row(msgspec.Struct, frozen=True):
    title: str | None
    url: str
    duration: float | None
    id: str | None = None
    extractor: str | None = None
    published: float | None = None  # seconds since 1970
    live: str | None = None  # yt-dlp's `live_status`
    referer: str | None = None
    metadata: SourceMetadata | None = None


class Entries(Event, tag="entries"):
    rows: list[Row]


class Listed(Event, tag="list"):
    """The end of a list."""

    title: str | None
    count: float | None
    uploader: str | None
    extractor: str | None = None
    id: str | None = None
    moved_to: str | None = None


class Done(Event, tag="done"):
    files: list[str]
    cookies: str | None
    subtitles: list[tuple[str, str]]
    cover: str | None
    marks: list[tuple[float, float, str]]
    duration: float | None = None
    one_clock: bool = False
    bounded: bool = True
    parts: list[list[str]] = []
    timed: list[tuple[str, list[tuple[str, bool]]]] = []
    limit: float | None = None
    sounds: list[tuple[int, str, str]] = []


_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
    Warned | Program | Browser | Failed | Found | Cover | Progressed | Entries | Listed | Done
)


def decode(line: bytes) -> Event | None:
    """Decode a line.

    Returns: the event; None if the line is no JSON.
    Raises: `Hostile` if it is no event, or one with other values than the child has.
    """
    try:
        event: Event = _DECODER.decode(line)
        return event
    except msgspec.ValidationError as error:
        raise errors.Hostile(reason=f"an event of another form: {error}"[:200]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
