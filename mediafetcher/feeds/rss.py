"""A podcast feed and a playlist (M3U), as text.

The feed follows RSS 2.0, Apple's requirements for podcasts and the namespace of podcastindex.org. The `guid` of an
item never changes, also if its file is fetched again: podcast programs would show it a second time.
"""

import re
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from mediafetcher.media import posters

RSS_TYPE = "application/rss+xml; charset=utf-8"
M3U_TYPE = "audio/x-mpegurl; charset=utf-8"
MAX_DESCRIPTION = 4000  # characters, as Apple allows
# Characters that XML 1.0 cannot contain, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ADULT = 18  # years
# Types under the names of Apple's list.
_APPLE_TYPES = {"audio/mp4": "audio/x-m4a"}
# The namespaces of `guid`s: ours, and the one that podcastindex.org fixed for feeds.
_ITEMS = uuid.UUID("6f9b2f0e-55f4-4b0c-9e5e-6c1c7c0f5f3a")
_FEEDS = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
_BEGIN = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" \
xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:atom="http://www.w3.org/2005/Atom">
<channel>"""


class Source(NamedTuple):
    """The source of a feed. `base` is the absolute address of the link, without a slash at its end."""

    title: str
    author: str
    base: str
    language: str  # if the items do not say theirs
    single: bool  # the link opens one item: its addresses have no number
    icon: str  # the absolute address of a square picture, for a feed without posters


def media_url(source: Source, item: dict[str, Any]) -> str:
    """Returns: the absolute address of an item's bytes. It ends with the file's extension, as podcast players want."""
    return f"{_media(source, item)}{item['ext']}"


def poster_url(source: Source, item: dict[str, Any]) -> str:
    """Returns: the absolute address of an item's poster."""
    return f"{_media(source, item)}/{posters.NAME}"


def _media(source: Source, item: dict[str, Any]) -> str:
    return f"{source.base}/media{'' if source.single else '/' + str(item['id'])}"


def guid(item: dict[str, Any]) -> str:
    """Returns: the permanent identity of an item, also after its file changed or its database was moved."""
    name = f"{item['id']} {item['created_at'].astimezone(UTC).isoformat()}"
    return f"urn:uuid:{uuid.uuid5(_ITEMS, name)}"


def rss(source: Source, items: Sequence[dict[str, Any]]) -> str:
    """Returns: the feed, with the items in the given order."""
    address = f"{source.base}/feed.xml"
    title = _line(source.title) or "MediaFetcher"
    picture = next((poster_url(source, item) for item in items if item["poster"]), source.icon)
    lines = [
        _BEGIN,
        _tag("title", title),
        _tag("link", source.base),
        f'<atom:link href={_quoted(address)} rel="self" type="application/rss+xml"/>',
        _tag("description", title),
        _tag("language", _language(source, items)),
        _tag("generator", "MediaFetcher"),
        _tag("ttl", "60"),
        f"<image>{_tag('url', picture)}{_tag('title', title)}{_tag('link', source.base)}</image>",
        f"<itunes:image href={_quoted(picture)}/>",
        _tag("itunes:author", _line(source.author)),
        _tag("itunes:explicit", _explicit(*items)),
        _tag("itunes:block", "Yes"),  # no directory lists it
        '<itunes:category text="TV &amp; Film"/>',
        _tag("podcast:guid", str(uuid.uuid5(_FEEDS, address.partition("://")[2].rstrip("/")))),
        _tag("podcast:locked", "yes"),
        _tag("podcast:block", "yes"),
    ]
    if items:
        lines.append(_tag("lastBuildDate", _date(max(item["created_at"] for item in items))))
    for item in items:
        lines += _item(source, item)
    return "\n".join([*lines, "</channel>", "</rss>", ""])


def _item(source: Source, item: dict[str, Any]) -> list[str]:
    kind = _APPLE_TYPES.get(item["kind"], item["kind"])
    enclosure = f"url={_quoted(media_url(source, item))} length={_quoted(str(item['size']))} type={_quoted(kind)}"
    title = _line(item["title"]) or f"#{item['id']}"
    lines = [
        "<item>",
        _tag("title", title),
        _tag("link", source.base if source.single else f"{source.base}?item={item['id']}"),
        _tag("description", _cut(item["description"] or item["uploader"] or title)),
        f'<guid isPermaLink="false">{guid(item)}</guid>',
        _tag("pubDate", _date(item["created_at"])),
        f"<enclosure {enclosure}/>",
        _tag("itunes:explicit", _explicit(item)),
    ]
    if item["uploader"]:
        lines.append(_tag("itunes:author", _line(item["uploader"])))
    if item["duration"]:
        lines.append(_tag("itunes:duration", str(max(1, round(item["duration"])))))
    if item["poster"]:
        lines.append(f"<itunes:image href={_quoted(poster_url(source, item))}/>")
    for language in item["subtitles"]:
        url = f"{_media(source, item)}/subtitles/{language}.vtt"
        lines.append(
            f'<podcast:transcript url={_quoted(url)} type="text/vtt" language={_quoted(language)} rel="captions"/>'
        )
    return [*lines, "</item>"]


def _language(source: Source, items: Sequence[dict[str, Any]]) -> str:
    """Return the language of most items."""
    said = Counter(item["language"] for item in items if _LANGUAGE.fullmatch(item["language"] or ""))
    return said.most_common(1)[0][0] if said else source.language


def _explicit(*items: dict[str, Any]) -> str:
    return "true" if any((item["age_limit"] or 0) >= _ADULT for item in items) else "false"


def _date(time: datetime) -> str:
    return format_datetime(time.astimezone(UTC), usegmt=True)


def m3u(source: Source, items: Sequence[dict[str, Any]]) -> str:
    """Returns: a playlist for VLC, mpv and others."""
    lines = ["#EXTM3U"]
    for item in items:
        lines += [f"#EXTINF:{round(item['duration'] or -1)},{_line(item['title'])}", media_url(source, item)]
    return "\n".join([*lines, ""])


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def _line(text: str) -> str:
    return " ".join(_clean(text).split())


def _cut(text: str) -> str:
    return text if len(text) <= MAX_DESCRIPTION else text[: MAX_DESCRIPTION - 1] + "…"


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(_clean(text))}</{name}>"


def _quoted(text: str) -> str:
    return quoteattr(_clean(text))
