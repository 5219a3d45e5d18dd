"""Conditional and range requests (RFC 9110): the bytes and headers of an answer.

One range is served. Several ranges are answered with the whole file, as the RFC allows. A malformed range is ignored,
one beyond the end is answered 416. Ranges apply only to GET.
"""

import re
from collections.abc import Callable
from email.utils import formatdate, parsedate_to_datetime
from typing import NamedTuple

_RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$")


class Part(NamedTuple):
    """The answer: status, headers, and the bytes from `start` to `end` (exclusive)."""

    status: int
    headers: dict[str, str]
    start: int
    end: int


def plan(method: str, get: Callable[[str], str | None], *, size: int, modified: float, tag: str) -> Part:
    """Plan an answer. `get(name)` reads a request header; `tag` is the strong validator without quotes, `modified` in
    s.
    """
    etag, last = f'"{tag}"', formatdate(int(modified), usegmt=True)
    headers = {"accept-ranges": "bytes", "etag": etag, "last-modified": last}
    if _not_modified(get, etag, int(modified)):
        return Part(304, headers, 0, 0)
    asked = get("range")
    if method == "GET" and asked and get("if-range") in (None, etag, last):
        wanted = _parse(asked, size)
        if wanted is not None:
            start, end = wanted
            if start >= end:
                unsatisfied = {"content-range": f"bytes */{size}", "content-length": "0"}
                return Part(416, headers | unsatisfied, 0, 0)
            part = {"content-range": f"bytes {start}-{end - 1}/{size}", "content-length": str(end - start)}
            return Part(206, headers | part, start, end)
    return Part(200, headers | {"content-length": str(size)}, 0, size)


def _parse(asked: str, size: int) -> tuple[int, int] | None:
    """Parse one range. Returns: (start, end), empty if it lies beyond the end; None to send the whole file."""
    match = _RANGE.match(asked.strip())
    if not match or not (match[1] or match[2]):
        return None
    if not match[1]:
        return max(0, size - int(match[2])), size
    start = int(match[1])
    if match[2] and int(match[2]) < start:
        return None
    return start, min(int(match[2]) + 1, size) if match[2] else size


def matches(known: str | None, etag: str) -> bool:
    """Tell whether the header If-None-Match names this validator."""
    tags = [tag.strip().removeprefix("W/") for tag in (known or "").split(",")]
    return "*" in tags or etag in tags


def _not_modified(get: Callable[[str], str | None], etag: str, modified: int) -> bool:
    known = get("if-none-match")
    if known is not None:
        return matches(known, etag)
    since = get("if-modified-since")
    if since is None:
        return False
    try:
        return modified <= parsedate_to_datetime(since).timestamp()
    except (ValueError, TypeError, OverflowError):
        return False
