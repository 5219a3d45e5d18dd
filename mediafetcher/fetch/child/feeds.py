"""Turn feeds of every format into the RSS that yt-dlp reads. Part of the fetch child.

yt-dlp reads RSS 2.0 with the tags of iTunes, and takes the first enclosure. Atom (RFC 4287), RSS 1.0, JSON Feed, Media
RSS and the podcast namespace name the same facts otherwise. An enclosure may be a picture.
"""

import contextlib
import io
import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

from mediafetcher.fetch.child.network.first_answer import Replay

_MAX = 32 << 20  # bytes of a feed; a larger one is left as it is
_LOOKED_AT = 4096  # bytes
_MAX_ENTRIES = 20_000
_FEED = re.compile(rb"<(?:\w+:)?(?:rss|feed|RDF)[\s>]|jsonfeed\.org\\?/version")
_ATOM = "{http://www.w3.org/2005/Atom}"
_RSS1 = "{http://purl.org/rss/1.0/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_ENCLOSURE = "{http://purl.oclc.org/net/rss_2.0/enc#}"
_MEDIA = ("{http://search.yahoo.com/mrss/}", "{http://search.yahoo.com/mrss}")
_PODCAST = ("{https://podcastindex.org/namespace/1.0}", "{https://github.com/Podcastindex-org/podcast-namespace}")
_ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_PLAYABLE = re.compile(
    r"^(audio|video)\b|^application/(ogg|mp4|x-mpegurl|vnd\.apple\.mpegurl|dash\+xml)", re.IGNORECASE
)

Facts = dict[str, str]  # of one entry, by the names of RSS; and `url`, `image` and `duration`


def as_rss(response: Any, read: Callable[[str, bytes], None] = lambda url, data: None) -> Any:
    """Return an answer with the feed as RSS; any other answer is returned unread.

    `read` is called with the address and the bytes of the feed.
    """
    kind = (response.headers.get("Content-Type") or "").lower()
    if response.status != 200 or "dash" in kind or not any(word in kind for word in ("xml", "json", "text/", "rss")):
        return response
    body = Replay(response.fp)
    response.fp = body
    head = body.read(_LOOKED_AT)
    if not _FEED.search(head) or b"<html" in head.lower():
        body.rewind()
        return response
    from yt_dlp.networking import Response

    data = head + body.read(_MAX - len(head) + 1)
    read(response.url, data)
    made = converted(data, response.url) if len(data) <= _MAX else None
    headers = {name: value for name, value in response.headers.items() if not name.lower().startswith("content-")}
    headers["Content-Type"] = "application/rss+xml; charset=utf-8" if made else kind
    return Response(io.BytesIO(made or data), response.url, headers, 200)


def converted(data: bytes, url: str) -> bytes | None:
    """Return RSS 2.0 of a feed; None if it is none that can be read."""
    with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError, ElementTree.ParseError):
        if data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
            return _written(*_of_json(json.loads(data)), url)
        if b"<!ENTITY" in data[:_LOOKED_AT]:
            return None
        root = ElementTree.fromstring(data.lstrip())  # noqa: S314 (no entities, bounded size)
        base = urljoin(url, root.get(_BASE) or "")
        if root.tag == f"{_ATOM}feed":
            return _written(_text(root, f"{_ATOM}title"), map(_of_atom, root.iter(f"{_ATOM}entry")), base)
        if root.tag == f"{_RDF}RDF":
            title = _text(root, f"{_RSS1}channel/{_RSS1}title")
            return _written(title, (_of_rss(one, _RSS1) for one in root.iter(f"{_RSS1}item")), base)
        channel = root.find("channel")
        if root.tag == "rss" and channel is not None:
            return _written(_text(channel, "title"), _of_channel(channel), base)
    return None


# ---- reading ---------------------------------------------------------------------------------------------


def _of_channel(channel: Any) -> Iterable[Facts]:
    image = channel.find(f"{_ITUNES}image")
    picture = (image.get("href") if image is not None else None) or _text(channel, "image/url")
    for item in channel.findall("item"):
        facts = _of_rss(item, "")
        yield facts | {"image": facts.get("image") or picture}


def _of_rss(item: Any, space: str) -> Facts:
    image = item.find(f"{_ITUNES}image")
    media = [(one.get("url") or "", one.get("type") or "") for one in item.findall(f"{space}enclosure")]
    media += [(one.get(f"{_RDF}resource") or "", "") for one in item.findall(f"{_ENCLOSURE}enclosure")]
    media += _of_media_rss(item) + _alternates(item)
    described = (f"{space}description", f"{_CONTENT}encoded", f"{_ITUNES}summary", f"{_MEDIA[0]}description")
    return {
        "url": _playable(media) or _text(item, f"{space}link"),
        "title": _text(item, f"{space}title", f"{_ITUNES}title", f"{_MEDIA[0]}title"),
        "guid": _text(item, "guid"),
        "description": _text(item, *described),
        "pubDate": _text(item, "pubDate", f"{_DUBLIN_CORE}date"),
        "image": (image.get("href") if image is not None else "") or _thumbnail(item),
        **_of_podcast(item),
    }


