"""Lists of subscriptions from other programs: OPML, YouTube Takeout (CSV), NewPipe (JSON), FreeTube (JSON lines).

Runs in a parsing worker: see sandbox/parsing.py. The format is recognised by the content, never by a name.
"""

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mediafetcher.core import errors

MAX_FOUND = 10_000  # links of one list
_MAX_TITLE = 300
_CHANNEL = re.compile(r"^UC[A-Za-z0-9_-]{22}$")
_NOT_OF_XML = re.compile("[^\t\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FEED_OF_YOUTUBE = "/feeds/videos.xml"


@dataclass(frozen=True)
class Found:
    """A link of a list, as its program has it. `folder`: of the outline that it is in."""

    url: str
    title: str
    folder: str = ""


def parse(text: str) -> list[Found]:
    """Return the links of a list, each once. Raises: `UnknownList` for an unknown format, or a list without links."""
    text = text.lstrip("\ufeff \t\r\n")
    found = _opml(text) if text.startswith("<") else _json(text) if text.startswith(("{", "[")) else _csv(text)
    once = {one.url: one for one in reversed(list(found)) if one.url.startswith(("http://", "https://"))}
    if not once:
        raise errors.UnknownList()
    return list(reversed(once.values()))[:MAX_FOUND]


def _found(url: object, title: object, folder: str = "") -> Found:
    return Found(str(url or "").strip()[:2000], " ".join(str(title or "").split())[:_MAX_TITLE], folder)


def _opml(text: str) -> Iterator[Found]:
    """Yield the outlines with a link. Entities are refused: their expansion has no limit that we choose."""
    if "<!DOCTYPE" in text[:10_000].upper() or "<!ENTITY" in text.upper():
        raise errors.UnknownList()
    try:
        root = ElementTree.fromstring(text.encode())  # noqa: S314 (no entities, in a confined worker)
    except (ElementTree.ParseError, ValueError):
        raise errors.UnknownList() from None
    stack = [(root, "")]
    while stack:
        node, folder = stack.pop()
        name = node.get("title") or node.get("text") or ""
        feed, page = node.get("xmlUrl"), node.get("htmlUrl")
        if node.tag == "outline" and (feed or page):
            yield _found(_of_feed(feed or "") or page or feed, name, folder)
        elif node.tag == "outline":
            folder = "/".join(part for part in (folder, " ".join(name.replace("/", " ").split())[:100]) if part)
        stack += [(child, folder) for child in reversed(node)]


def _of_feed(feed: str) -> str:
    """Return the channel or playlist of a feed of YouTube, which lists only 15 entries; other feeds are followed."""
    try:
        parts = urlsplit(feed)
    except ValueError:
        return ""
    if not parts.path.endswith(_FEED_OF_YOUTUBE):
        return feed
    values = parse_qs(parts.query)
    if channel := values.get("channel_id"):
        return _channel(channel[0])
    if playlist := values.get("playlist_id"):
        return f"https://www.youtube.com/playlist?list={playlist[0]}"
    return feed


def _channel(id: str) -> str:
    return f"https://www.youtube.com/channel/{id}"


def _json(text: str) -> Iterator[Found]:
    """Yield the subscriptions of NewPipe (one object) or of FreeTube (an object in each line)."""
    try:
        documents: list[Any] = [json.loads(text)]
    except (ValueError, RecursionError):
        documents = list(_lines(text))
    for document in documents:
        rows = document.get("subscriptions") if isinstance(document, dict) else document
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict):
                url, id = row.get("url"), row.get("id")
                yield _found(
                    url or (_channel(id) if isinstance(id, str) and _CHANNEL.match(id) else ""), row.get("name")
                )


def _lines(text: str) -> Iterator[Any]:
    for line in text.splitlines():
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                raise errors.UnknownList() from None


def _csv(text: str) -> Iterator[Found]:
    """Yield the rows of Takeout: id, link and title of a channel. Its headings are in the user's language."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error:
        raise errors.UnknownList() from None
    for row in rows:
        cells = [cell.strip() for cell in row]
        link = next((cell for cell in cells if cell.startswith(("http://", "https://"))), "")
        id = next((cell for cell in cells if _CHANNEL.match(cell)), "")
        if link or id:
            rest = [cell for cell in cells if cell and cell not in (link, id)]
            yield _found(link or _channel(id), rest[-1] if rest else "")


def opml(rows: list[Found]) -> str:
    """Return subscriptions as OPML, in the outlines of their folders."""
    root = ElementTree.Element("opml", version="2.0")
    ElementTree.SubElement(ElementTree.SubElement(root, "head"), "title").text = "MediaFetcher"
    body = ElementTree.SubElement(root, "body")
    outlines = {"": body}
    for row in rows:
        parent, path = body, ""
        for part in row.folder.split("/") if row.folder else ():
            path = f"{path}/{part}" if path else part
            if path not in outlines:
                outlines[path] = ElementTree.SubElement(parent, "outline", text=part, title=part)
            parent = outlines[path]
        title = _NOT_OF_XML.sub(" ", row.title)
        facts = {"type": "rss", "text": title, "title": title, "xmlUrl": row.url, "htmlUrl": row.url}
        ElementTree.SubElement(parent, "outline", facts)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
