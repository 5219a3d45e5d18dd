"""Metadata that yt-dlp found, as plain and bounded values: a site may send anything. Part of the fetch child."""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from mediafetcher.core import source_metadata
from mediafetcher.core import text as normal
from mediafetcher.fetch.child import sidecars
from mediafetcher.fetch.child.network import content_disposition

_MAX_CHAPTERS = 500


def first(found: dict[str, Any] | None) -> dict[str, Any]:
    """Return the one video of a result; of a playlist its first."""
    while found and found.get("_type") in ("playlist", "multi_video"):
        found = next((entry for entry in found.get("entries") or () if entry), None)
    if found and found.get("extractor_key") == "HTML5MediaEmbed" and found.get("title"):
        found["title"] = found["title"].removesuffix(" (1)")  # yt-dlp numbers the films of a page, even a single one
    if not found:
        raise LookupError("no video was found")
    return found


def tame_extensions(found: dict[str, Any]) -> None:
    """Replace each extension that yt-dlp refuses: the file gets another name, and its content decides what it is."""
    import yt_dlp.utils._utils

    refusal = getattr(yt_dlp.utils._utils, "_UnsafeExtensionError", None)  # not every version has it
    allowed = getattr(refusal, "ALLOWED_EXTENSIONS", None)
    if not allowed:
        return
    for entry in (found, *(found.get("formats") or ()), *(found.get("requested_formats") or ())):
        if entry.get("ext") and entry["ext"] not in allowed:
            entry["ext"] = "unknown_video"


def name_file(found: dict[str, Any], disposition: Mapping[str, str]) -> None:
    """Give a plain file the name that its server sends. Titles of pages stay. `disposition`: by address."""
    if not found.get("direct") or found.get("extractor_key") != "Generic":
        return
    url = str((found.get("formats") or [found])[0].get("url") or found.get("url") or "")
    if found.get("title") not in (found.get("id"), _last_part(url)):
        return
    found["mf_file_named"] = True
    if named := text(content_disposition.title(disposition.get(url, "")), 300):
        found["title"] = named


def _last_part(url: str) -> str:
    """Return the name in an address, as yt-dlp makes a title of it."""
    return unquote(os.path.splitext(urlsplit(url).path.strip("/").rpartition("/")[2])[0])


def summary(found: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata of a source for the parent: plain, bounded values."""
    formats = found.get("requested_formats") or [found]
    sizes = [entry.get("filesize") or entry.get("filesize_approx") for entry in formats]
    return {
        "title": text(found.get("title"), 300),
        "id": text(found.get("id"), 200),
        "file_named": bool(found.get("mf_file_named")),
        "extractor": text(found.get("extractor_key"), 60),
        "duration": number(found.get("duration")),
        "uploader": text(found.get("uploader") or found.get("channel") or found.get("creator"), 200),
        "webpage_url": text(found.get("webpage_url"), 4096),
        "thumbnail": text(found.get("thumbnail"), 4096),
        "filesize": int(sum(sizes)) if all(sizes) else None,
        "live": bool(found.get("is_live")),
        "upcoming": found.get("live_status") == "is_upcoming",
        "begins": number(found.get("release_timestamp")) if found.get("live_status") == "is_upcoming" else None,
        "chapters": [
            [number(chapter.get("start_time")) or 0.0, text(chapter.get("title"), 200) or ""]
            for chapter in (found.get("chapters") or ())[:_MAX_CHAPTERS]
        ],
        "subtitles": sidecars.languages(found),
        "heights": sidecars.heights(found),
        "metadata": msgspec.to_builtins(source_metadata.of_ytdlp(found)),
    }


def list_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `sidecars.entries` with plain, bounded values."""
    bounded = {"title": text(row["title"], 300), "duration": number(row["duration"]), "id": text(row["id"], 200)}
    return (
        row
        | bounded
        | {
            "extractor": text(row["extractor"], 60),
            "live": text(row["live"], 30),
            "referer": text(row["referer"], 2300),
        }
    )


def text(value: Any, limit: int) -> str | None:
    """Return text in its normal form: without control characters, or characters that change the writing direction."""
    return None if value is None else normal.one_line(str(value), limit) or None


def number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e11 else None
