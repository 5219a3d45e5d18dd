"""The values of a fetch: the site's metadata, and the fetched files. Times in seconds, sizes in bytes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.media.join import Sound


@dataclass(frozen=True)
class Info:
    """The site's metadata of a source. Times in seconds, sizes in bytes; all of it is unverified."""

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
    subtitles: tuple[str, ...] = ()  # languages of subtitles that humans wrote
    heights: tuple[int, ...] = ()  # of the picture, the largest first
    metadata: SourceMetadata | None = None
    file_named: bool = False  # a plain file, which has no title but its name
    old_key: str = ""  # the key of earlier versions, without the host; only for what this user already has


@dataclass(frozen=True)
class Entry:
    """One link of a list, as the list names it."""

    title: str | None
    url: str
    duration: float | None  # seconds
    site_key: str | None = None  # extractor, host and id, if the site gives the entry an id
    published: float | None = None  # seconds since 1970
    referer: str | None = None  # the page that the link was found on, if it is a file
    live_status: str | None = None  # of yt-dlp: is_live, is_upcoming, was_live, ...
    metadata: SourceMetadata | None = None  # only of entries that are plain files


@dataclass(frozen=True)
class Listing:
    """The contents of a link that is a list. `count` is that of the whole list, if the site names it.

    `moved_to`: the link that its site has moved it to for good.
    """

    title: str
    site: str
    entries: tuple[Entry, ...]
    count: int | None = None
    uploader: str | None = None
    moved_to: str | None = None


@dataclass(frozen=True)
class Completed:
    """The child's report of a complete fetch: the names of its files, which must still be taken over."""

    files: tuple[str, ...]  # one, or picture and sound
    subtitles: tuple[tuple[str, str], ...] = ()  # (language, name)
    cover: str | None = None
    marks: tuple[tuple[float, float, str], ...] = ()
    duration: float | None = None
    one_clock: bool = False  # the times of picture and sound count from the same moment
    parts: tuple[tuple[str, ...], ...] = ()  # instead of `files`: parts with clocks of their own, each as `files`
    timed: tuple[tuple[str, tuple[tuple[str, bool], ...]], ...] = ()  # texts on the clock of the stream, by part
    sounds: tuple[Sound, ...] = ()  # the sounds to keep, the main one first; none: the one of the last file
    limit: float | None = None  # as in `Result`
    bounded: bool = True  # as in `Result`
    cookies: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Result:
    """The result of a fetch: a file in the download's folder, whose kind must still be probed."""

    file: Path
    size: int
    poster: Path | None = None  # a picture of the site, of any kind
    subtitles: tuple[tuple[str, Path], ...] = ()  # (language, text of any kind)
    marks: tuple[tuple[float, float, str], ...] = ()  # (start, end, title) of parts that viewers marked
    duration: float | None = None  # seconds, if known only now
    bounded: bool = True  # the transport proved completeness: a length, chunks, every piece of a list
    limit: float | None = None  # seconds of the file that were requested
    cut: str = ""  # why picture or sound was incomplete before they were joined
    cookies: str | None = field(default=None, repr=False)  # the given cookies, renewed by the site, in Netscape format


class Trial(NamedTuple):
    """A fetch that tests a yt-dlp before it is used, started cold, and may reach these hosts too."""

    ytdlp: Path
    allow_hosts: tuple[str, ...]
