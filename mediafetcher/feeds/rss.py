"""A podcast feed (RSS 2.0 with the tags of iTunes) and a playlist (M3U), as text."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

RSS_TYPE = "application/rss+xml; charset=utf-8"
M3U_TYPE = "audio/x-mpegurl; charset=utf-8"
# Characters that XML 1.0 cannot contain, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Source(NamedTuple):
    """The source of a feed. `base` is the absolute address of the link, without a slash at its end."""

    title: str
    author: str
    base: str
    language: str
    single: bool  # the link opens one item: its addresses have no number


def media_url(source: Source, item: dict[str, Any]) -> str:
    """Returns: the absolute address of an item's bytes. It ends with the file's extension, as podcast players want."""
    return f"{source.base}/media{'' if source.single else '/' + str(item['id'])}{item['ext']}"


def poster_url(source: Source, item: dict[str, Any]) -> str:
    """Returns: the absolute address of an item's poster."""
    return f"{source.base}/media{'' if source.single else '/' + str(item['id'])}/poster.jpg"


def rss(source: Source, items: Sequence[dict[str, Any]]) -> str:
    """Returns: the feed."""
    newest = max((item["created_at"] for item in items), default=datetime.now(UTC))
    poster = next((poster_url(source, item) for item in items if item["poster"]), None)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
        ' xmlns:atom="http://www.w3.org/2005/Atom">',
        "<channel>",
        _tag("title", source.title),
        _tag("link", source.base),
        f'<atom:link href={_quoted(f"{source.base}/feed.xml")} rel="self" type="application/rss+xml"/>',
        _tag("description", source.title),
        _tag("language", source.language),
        _tag("generator", "MediaFetcher"),
        _tag("lastBuildDate", format_datetime(newest.astimezone(UTC), usegmt=True)),
        _tag("itunes:author", source.author),
        _tag("itunes:explicit", "false"),
        _tag("itunes:block", "Yes"),  # no directory lists it
        '<itunes:category text="TV &amp; Film"/>',
    ]
    if poster:
        lines.append(f"<itunes:image href={_quoted(poster)}/>")
    for item in items:
        lines += _item(source, item)
    return "\n".join([*lines, "</channel>", "</rss>", ""])


def _item(source: Source, item: dict[str, Any]) -> list[str]:
    url = media_url(source, item)
    lines = [
        "<item>",
        _tag("title", item["title"]),
        _tag("description", item["uploader"] or item["title"]),
        f'<guid isPermaLink="false">mediafetcher:{item["id"]}:{item["sha256"].hex()[:32]}</guid>',
        _tag("pubDate", format_datetime(item["created_at"].astimezone(UTC), usegmt=True)),
        f"<enclosure url={_quoted(url)} length={_quoted(str(item['size']))} type={_quoted(item['kind'])}/>",
    ]
    if item["uploader"]:
        lines.append(_tag("itunes:author", item["uploader"]))
    if item["duration"]:
        lines.append(_tag("itunes:duration", str(max(1, round(item["duration"])))))
    if item["poster"]:
        lines.append(f"<itunes:image href={_quoted(poster_url(source, item))}/>")
    return [*lines, "</item>"]


def m3u(source: Source, items: Sequence[dict[str, Any]]) -> str:
    """Returns: a playlist for VLC, mpv and others."""
    lines = ["#EXTM3U"]
    for item in items:
        title = " ".join(_clean(item["title"]).split())
        lines += [f"#EXTINF:{round(item['duration'] or -1)},{title}", media_url(source, item)]
    return "\n".join([*lines, ""])


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(_clean(text))}</{name}>"


def _quoted(text: str) -> str:
    return quoteattr(_clean(text))
