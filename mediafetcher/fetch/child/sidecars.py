"""Subtitles, a picture and marked parts of a media file; and the entries of lists. Part of the fetch child.

Nothing here may make a download fail: whatever cannot be fetched is reported as a warning, and left out.
"""

import contextlib
import datetime
import math
import re
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import msgspec

from mediafetcher.core import source_metadata
from mediafetcher.fetch.child.streaming.piece_client import PieceClient
from mediafetcher.fetch.child.subtitles import hls_subtitles, text_samples, ttml
from mediafetcher.fetch.options import ALL, FEED, FILE_STEM, MAX_LANGUAGES
from mediafetcher.media import charsets

MAX_SIDE = 8 << 20  # bytes of one text or picture
_KINDS = ("vtt", "srt", "ass", "ssa", "ttml", "dfxp", "xml", "mp4")  # the best first; other kinds are left out
_TIMED_TEXT = ("ttml", "dfxp", "xml")
_SOUND = ("mp3", "m4a", "opus", "ogg", "flac", "wav", "aac", "weba")
_VARIANTS = 4  # texts of one language
_DEPTH = 2  # lists of lists
_MAX_TIME = 4e9  # seconds since 1970: the year 2096
_MANY = 200  # languages or heights that are listed
_MAX_LISTED = 4_000  # characters of the description of an entry: a list has thousands
_LISTED = (
    *("title", "description", "timestamp", "thumbnail", "duration", "age_limit"),
    *("episode", "episode_number", "season_number"),
)
_LANGUAGE = re.compile(r"^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,3}$")


def wanted(found: dict[str, Any], languages: Iterable[str], *, auto: bool) -> list[tuple[str, dict[str, Any]]]:
    """Return (language, text to fetch) for each requested, available language. `en` selects `en-GB` if necessary.

    A stream may have several texts of one language: they are named `en`, `en-2` and, if they only translate
    signs, `en-forced`.
    """
    chosen: dict[str, dict[str, Any]] = {}
    sources = [_of_streams(found)] + ([found.get("automatic_captions") or {}] if auto else [])
    languages = list(languages)
    most = _MANY if ALL in languages else MAX_LANGUAGES
    if ALL in languages:
        languages = [name for name in sources[0] if name != "live_chat"]  # machine-made ones translate all others
    for language in languages[:most]:
        for source in sources:
            name = _closest(language, source)
            texts = _variants(source[name]) if name else []
            if name and texts and _side_name(language):
                stem = language if auto and source is not sources[0] else _side_name(name)
                for text in texts[:_VARIANTS]:
                    chosen.setdefault(_variant_name(stem, text, chosen), text)
                break
    return list(chosen.items())


