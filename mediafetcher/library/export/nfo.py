"""The small XML file of a film that Kodi, Jellyfin and Emby read: https://kodi.wiki/view/NFO_files/Movies"""

import re
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

# Characters that XML 1.0 cannot contain, not even escaped (https://www.w3.org/TR/xml/#charsets).
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(row: dict[str, Any]) -> bytes:
    """Return the `<movie>` of an item: `title`, `duration` (s), `uploader`, `source_url`, `created_at`; None: unknown.

    The same item gives the same bytes.
    """
    duration, added, published = row["duration"], row["created_at"], _published(row)
    facts = {
        "title": row["title"],
        "plot": row.get("description"),
        "runtime": max(1, round(duration / 60)) if duration else None,  # minutes
        "premiered": published or None,
        "year": published[:4] or None,
        "genre": row.get("genre"),
        "studio": row["uploader"] or row.get("channel_name"),
        "website": row["source_url"],
        "dateadded": _day(added) if added else None,
    }
    lines = ['<?xml version="1.0" encoding="UTF-8" standalone="yes"?>', "<movie>"]
    lines += [f"  <{name}>{_text(value)}</{name}>" for name, value in facts.items() if value is not None]
    lines += [f"  <tag>{_text(tag)}</tag>" for tag in row.get("tags") or ()]
    if row.get("extractor") and row.get("extractor_id"):
        kind = quoteattr(_FORBIDDEN.sub("", str(row["extractor"])).lower())
        lines.append(f'  <uniqueid type={kind} default="true">{_text(row["extractor_id"])}</uniqueid>')
    return "\n".join([*lines, "</movie>", ""]).encode()


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _published(row: dict[str, Any]) -> str:
    """The day on which it was published, in UTC; empty if it is unknown."""
    moment = row.get("published_at")
    return moment.astimezone(UTC).strftime("%Y-%m-%d") if moment else ""


def _text(value: Any) -> str:
    return escape(_FORBIDDEN.sub("", str(value)))