def _of_atom(entry: Any) -> Facts:
    links = entry.findall(f"{_ATOM}link")
    media = [(one.get("href") or "", one.get("type") or "") for one in links if one.get("rel") == "enclosure"]
    media += _of_media_rss(entry) + _alternates(entry)
    pages = [one.get("href") or "" for one in links if one.get("rel") in (None, "alternate")]
    page = pages[0] if pages else ""
    described = [f"{_ATOM}summary", f"{_ATOM}content", *(f".//{space}description" for space in _MEDIA)]
    return {
        # A player page of a site counts more than the player itself, which Media RSS may name.
        "url": _playable([one for one in media if one[1] != "application/x-shockwave-flash"]) or page,
        "title": _text(entry, f"{_ATOM}title"),
        "guid": _text(entry, f"{_ATOM}id"),
        "description": _text(entry, *described),
        "pubDate": _text(entry, f"{_ATOM}published", f"{_ATOM}updated"),
        "image": _thumbnail(entry),
        **_of_podcast(entry),
    }


def _of_json(feed: Any) -> tuple[str, Iterable[Facts]]:
    if "jsonfeed.org/version" not in feed["version"]:
        raise ValueError("not a feed")
    return str(feed.get("title") or ""), map(_of_json_item, feed.get("items") or ())


def _of_json_item(item: Any) -> Facts:
    attached = [one for one in item.get("attachments") or () if isinstance(one, dict)]
    url = _playable([(str(one.get("url") or ""), str(one.get("mime_type") or "")) for one in attached])
    length = next((one.get("duration_in_seconds") for one in attached if one.get("url") == url), None)
    facts = {
        "url": url or item.get("url") or item.get("external_url"),
        "title": item.get("title"),
        "guid": item.get("id"),
        "description": item.get("content_text") or item.get("content_html") or item.get("summary"),
        "pubDate": item.get("date_published"),
        "image": item.get("image") or item.get("banner_image"),
        "duration": length,
    }
    return {name: str(value) for name, value in facts.items() if value is not None}


def _of_podcast(item: Any) -> Facts:
    """Return the facts of the podcast namespaces of an entry."""
    newer = {name: _text(item, *(f"{space}{name}" for space in _PODCAST)) for name in ("episode", "season")}
    own = {name: _text(item, f"{_ITUNES}{name}") for name in ("title", "duration", "episode", "season", "explicit")}
    return {f"itunes:{name}": value or newer.get(name, "") for name, value in own.items()}


def _of_media_rss(item: Any) -> list[tuple[str, str]]:
    """Return (address, type) of the media, the default and the best first."""
    found = [one for space in _MEDIA for one in item.iter(f"{space}content") if one.get("url")]
    found.sort(key=lambda one: (one.get("isDefault") != "true", -_number(one.get("bitrate") or one.get("height"))))
    return [(one.get("url") or "", one.get("type") or one.get("medium") or "") for one in found]


def _alternates(item: Any) -> list[tuple[str, str]]:
    """Return (address, type) of the alternate enclosures of the podcast namespace."""
    found = [one for space in _PODCAST for one in item.findall(f"{space}alternateEnclosure")]
    return [
        (source.get("uri") or "", one.get("type") or "")
        for one in found
        for space in _PODCAST
        for source in one.findall(f"{space}source")
        if (source.get("uri") or "").startswith("http")
    ]


def _playable(media: list[tuple[str, str]]) -> str:
    """Return the address of the first sound or film, else of the first of an unknown type."""
    named = [url for url, kind in media if url and _PLAYABLE.match(kind)]
    unknown = [url for url, kind in media if url and (not kind or kind == "application/octet-stream")]
    return next(iter(named + unknown), "")


def _thumbnail(item: Any) -> str:
    found = [one.get("url") for space in _MEDIA for one in item.iter(f"{space}thumbnail") if one.get("url")]
    return str(found[0]) if found else ""


def _text(element: Any, *paths: str) -> str:
    """Return the text of the first of these elements that has some, with that of the elements inside it."""
    for path in paths:
        for found in element.findall(path):
            if text := "".join(found.itertext()).strip():
                return text
    return ""


def _number(text: str | None) -> float:
    with contextlib.suppress(ValueError):
        return float(text or 0)
    return 0.0


# ---- writing ---------------------------------------------------------------------------------------------


def _written(title: str, entries: Iterable[Facts], url: str) -> bytes:
    rss = ElementTree.Element("rss", {"version": "2.0"})
    channel = ElementTree.SubElement(rss, "channel")
    _add(channel, "title", title)
    for facts, _ in zip(entries, range(_MAX_ENTRIES), strict=False):
        item = ElementTree.SubElement(channel, "item")
        link = urljoin(url, facts.get("url") or "") if facts.get("url") else ""
        _add(item, "link", link)
        for name in ("title", "guid", "description", "pubDate"):
            _add(item, name, facts.get(name, ""))
        for name in ("title", "duration", "episode", "season", "explicit"):
            _add(item, f"{_ITUNES}{name}", facts.get(f"itunes:{name}", ""))
        _add(item, f"{_ITUNES}duration", facts.get("duration", ""))
        if facts.get("image"):
            ElementTree.SubElement(item, f"{_ITUNES}image", {"href": urljoin(url, facts["image"])})
    written: bytes = ElementTree.tostring(rss, encoding="utf-8", xml_declaration=True)
    return written


def _add(parent: Any, name: str, text: str) -> None:
    if text:
        ElementTree.SubElement(parent, name).text = _CONTROLS.sub("", text)


_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # that XML cannot have
