"""What comes beside the media, on the side of the fetch child: subtitles, a picture, marks; and the entries of lists.

Nothing here may make a download fail: what does not come is said as a warning, and left out.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mediafetcher.fetch.options import ALL, FILE_STEM, MAX_LANGUAGES

MAX_SIDE = 8 << 20  # bytes of one text or picture
_KINDS = ("vtt", "srt", "ass", "ssa", "ttml", "dfxp", "xml")  # the best first; what is none of these is left out
_SOUND = ("mp3", "m4a", "opus", "ogg", "flac", "wav", "aac", "weba")
_DEPTH = 2  # lists of lists
_MANY = 200  # languages or heights that are named
_LANGUAGE = re.compile(r"^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,3}$")


def wanted(found: dict[str, Any], languages: Iterable[str], auto: bool) -> list[tuple[str, dict[str, Any]]]:
    """(language, text to fetch) for each language that is wished for and there. `en` finds `en-GB` where need be."""
    chosen: dict[str, dict[str, Any]] = {}
    sources = [found.get("subtitles") or {}] + ([found.get("automatic_captions") or {}] if auto else [])
    languages = list(languages)
    if ALL in languages:
        languages = [name for name in sources[0] if name != "live_chat"]  # those of machines are translations of all
    for language in languages[:MAX_LANGUAGES]:
        for source in sources:
            name = _closest(language, source)
            text = _text_of(source[name]) if name else None
            if name and text and _side_name(language):
                chosen.setdefault(language if auto and source is not sources[0] else _side_name(name), text)
                break
    return list(chosen.items())


def _closest(language: str, source: dict[str, Any]) -> str | None:
    if language in source:
        return language
    low = language.lower()
    alike = [name for name in source if name.lower() == low or name.lower().startswith(f"{low}-")]
    return sorted(alike)[0] if alike else None


def _side_name(language: str) -> str:
    """A language as it stands in a file's name."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in language).strip("-")[:35]


def _text_of(formats: list[dict[str, Any]]) -> dict[str, Any] | None:
    known = [entry for entry in formats or () if entry.get("ext") in _KINDS]
    return min(known, key=lambda entry: _KINDS.index(entry["ext"]), default=None)


def bring(client: Any, found: dict[str, Any], wishes: dict[str, Any], folder: Path, channel: Any) -> dict[str, Any]:
    """Fetch what was wished for -> {"subtitles": [[language, file]], "cover": file or None, "marks": [...]}."""
    brought: dict[str, Any] = {"subtitles": [], "cover": None, "marks": []}
    for language, text in wanted(found, wishes["subtitles"], wishes["auto"]):
        name = f"{FILE_STEM}.sub.{language}.{'srt' if text['ext'] in ('ttml', 'dfxp', 'xml') else text['ext']}"
        with _Spared(channel, f"subtitles {language}"):
            _text(client, found, text, folder / name)
            brought["subtitles"].append([language, name])
    for language in set(wishes["subtitles"]) - {ALL}:
        if not any(name.split("-")[0] == language.split("-")[0] for name, _ in brought["subtitles"]):
            channel.say("warning", message=f"the site has no subtitles in {language}")
    if wishes["cover"] or found.get("ext") in _SOUND or found.get("vcodec") == "none":
        brought["cover"] = cover(client, found, folder, channel)
    if wishes["marks"]:
        with _Spared(channel, "marks"):
            brought["marks"] = marks(client, found, wishes["marks"])
    return brought


def cover(client: Any, found: dict[str, Any], folder: Path, channel: Any) -> str | None:
    """Fetch the site's picture -> its file, or None where there is none."""
    name = None
    if found.get("thumbnail"):
        with _Spared(channel, "picture"):
            (folder / f"{FILE_STEM}.cover").write_bytes(_read(client, found, found["thumbnail"]))
            name = f"{FILE_STEM}.cover"
    return name


def languages(found: dict[str, Any]) -> list[str]:
    """The languages of the subtitles that people wrote."""
    return [name for name in found.get("subtitles") or () if _LANGUAGE.match(name) and name != "live_chat"][:_MANY]


def heights(found: dict[str, Any]) -> list[int]:
    """The heights that the picture comes in, the largest first."""
    named = {entry.get("height") for entry in found.get("formats") or () if entry.get("vcodec") != "none"}
    return sorted((height for height in named if isinstance(height, int) and 0 < height < 100_000), reverse=True)[
        :_MANY
    ]


class _Spared:
    """What fails in here is said, and the download goes on; a wish to stop is no failure."""

    def __init__(self, channel: Any, what: str) -> None:
        self._channel = channel
        self._what = what

    def __enter__(self) -> None:
        self._channel.check()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> bool:
        if error is None or not isinstance(error, Exception) or self._channel.cancelled:
            return False
        self._channel.say("warning", message=f"{self._what} did not come: {error}"[:300])
        return True


def _text(client: Any, found: dict[str, Any], text: dict[str, Any], target: Path) -> None:
    if (text.get("protocol") or "").startswith("m3u8"):
        given = {"http_headers": found.get("http_headers") or {}, **text}
        if not client.dl(str(target), given, subtitle=True)[0] or target.stat().st_size > MAX_SIDE:
            raise OSError("not written")
        return
    data = text["data"].encode() if text.get("data") is not None else _read(client, found, text["url"])
    if text["ext"] in ("ttml", "dfxp", "xml"):  # FFmpeg does not read it
        from yt_dlp.utils import dfxp2srt

        data = dfxp2srt(data).encode()
    target.write_bytes(data)


def _read(client: Any, found: dict[str, Any], url: str) -> bytes:
    from yt_dlp.networking import Request

    response = client.urlopen(Request(url, headers=found.get("http_headers") or {}))
    data: bytes = response.read(MAX_SIDE + 1)
    response.close()
    if len(data) > MAX_SIDE:
        raise OSError("too large")
    return data


def marks(client: Any, found: dict[str, Any], api: str) -> list[list[Any]]:
    """Parts that viewers marked -> [[start, end, title]], in seconds. Only sites whose videos are known there."""
    from yt_dlp.postprocessor.sponsorblock import SponsorBlockPP

    marker = SponsorBlockPP(client, None, api.rstrip("/"))
    _, info = marker.run({**found, "extractor_key": found.get("extractor_key") or ""})
    return [
        [float(part["start_time"]), float(part["end_time"]), str(part["title"] or "")[:200]]
        for part in (info.get("sponsorblock_chapters") or ())[:200]
    ]


# ---- lists -----------------------------------------------------------------------------------------------


class IsList(Exception):
    """The link is a list, and one video was asked for."""


def is_list(found: dict[str, Any] | None) -> bool:
    """A channel, a playlist, a feed: several links. A page with several films in it is not, its first one counts."""
    if not found or found.get("_type") != "playlist":
        return False
    flat = [entry for entry in found.get("entries") or () if entry and _is_link(entry)]
    feed = str(found.get("id") or "").startswith(("http://", "https://"))
    return bool(flat) and (found.get("extractor_key") not in ("Generic", None) or feed)


def _is_link(entry: dict[str, Any]) -> bool:
    return entry.get("_type") in ("url", "url_transparent")


def entries(client: Any, found: dict[str, Any], depth: int = 0) -> list[dict[str, Any]]:
    """The entries of a list: {"title", "url", "duration"}. Lists in it that are of its kind are opened."""
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
        if url:
            rows.append({"title": entry.get("title"), "url": url, "duration": entry.get("duration")})
    return rows
