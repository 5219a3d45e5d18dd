"""The small XML files that Kodi, Jellyfin and Emby read: https://kodi.wiki/view/NFO_files"""

import json
import re
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

# Characters that XML 1.0 cannot contain, not even escaped (https://www.w3.org/TR/xml/#charsets).
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(row: dict[str, Any]) -> bytes:
    """Return the description of an item, a show or an album: `title`, `duration` (s), `uploader`, `source_url`,
    `created_at` and more; None: unknown. `root`: its element, by default `movie`; None: it has no description.

    The same item gives the same bytes.
    """
    root = row.get("root", "movie")
    if root is None:
        return b""
    duration, added, published = row["duration"], row["created_at"], _published(row)
    facts = {
        "title": row["title"],
        "showtitle": row.get("show"),
        "season": row.get("season"),
        "episode": row.get("episode"),
        "artist": row.get("artist") if root == "album" else None,
        "plot": row.get("description"),
        "runtime": max(1, round(duration / 60)) if duration else None,  # minutes
        "premiered": published or None,
        "aired": published or None if root == "episodedetails" else None,
        "year": published[:4] or None,
        "genre": row.get("genre"),
        "studio": row["uploader"] or row.get("channel_name"),
        "website": row["source_url"],
        "dateadded": _day(added) if added else None,
    }
    lines = ['<?xml version="1.0" encoding="UTF-8" standalone="yes"?>', f"<{root}>"]
    lines += [f"  <{name}>{_text(value)}</{name}>" for name, value in facts.items() if value is not None]
    lines += [f"  <tag>{_text(tag)}</tag>" for tag in row.get("tags") or ()]
    for number, name in enumerate(row.get("actors") or ()):
        lines += ["  <actor>", f"    <name>{_text(name)}</name>", f"    <order>{number}</order>", "  </actor>"]
    if row.get("extractor") and row.get("extractor_id"):
        kind = quoteattr(_FORBIDDEN.sub("", str(row["extractor"])).lower())
        lines.append(f'  <uniqueid type={kind} default="true">{_text(row["extractor_id"])}</uniqueid>')
    return "\n".join([*lines, *_streams(row), f"</{root}>", ""]).encode()


def _streams(row: dict[str, Any]) -> list[str]:
    """Return what the file holds, so that players need not open it."""
    seconds = round(row["duration"]) if row["duration"] else None
    size = {"width": row.get("width"), "height": row.get("height"), "durationinseconds": seconds}
    video = _element("video", {"codec": row.get("video_codec")} | size) if row.get("video_codec") else []
    audio = [line for track in _sounds(row) for line in _element("audio", track)]
    if not video and not audio:
        return []
    inside = [f"  {line}" for line in (*video, *audio)]
    return ["  <fileinfo>", "    <streamdetails>", *inside, "    </streamdetails>", "  </fileinfo>"]


def _sounds(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return codec, language and channels of each sound; of a file of an earlier version only the codec is known."""
    tracks = row.get("audio_tracks") or []
    known = json.loads(tracks) if isinstance(tracks, str) else tracks
    if not known:
        return [{"codec": row["audio_codec"]}] if row.get("audio_codec") else []
    return [{name: track.get(name) for name in ("codec", "language", "channels")} for track in known]


def _element(name: str, values: dict[str, Any]) -> list[str]:
    lines = [f"      <{key}>{_text(value)}</{key}>" for key, value in values.items() if value is not None]
    return [f"    <{name}>", *lines, f"    </{name}>"]


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _published(row: dict[str, Any]) -> str:
    """The day on which it was published, in UTC; empty if it is unknown."""
    moment = row.get("published_at")
    return moment.astimezone(UTC).strftime("%Y-%m-%d") if moment else ""


def _text(value: Any) -> str:
    return escape(_FORBIDDEN.sub("", str(value)))
