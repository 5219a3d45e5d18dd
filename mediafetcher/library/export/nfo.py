"""The small XML file of a film that Kodi, Jellyfin and Emby read: https://kodi.wiki/view/NFO_files/Movies"""

import re
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

# Characters that XML 1.0 cannot contain, not even escaped (https://www.w3.org/TR/xml/#charsets).
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(row: dict[str, Any]) -> bytes:
    """Return the `<movie>` of an item: `title`, `duration` (s), `uploader`, `source_url`, `created_at`; None: unknown.

    The same item gives the same bytes.
    """
    duration, added = row["duration"], row["created_at"]
    facts = {
        "title": row["title"],
        "runtime": max(1, round(duration / 60)) if duration else None,  # minutes
        "studio": row["uploader"],
        "website": row["source_url"],
        "dateadded": _day(added) if added else None,
    }
    lines = ['<?xml version="1.0" encoding="UTF-8" standalone="yes"?>', "<movie>"]
    lines += [f"  <{name}>{_text(value)}</{name}>" for name, value in facts.items() if value is not None]
    return "\n".join([*lines, "</movie>", ""]).encode()


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _text(value: Any) -> str:
    return escape(_FORBIDDEN.sub("", str(value)))
