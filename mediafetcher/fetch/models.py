"""What a fetch tells of a source: what the site says of it, and what came. Times in seconds, sizes in bytes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


@dataclass(frozen=True)
class Info:
    """What the site says of a source. Times in seconds, sizes in bytes; all of it is only a claim."""

    title: str
    id: str
    extractor: str
    webpage_url: str
    site: str
    source_key: str
    duration: float | None = None
    uploader: str | None = None
    thumbnail: str | None = None
    filesize: int | None = None
    is_live: bool = False
    chapters: tuple[tuple[float, str], ...] = ()
    subtitles: tuple[str, ...] = ()  # the languages that people wrote
    heights: tuple[int, ...] = ()  # of the picture, the largest first
    old_key: str = ""  # the key of earlier versions, without the host; only for what this person has already


@dataclass(frozen=True)
class Entry:
    """One link of a list, as the list names it."""

    title: str | None
    url: str
    duration: float | None  # seconds


@dataclass(frozen=True)
class Listing:
    """What a link that is a list holds. `count` is of the whole list, where the site says it."""

    title: str
    site: str
    entries: tuple[Entry, ...]
    count: int | None = None
    uploader: str | None = None


@dataclass(frozen=True)
class Completed:
    """What the child said when it had fetched all: the names of its files, which are still to be taken over."""

    files: tuple[str, ...]  # one, or picture and sound
    subtitles: tuple[tuple[str, str], ...] = ()  # (language, name)
    cover: str | None = None
    marks: tuple[tuple[float, float, str], ...] = ()
    duration: float | None = None
    one_clock: bool = False  # the times of picture and sound count from the same moment
    parts: tuple[tuple[str, ...], ...] = ()  # instead of `files`: parts with clocks of their own, each as `files`
    timed: tuple[tuple[str, tuple[tuple[str, bool], ...]], ...] = ()  # texts on the clock of the stream, by part
    limit: float | None = None  # as in `Result`
    bounded: bool = True  # as in `Result`
    cookies: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Result:
    """What was fetched: a file in the job's folder, of a kind that is yet to be probed."""

    file: Path
    size: int
    poster: Path | None = None  # a picture of the site, of whatever kind
    subtitles: tuple[tuple[str, Path], ...] = ()  # (language, text of whatever kind)
    marks: tuple[tuple[float, float, str], ...] = ()  # (start, end, title) of parts that viewers marked
    duration: float | None = None  # seconds, where it is known only now
    bounded: bool = True  # the transport proved that all came: a length, chunks, every piece of a list
    limit: float | None = None  # seconds of the file that were wished for
    cut: str = ""  # why picture or sound was not whole before they were joined
    cookies: str | None = field(default=None, repr=False)  # as the site renewed those it was given, in Netscape's form


class Trial(NamedTuple):
    """A fetch that tries a yt-dlp before it is used, started cold, which may reach these hosts too."""

    ytdlp: Path
    allow_hosts: tuple[str, ...]
