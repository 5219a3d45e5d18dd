"""The small XML files that Kodi, Jellyfin and Emby read: https://kodi.wiki/view/NFO_files"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from mediafetcher.library.export.rows import ItemRow

OWN_IDS = "mediafetcher"  # type of the ids of films that have no source
# Characters that XML 1.0 cannot contain, not even escaped (https://www.w3.org/TR/xml/#charsets).
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(row: ItemRow) -> bytes:
    """Return the description of an item, a show or an album: `title`, `duration` (s), `uploader`, `source_url`,
    `created_at` and more; None: unknown. `root`: its element, by default `movie`; None: it has no description.

    The same item gives the same bytes.
    """
    root = row.root
    if root is None:
        return b""
    lines = ['<?xml version="1.0" encoding="UTF-8" standalone="yes"?>', f"<{root}>"]
    lines += [f"  <{name}>{_text(value)}</{name}>" for name, value in _facts(row, root).items() if value is not None]
    lines += [f"  <genre>{_text(genre)}</genre>" for genre in _genres(row)]
    lines += [f"  <tag>{_text(tag)}</tag>" for tag in row.tags]
    for season, title in sorted(row.season_titles.items()):
        lines.append(f'  <namedseason number="{season}">{_text(title)}</namedseason>')
    for number, name in enumerate(row.actors):
        lines += ["  <actor>", f"    <name>{_text(name)}</name>", f"    <order>{number}</order>", "  </actor>"]
    if (identity := _identity(row, root)) is not None:
        kind = quoteattr(_FORBIDDEN.sub("", identity[0]).lower())
        lines.append(f'  <uniqueid type={kind} default="true">{_text(identity[1])}</uniqueid>')
    return "\n".join([*lines, *_streams(row), f"</{root}>", ""]).encode()


def _facts(row: ItemRow, root: str) -> dict[str, Any]:
    """Return the elements of a description that occur once, by name; None: unknown."""
    is_episode, published = root == "episodedetails", _published(row)
    return {
        "title": row.title,
        "name": row.title if root == "artist" else None,
        "showtitle": row.show if is_episode else None,
        "seasonnumber": row.season if root == "season" else None,
        "season": row.season if is_episode else None,
        "episode": row.episode if is_episode else None,
        "artist": row.artist if root == "album" else None,
        "plot": row.description,
        "runtime": max(1, round(row.duration / 60)) if row.duration else None,  # minutes
        "premiered": published or None,
        "aired": published or None if is_episode else None,
        "year": row.released,
        "studio": row.uploader or row.channel_name,
        "website": row.source_url,
        "dateadded": _day(row.created_at) if row.created_at else None,
    }


def _identity(row: ItemRow, root: str) -> tuple[str, str] | None:
    """Return site and id of the source. Kodi requires an id of each film: without a source it is that of the bytes."""
    if row.extractor and row.extractor_id:
        return row.extractor, row.extractor_id
    return (OWN_IDS, row.sha256.hex()) if root in ("movie", "episodedetails") else None


def _genres(row: ItemRow) -> Iterable[str]:
    """Return genre and categories, each once."""
    named = [*(row.genre or "").split(", "), *row.categories]
    return {name.casefold(): name for name in named if name}.values()


def _streams(row: ItemRow) -> list[str]:
    """Return what the file holds, so that players need not open it."""
    seconds = round(row.duration) if row.duration else None
    size = {"width": row.width, "height": row.height, "durationinseconds": seconds}
    video = _element("video", {"codec": row.video_codec} | size) if row.video_codec else []
    audio = [line for track in _sounds(row) for line in _element("audio", track)]
    if not video and not audio:
        return []
    inside = [f"  {line}" for line in (*video, *audio)]
    return ["  <fileinfo>", "    <streamdetails>", *inside, "    </streamdetails>", "  </fileinfo>"]


def _sounds(row: ItemRow) -> list[dict[str, Any]]:
    """Return codec, language and channels of each sound; of a file of an earlier version only the codec is known."""
    tracks = row.audio_tracks or []
    known = json.loads(tracks) if isinstance(tracks, str) else tracks
    if not known:
        return [{"codec": row.audio_codec}] if row.audio_codec else []
    return [{name: track.get(name) for name in ("codec", "language", "channels")} for track in known]


def _element(name: str, values: dict[str, Any]) -> list[str]:
    lines = [f"      <{key}>{_text(value)}</{key}>" for key, value in values.items() if value is not None]
    return [f"    <{name}>", *lines, f"    </{name}>"]


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _published(row: ItemRow) -> str:
    """The day on which it was published, in UTC; empty if it is unknown."""
    moment = row.published_at
    return moment.astimezone(UTC).strftime("%Y-%m-%d") if moment else ""


def _text(value: Any) -> str:
    return escape(_FORBIDDEN.sub("", str(value)))
