"""Parse an NFO file of Kodi, Jellyfin or Emby; foreign text, so only in a parsing process (sandbox/parsing.py)."""

import re
from datetime import date
from xml.etree import ElementTree

from mediafetcher.core import source_metadata
from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.library.export import nfo

MAX_BYTES = 1 << 20
_ROOTS = b"movie|episodedetails|musicvideo|tvshow|album|song"
# A link may follow the document, and some programs write several episodes into one file: the first one is read.
_DOCUMENT = re.compile(rb"<(?P<root>" + _ROOTS + rb")\b.*?</(?P=root)\s*>", re.DOTALL)
_DECLARATION = re.compile(rb"\A\xef?\xbb?\xbf?\s*<\?xml[^>]{0,200}\?>")
_NOT_UTF8 = (b"\xff\xfe", b"\xfe\xff")
# In a database of films the studio is no channel.
_DATABASES = frozenset({"imdb", "tmdb", "tvdb", "tvmaze", "trakt", "anidb", "tmdbset"})
_YEAR = re.compile(r"^\d{4}")


def metadata(source: int) -> SourceMetadata | None:
    """Return what the file of this descriptor says; None if it cannot be read, or says nothing."""
    with open(source, "rb", closefd=False) as file:
        data = file.read(MAX_BYTES + 1)
    root = _root(data) if len(data) <= MAX_BYTES else None
    found = _of(root) if root is not None else SourceMetadata()
    return found if found != SourceMetadata() else None


def _root(data: bytes) -> ElementTree.Element | None:
    if data.startswith(_NOT_UTF8):
        data = data.decode("utf-16", "replace").encode()
        data = _DECLARATION.sub(b"", data)
    declared = _DECLARATION.search(data)
    document = _DOCUMENT.search(data)
    if document is None:
        return None
    try:
        # Without the part between, which may declare entities that grow without end.
        return ElementTree.fromstring((declared[0] if declared else b"").lstrip() + document[0])  # noqa: S314
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError):
        return None


def _of(root: ElementTree.Element) -> SourceMetadata:
    def text(*names: str) -> str | None:
        return next((value.strip() for name in names if (value := root.findtext(name)) and value.strip()), None)

    def texts(name: str) -> list[str]:
        return [one.text.strip() for one in root.findall(name) if one.text and one.text.strip()]

    kind, identity = _identity(root)
    premiered = text("premiered", "aired", "releasedate") or ""
    year = _YEAR.match(text("year") or premiered)
    return source_metadata.of_ytdlp(
        {
            "extractor_key": kind,
            "id": identity,
            "webpage_url": text("website", "url"),
            "title": text("title"),
            "description": text("plot", "review", "outline"),
            "uploader": None if kind in _DATABASES else text("studio"),
            "upload_date": day(premiered),
            "release_year": int(year[0]) if year else None,
            "duration": _number(text("runtime"), 60.0),
            "tags": texts("tag"),
            "genres": texts("genre"),
            "series": text("showtitle"),
            "season_number": _number(text("season")),
            "episode_number": _number(text("episode")),
            "artists": texts("artist"),
            "album": text("album"),
            "track_number": _number(text("track")),
            "cast": _actors(root),
        }
    )


def _actors(root: ElementTree.Element) -> list[str]:
    """Return the names of the actors by their `order`; those without one come last."""
    found = []
    for place, one in enumerate(root.findall("actor")):
        if name := (one.findtext("name") or "").strip():
            order = _number(one.findtext("order"))
            found.append((float("inf") if order is None else order, place, name))
    return [name for _, _, name in sorted(found)]


def _identity(root: ElementTree.Element) -> tuple[str | None, str | None]:
    """Return the kind of the default id and the id itself; an id of this program names no source."""
    given = [one for one in root.findall("uniqueid") if one.text and one.text.strip()]
    found = [one for one in given if one.get("type") != nfo.OWN_IDS]
    chosen = next((one for one in found if one.get("default") == "true"), found[0] if found else None)
    return (chosen.get("type"), (chosen.text or "").strip()) if chosen is not None else (None, None)


def _number(text: str | None, times: float = 1) -> float | None:
    plain = re.match(r"^\d{1,6}", text or "")
    return int(plain[0]) * times if plain else None


def day(text: str) -> str | None:
    """Return a day as `20260131`; None if the text does not begin with a whole day."""
    plain = text[:10].replace("-", "") if "-" in text else text[:8]
    try:
        date.fromisoformat(plain)
    except ValueError:
        return None
    return plain if len(plain) == 8 else None
