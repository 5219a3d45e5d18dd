"""The metadata of one source, typed and bounded, from the values of yt-dlp or from its `.info.json`.

None of it can be trusted. Text is in its normal form, links are http or https, numbers are in range, and what
does not fit is left out. So it may be stored and shown as it is.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec

from mediafetcher.core import text

VERSION = 2  # of the stored form; increment if a field is added or changes its meaning
DESCRIPTION_BYTES = 20_000
MAX_TAGS = 100
_TAG = 100  # characters
_MAX_CATEGORIES = 20
_MAX_THUMBNAILS = 3
_MAX_LANGUAGES, _MAX_FORMATS = 50, 2000
_MAX_CAST = 50
_WORD, _LINK = 300, 2048  # characters
_NUMBER = 10**15
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = -30_610_224_000.0, 253_370_764_800.0  # years 1000 to 9999, in seconds from 1970

Precision = Literal["second", "day"]
Word = Annotated[str, msgspec.Meta(max_length=_WORD)]
Link = Annotated[str, msgspec.Meta(max_length=_LINK)]
Tag = Annotated[str, msgspec.Meta(max_length=_TAG)]
_LIVE = ("is_live", "was_live", "post_live", "is_upcoming", "not_live")
_AVAILABILITY = ("public", "unlisted", "private", "needs_auth", "premium_only", "subscriber_only")
# The values of yt-dlp that `of_ytdlp` reads.
YTDLP_FIELDS = (
    *("id", "extractor_key", "webpage_url", "title", "description", "media_type", "duration", "language", "tags"),
    *("channel", "channel_id", "channel_url", "uploader", "uploader_id", "uploader_url", "creator", "categories"),
    *("release_timestamp", "timestamp", "upload_date", "age_limit", "availability", "live_status", "view_count"),
    *("series", "season", "season_number", "episode", "episode_number", "artist", "artists", "album_artist"),
    *("album_artists", "album", "track", "track_number", "genre", "genres", "release_year", "thumbnail"),
    *("thumbnails", "requested_formats", "width", "height", "vcodec", "acodec", "cast"),
)


class SourceMetadata(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The metadata of a source. Times in seconds from 1970, durations in seconds, sizes in pixels; None: not said."""

    extractor: Word | None = None
    extractor_id: Word | None = None
    webpage_url: Link | None = None
    title: Word | None = None
    description: Annotated[str, msgspec.Meta(max_length=DESCRIPTION_BYTES)] | None = None
    channel_id: Word | None = None  # its name if the site has no ids
    channel_name: Word | None = None
    channel_url: Link | None = None
    channel_handle: Word | None = None
    published_at: float | None = None
    published_precision: Precision | None = None
    duration: float | None = None
    language: Word | None = None
    tags: Annotated[list[Tag], msgspec.Meta(max_length=MAX_TAGS)] = []
    categories: Annotated[list[Tag], msgspec.Meta(max_length=_MAX_CATEGORIES)] = []
    age_limit: int | None = None
    availability: Word | None = None
    live_status: Word | None = None
    is_short: bool = False
    series: Word | None = None
    season: Word | None = None
    season_number: int | None = None
    episode: Word | None = None
    episode_number: int | None = None
    artist: Word | None = None
    album_artist: Word | None = None
    album: Word | None = None
    track: Word | None = None
    track_number: int | None = None
    genre: Word | None = None
    year: int | None = None
    view_count: int | None = None
    thumbnails: Annotated[list[Link], msgspec.Meta(max_length=_MAX_THUMBNAILS)] = []
    width: int | None = None
    height: int | None = None
    video_codec: Word | None = None
    audio_codec: Word | None = None
    cast: Annotated[list[Tag], msgspec.Meta(max_length=_MAX_CAST)] = []  # names of actors
    audio_languages: Annotated[list[Tag], msgspec.Meta(max_length=_MAX_LANGUAGES)] = []  # that the site offers

    @property
    def published(self) -> datetime | None:
        """When it was published; midnight UTC if only the day is known."""
        return None if self.published_at is None else _EPOCH + timedelta(seconds=self.published_at)