def _of_streams(found: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the texts that the site names, and those that only the playlist of a chosen stream names."""
    merged = {name: list(texts or ()) for name, texts in (found.get("subtitles") or {}).items()}
    for entry in [*(found.get("requested_formats") or [found]), *(found.get("formats") or ())]:
        for name, texts in (entry.get(hls_subtitles.FORMATS) or {}).items():
            there = {text.get("url") for text in merged.get(name, ())}
            merged.setdefault(name, []).extend(text for text in texts if text.get("url") not in there)
    return merged


def _variants(texts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the different texts of one language, the main one first: full before forced, then the default.

    Entries that are not streams are one text in several formats.
    """
    streams = sorted(
        (text for text in texts if hls_subtitles.is_hls(text)),
        key=lambda text: (bool(text.get("mf_forced")), not text.get("mf_default")),
    )
    plain = _text_of([text for text in texts if not hls_subtitles.is_hls(text)])
    if plain:
        return [plain, *(text for text in streams if text.get("mf_forced"))]
    return streams


def _variant_name(stem: str, text: dict[str, Any], taken: Container[str]) -> str:
    stem = f"{stem[:26]}-forced" if text.get("mf_forced") else stem
    names = [stem, *(f"{stem[:32]}-{number}" for number in range(2, _VARIANTS + 2))]
    return next(name for name in names if name not in taken)


def _closest(language: str, source: dict[str, Any]) -> str | None:
    if language in source:
        return language
    low = language.lower()
    alike = [name for name in source if name.lower() == low or name.lower().startswith(f"{low}-")]
    return sorted(alike)[0] if alike else None


def _side_name(language: str) -> str:
    """Return a language as file names contain it."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in language).strip("-")[:35]


def _text_of(formats: list[dict[str, Any]]) -> dict[str, Any] | None:
    known = [entry for entry in formats or () if entry.get("ext") in _KINDS]
    return min(known, key=lambda entry: _KINDS.index(entry["ext"]), default=None)


def bring(client: Any, found: dict[str, Any], wishes: dict[str, Any], folder: Path, channel: Any) -> dict[str, Any]:
    """Fetch the requested side files.

    Returns: {"subtitles": [[language, file]], "cover": file or None, "marks": [...]}."""
    fetched: dict[str, Any] = {"subtitles": [], "timed": [], "cover": None, "marks": []}
    for language, text in wanted(found, wishes["subtitles"], auto=wishes["auto"]):
        if hls_subtitles.is_hls(text):
            with _Spared(channel, f"subtitles {language}"):
                pieces = PieceClient(client, text.get("http_headers") or found.get("http_headers") or {}, channel)
                fetched["timed"].append([language, hls_subtitles.fetch(pieces, text["url"], language, folder)])
            continue
        name = f"{FILE_STEM}.sub.{language}.{'srt' if text['ext'] in (*_TIMED_TEXT, 'mp4') else text['ext']}"
        with _Spared(channel, f"subtitles {language}"):
            _text(client, found, text, folder / name)
            fetched["subtitles"].append([language, name])
    for language in set(wishes["subtitles"]) - {ALL}:
        came = [*fetched["subtitles"], *fetched["timed"]]
        if not any(name.split("-")[0] == language.split("-")[0] for name, _ in came):
            channel.say("warning", message=f"no subtitles in {language} on this site")
    if wishes["cover"] or found.get("ext") in _SOUND or found.get("vcodec") == "none":
        picture = found.get("thumbnail") or wishes.get("picture")
        fetched["cover"] = cover(client, found | {"thumbnail": picture}, folder, channel)
    if wishes["marks"]:
        with _Spared(channel, "marks"):
            fetched["marks"] = marks(client, found, wishes["marks"])
    return fetched


def cover(client: Any, found: dict[str, Any], folder: Path, channel: Any) -> str | None:
    """Fetch the site's picture. Returns: its file, or None without one."""
    name = None
    if found.get("thumbnail"):
        with _Spared(channel, "picture"):
            (folder / f"{FILE_STEM}.cover").write_bytes(_read(client, found, found["thumbnail"]))
            name = f"{FILE_STEM}.cover"
    return name


def languages(found: dict[str, Any]) -> list[str]:
    """Return the languages of the subtitles that humans wrote."""
    return [name for name in _of_streams(found) if _LANGUAGE.match(name) and name != "live_chat"][:_MANY]


def heights(found: dict[str, Any]) -> list[int]:
    """Return the heights of the picture, the largest first."""
    named = {entry.get("height") for entry in found.get("formats") or () if entry.get("vcodec") != "none"}
    return sorted((height for height in named if isinstance(height, int) and 0 < height < 100_000), reverse=True)[
        :_MANY
    ]


class _Spared:
    """Turns an error inside it into a warning, and the download continues; a request to stop is no error."""

    def __init__(self, channel: Any, what: str) -> None:
        self._channel = channel
        self._what = what

    def __enter__(self) -> None:
        self._channel.check()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> bool:
        if error is None or not isinstance(error, Exception) or self._channel.cancelled:
            return False
        self._channel.say("warning", message=f"could not download {self._what}: {error}"[:300])
        return True


def _text(client: Any, found: dict[str, Any], text: dict[str, Any], target: Path) -> None:
    """Fetch a text, whole or piece by piece as a DASH manifest names it, and write it as FFmpeg reads it."""
    timed = text["ext"] in _TIMED_TEXT
    if text.get("data") is not None:
        parts = [text["data"].encode()]
    else:
        parts, size = [], 0
        for url in _addresses(text):
            parts.append(_read(client, found, url, text=not timed))  # XML names its own charset
            size += len(parts[-1])
            if size > MAX_SIDE:
                raise OSError("too large")
    target.write_bytes(_joined(parts, timed=timed))


def _addresses(text: dict[str, Any]) -> list[str]:
    if not text.get("fragments"):
        return [text["url"]]
    base = text.get("fragment_base_url") or ""
    return [one.get("url") or urljoin(base, one["path"]) for one in text["fragments"]]


def _joined(parts: list[bytes], *, timed: bool) -> bytes:
    """Return the pieces as one text: those in MP4 and timed text as SubRip, others with the head of the first."""
    if text_samples.is_mp4(parts[0]):
        return ttml.as_srt(text_samples.cues(b"", b"".join(parts)))
    if timed:
        return ttml.as_srt(sorted({cue for part in parts for cue in ttml.cues(part)}))
    bodies = [
        part.partition(b"\n\n")[2] if number and part.lstrip(b"\xef\xbb\xbf").startswith(b"WEBVTT") else part
        for number, part in enumerate(parts)
    ]
    return b"\n\n".join(bodies)


def _read(client: Any, found: dict[str, Any], url: str, *, text: bool = False) -> bytes:
    """Fetch this address; `text`: as UTF-8 if the server names the charset."""
    from yt_dlp.networking import Request

    response = client.urlopen(Request(url, headers=found.get("http_headers") or {}))
    data: bytes = response.read(MAX_SIDE + 1)
    response.close()
    if len(data) > MAX_SIDE:
        raise OSError("too large")
    return charsets.as_said(data, response.headers.get_content_charset()) if text else data


def marks(client: Any, found: dict[str, Any], api: str) -> list[list[Any]]:
    """Fetch the parts that viewers marked. Only for sites whose videos the service knows.

    Returns: [[start, end, title]], in seconds."""
    from yt_dlp.postprocessor.sponsorblock import SponsorBlockPP

    marker = SponsorBlockPP(client, None, api.rstrip("/"))
    _, info = marker.run({**found, "extractor_key": found.get("extractor_key") or ""})
    return [
        [float(part["start_time"]), float(part["end_time"]), str(part["title"] or "")[:200]]
        for part in (info.get("sponsorblock_chapters") or ())[:200]
        if math.isfinite(float(part["start_time"]) + float(part["end_time"]))
    ]


# ---- lists -----------------------------------------------------------------------------------------------


class IsList(Exception):
    """The link is a list, but one video was requested."""


def is_list(found: dict[str, Any] | None) -> bool:
    """Recognise a channel, a playlist or a feed: several links. A page with several films is not one."""
    if not found or found.get("_type") != "playlist":
        return False
    flat = [entry for entry in found.get("entries") or () if entry and _is_link(entry)]
    return bool(flat) and _may_be_list(found)


def is_empty_list(found: dict[str, Any] | None) -> bool:
    """Recognise a channel, a playlist or a feed that has no entries yet. A page without a film is not one."""
    if not found or found.get("_type") != "playlist":
        return False
    return not found.get("entries") and _may_be_list(found)


def _may_be_list(found: dict[str, Any]) -> bool:
    feed = str(found.get("id") or "").startswith(("http://", "https://"))
    return found.get("extractor_key") not in ("Generic", None) or feed


def holds_several(found: dict[str, Any] | None) -> bool:
    """Recognise a page with several films, which are a list if one is requested."""
    films = [entry for entry in (found or {}).get("entries") or () if entry and not _is_link(entry) and _media(entry)]
    return len({_media(entry) for entry in films}) > 1


def _media(entry: dict[str, Any]) -> str | None:
    """Return the address of a film that has no page of its own."""
    formats = entry.get("formats") or [entry]
    address: str | None = entry.get("url") or formats[-1].get("url")
    return address


def _is_link(entry: dict[str, Any]) -> bool:
    return entry.get("_type") in ("url", "url_transparent")


def entries(client: Any, found: dict[str, Any], depth: int = 0) -> list[dict[str, Any]]:
    """Return the entries of a list (`_list_row`). Nested lists of its kind are opened."""
    own = found.get("extractor_key")
    rows: list[dict[str, Any]] = []
    for entry in found.get("entries") or ():
        if not entry:
            continue
        if _is_link(entry) and entry.get("ie_key") == own != "Generic" and depth < _DEPTH:
            inner = client.extract_info(entry["url"], download=False, ie_key=own)
            if inner and inner.get("_type") == "playlist":
                rows += entries(client, inner, depth + 1)
                continue
        url = (entry.get("url") if _is_link(entry) else entry.get("webpage_url")) or entry.get("webpage_url")
        if not _is_link(entry) and url == found.get("webpage_url"):
            url = _media(entry)
        if url:
            rows.append(_list_row(entry, str(url)))
    return rows


def _list_row(entry: dict[str, Any], url: str) -> dict[str, Any]:
    """Return the facts that a list has of one entry, unchecked. The id of an entry of a feed is its `guid`."""
    from yt_dlp.utils import unsmuggle_url

    extractor, id = entry.get("ie_key") or entry.get("extractor_key"), entry.get("id")
    if not extractor and not id:
        told = unsmuggle_url(url, {})[1]
        extractor, id = FEED, told.get("force_videoid") if isinstance(told, dict) else None
    return {
        "title": entry.get("title"),
        "url": url,
        "duration": entry.get("duration"),
        "id": id,
        "extractor": extractor,
        "published": published(entry),
        "live": entry.get("live_status"),
        "referer": None if _is_link(entry) else _referer(entry),
        "metadata": _listed(entry),
    }


def _referer(entry: dict[str, Any]) -> str | None:
    """Return the page that a film without a page of its own was found on."""
    for one in (entry, *(entry.get("formats") or ())):
        for name, value in (one.get("http_headers") or {}).items():
            if name.lower() == "referer":
                return str(value)
    return None


def _listed(entry: dict[str, Any]) -> dict[str, Any] | None:
    """Return the metadata of an entry of a feed. Entries of sites have their own, which is read with them."""
    from yt_dlp.utils import clean_html

    if entry.get("ie_key") or entry.get("extractor_key"):
        return None
    said = {name: entry[name] for name in _LISTED if entry.get(name) is not None}
    if isinstance(said.get("description"), str):
        said["description"] = clean_html(said["description"][: 4 * _MAX_LISTED])[:_MAX_LISTED]
    found: dict[str, Any] = msgspec.to_builtins(source_metadata.of_ytdlp(said))
    return found or None


def published(found: dict[str, Any]) -> float | None:
    """Return when a source was published, in seconds since 1970: to the second, else the day in UTC."""
    for name in ("release_timestamp", "timestamp"):
        if isinstance(found.get(name), int | float) and 0 < found[name] < _MAX_TIME:
            return float(found[name])
    for name in ("release_date", "upload_date"):
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            day = datetime.datetime.strptime(found.get(name) or "", "%Y%m%d").replace(tzinfo=datetime.UTC)
            return max(0.0, day.timestamp())
    return None
