"""The metadata in a file's own tags, also those that yt-dlp and music programs write."""

from collections.abc import Mapping

from mediafetcher.core import source_metadata
from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.importing import nfo_file

_LINKS = ("purl", "comment", "url", "www")


def metadata(tags: Mapping[str, str]) -> SourceMetadata | None:
    """Return what these tags say besides a title; None if that is nothing."""
    comment = tags.get("comment")
    link = next((tags[name] for name in _LINKS if _is_link(tags.get(name))), None)
    published = tags.get("date", "")
    found = source_metadata.of_ytdlp(
        {
            "webpage_url": link,
            "description": tags.get("synopsis") or tags.get("description") or (None if _is_link(comment) else comment),
            "upload_date": nfo_file.day(published),
            "release_year": _number(published[:4]),
            "series": tags.get("show"),
            "season_number": _number(tags.get("season_number")),
            "episode": tags.get("episode_id"),
            "episode_number": _number(tags.get("episode_sort")),
            "artist": tags.get("artist") or tags.get("album_artist"),
            "album": tags.get("album"),
            "track": tags.get("title") if tags.get("album") else None,
            "track_number": _number(tags.get("track", "").partition("/")[0]),
            "genre": tags.get("genre"),
        }
    )
    return found if found != SourceMetadata() else None


def _is_link(text: str | None) -> bool:
    return text is not None and text.startswith(("https://", "http://")) and " " not in text and "\n" not in text


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else None