def of_ytdlp(found: Mapping[str, Any]) -> SourceMetadata:
    """Return the metadata in the values of yt-dlp, whatever their types are."""
    published, precision = _published(found)
    name = _first(found, "channel", "uploader", "creator")
    url = _first(found, "channel_url", "uploader_url")
    page = str(found.get("webpage_url") or "")
    if name == _host(page):  # a page anywhere: yt-dlp names the site, which is no channel
        name = None
    chosen = found.get("requested_formats")
    formats = [one for one in chosen if isinstance(one, Mapping)] if isinstance(chosen, list) else []
    return normalised(
        {
            "extractor": found.get("extractor_key"),
            "extractor_id": found.get("id"),
            "webpage_url": page,
            "title": found.get("title"),
            "description": found.get("description"),
            "channel_id": _first(found, "channel_id", "uploader_id") or url or name,
            "channel_name": name,
            "channel_url": url,
            "channel_handle": _first(found, "uploader_id") if _is_handle(found.get("uploader_id")) else None,
            "published_at": published,
            "published_precision": precision,
            "duration": found.get("duration"),
            "language": found.get("language"),
            "tags": found.get("tags"),
            "categories": found.get("categories"),
            "age_limit": found.get("age_limit"),
            "availability": found.get("availability"),
            "live_status": found.get("live_status"),
            "is_short": found.get("media_type") == "short" or "/shorts/" in _path(page),
            "series": found.get("series"),
            "season": found.get("season"),
            "season_number": found.get("season_number"),
            "episode": found.get("episode"),
            "episode_number": found.get("episode_number"),
            "artist": _first(found, "artist", "artists", "album_artist"),
            "album_artist": _first(found, "album_artist", "album_artists"),
            "album": found.get("album"),
            "track": found.get("track"),
            "track_number": found.get("track_number"),
            "genre": _first(found, "genre", "genres"),
            "year": found.get("release_year"),
            "view_count": found.get("view_count"),
            "thumbnails": _thumbnails(found),
            "width": _of_formats(found, formats, "width"),
            "height": _of_formats(found, formats, "height"),
            "video_codec": _codec(found, formats, "vcodec"),
            "audio_codec": _codec(found, formats, "acodec"),
            "cast": found.get("cast"),
            "audio_languages": _audio_languages(found.get("formats")),
        }
    )


def normalised(values: Mapping[str, Any]) -> SourceMetadata:
    """Return metadata of these values by their names; what is of another type or out of range is left out."""
    kept = {name: _NORMAL.get(name, _word)(value) for name, value in values.items() if value is not None}
    kept = {name: value for name, value in kept.items() if value is not None}
    if "published_at" not in kept:
        kept.pop("published_precision", None)
    elif "published_precision" not in kept:
        kept["published_precision"] = "second"
    return SourceMetadata(**kept)


def again(claimed: SourceMetadata) -> SourceMetadata:
    """Return metadata that another process sent in its normal form."""
    return normalised(msgspec.structs.asdict(claimed))


def encode(known: SourceMetadata | None) -> str | None:
    """Return the metadata as JSON."""
    return None if known is None else msgspec.json.encode(known).decode()


def decode(stored: str | None) -> SourceMetadata | None:
    """Return the metadata of JSON that `encode` made."""
    return None if stored is None else msgspec.json.decode(stored, type=SourceMetadata)


def is_plain_file(known: SourceMetadata) -> bool:
    """Tell whether it says nothing but what a plain file has: a name, a time, a length, its codecs."""
    said = (known.description, known.channel_name, known.series, known.artist, known.tags)
    return known.extractor == "Generic" and not any(said)


def completed(own: SourceMetadata | None, listed: SourceMetadata) -> SourceMetadata:
    """Return the metadata of a plain file with that of the list that names it, which counts more.

    The file itself knows its length.
    """
    said = {name: value for name, value in msgspec.structs.asdict(listed).items() if value not in (None, [], False)}
    if own is None:
        return listed
    if own.duration is not None:
        said.pop("duration", None)
    return msgspec.structs.replace(own, **said)


def _word(value: Any) -> str | None:
    return text.one_line(str(value), _WORD) or None if isinstance(value, str | int) else None


def _title(value: Any) -> str | None:
    return _word(value) if isinstance(value, str) else None


def _description(value: Any) -> str | None:
    """Several lines in their normal form, at most `DESCRIPTION_BYTES` in UTF-8."""
    if not isinstance(value, str):
        return None
    lines = [text.one_line(line, DESCRIPTION_BYTES) for line in value[: 2 * DESCRIPTION_BYTES].splitlines()]
    whole = "\n".join(lines).strip()
    return whole.encode()[:DESCRIPTION_BYTES].decode(errors="ignore").rstrip() or None


def _link(value: Any) -> str | None:
    """A link that a page may show; one that is too long would lead elsewhere if it were cut."""
    if not isinstance(value, str) or len(value) > _LINK or not value.isprintable():
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return value if parts.scheme in ("http", "https") and parts.hostname else None


def _words(limit: int) -> Any:
    def words(value: Any) -> list[str]:
        given = value[: 4 * limit] if isinstance(value, list | tuple) else []
        plain = (text.one_line(one, _TAG) for one in given if isinstance(one, str))
        return list(dict.fromkeys(filter(None, plain)))[:limit]

    return words


def _links(value: Any) -> list[str]:
    given = value[:_MAX_THUMBNAILS] if isinstance(value, list | tuple) else []
    return [link for link in map(_link, given) if link]


def _number(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if 0 <= value <= _NUMBER else None


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if 0 <= value < 1e11 else None


def _moment(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if _EARLIEST <= value < _LATEST else None


def _one_of(*allowed: str) -> Any:
    return lambda value: value if isinstance(value, str) and value in allowed else None


_NORMAL: dict[str, Any] = {
    "title": _title,
    "description": _description,
    "webpage_url": _link,
    "channel_url": _link,
    "thumbnails": _links,
    "tags": _words(MAX_TAGS),
    "categories": _words(_MAX_CATEGORIES),
    "audio_languages": _words(_MAX_LANGUAGES),
    "cast": _words(_MAX_CAST),
    "published_at": _moment,
    "published_precision": _one_of("second", "day"),
    "duration": _seconds,
    "is_short": bool,
    "live_status": _one_of(*_LIVE),
    "availability": _one_of(*_AVAILABILITY),
} | dict.fromkeys(
    (
        "age_limit",
        "season_number",
        "episode_number",
        "track_number",
        "year",
        "view_count",
        "width",
        "height",
    ),
    _number,
)


def _audio_languages(formats: Any) -> list[str]:
    """The languages of the sounds of all formats; the first is that of the first format."""
    given = formats[:_MAX_FORMATS] if isinstance(formats, list) else []
    sounds = [one for one in given if isinstance(one, Mapping) and one.get("acodec") not in (None, "none")]
    return list(dict.fromkeys(str(one["language"]) for one in sounds if isinstance(one.get("language"), str)))


def _published(found: Mapping[str, Any]) -> tuple[float | None, Precision | None]:
    """The first that exists of release time, time of upload and day of upload, with its precision."""
    for name in ("release_timestamp", "timestamp"):
        if (moment := _moment(found.get(name))) is not None:
            return moment, "day" if name == "timestamp" and _is_day_of_page(found, moment) else "second"
    try:
        day = datetime.strptime(str(found.get("upload_date") or ""), "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None, None
    return (day - _EPOCH).total_seconds(), "day"


def _is_day_of_page(found: Mapping[str, Any], moment: float) -> bool:
    """Tell whether a time is a day: pages often name a day alone, of which yt-dlp makes its midnight in UTC."""
    return found.get("extractor_key") == "Generic" and moment % 86_400 == 0


def _first(found: Mapping[str, Any], *names: str) -> Any:
    """The first value that is text or a list of texts; a list is joined."""
    for name in names:
        value = found.get(name)
        if isinstance(value, list) and value:
            value = ", ".join(one for one in value[:10] if isinstance(one, str))
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


def _is_handle(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("@")


def _path(url: str) -> str:
    """Return the path of a link; empty if it is none."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _host(url: str) -> str:
    """Return host and port of a link; empty if it is none."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _thumbnails(found: Mapping[str, Any]) -> list[Any]:
    """The best pictures first; yt-dlp lists the best one last."""
    listed = found.get("thumbnails")
    urls = [one.get("url") for one in reversed(listed) if isinstance(one, Mapping)] if isinstance(listed, list) else []
    return list(dict.fromkeys(one for one in [found.get("thumbnail"), *urls] if isinstance(one, str)))


def _of_formats(found: Mapping[str, Any], formats: Iterable[Mapping[str, Any]], name: str) -> Any:
    return next((one[name] for one in [*formats, found] if one.get(name)), None)


def _codec(found: Mapping[str, Any], formats: Iterable[Mapping[str, Any]], name: str) -> Any:
    return next((one[name] for one in [*formats, found] if one.get(name) not in (None, "none")), None)
