"""Resume an interrupted file, without ever mixing two versions of it.

yt-dlp resumes a file by requesting the rest, and checks only the position and length of the answer. If the
file changed meanwhile, the result would be half of each. So the server's version of the file (a strong ETag, else
the date and length) is kept in the job's folder, sent as `If-Range`, and compared again; without a version
the file is fetched from its beginning.

For streams in pieces, yt-dlp's own state is kept only if the child ended in order: after a kill it can be empty,
and yt-dlp would then append a second copy and report success.

Bytes received before a connection broke count too (`Body`): otherwise an unstable connection would never finish.
"""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BLOCK = 256 << 10  # bytes of a file that are read at once
MARKS = ".versions.json"
ORDERLY = ".orderly"
_MAX_MARKS = 64
_MOMENT = 0.2  # seconds
_OPEN_RANGE = re.compile(r"^bytes=[1-9]\d*-$")


def prepare(folder: Path) -> None:
    """Check the files of an earlier attempt, and discard those that cannot be trusted."""
    orderly = folder / ORDERLY
    if orderly.exists():
        orderly.unlink()
        return
    for state in folder.glob("*.ytdl"):
        base = state.name.removesuffix(".ytdl")
        for path in folder.iterdir():
            if path.name.startswith(base + ".part") or path == state:
                path.unlink(missing_ok=True)


def ended_in_order(folder: Path) -> None:
    (folder / ORDERLY).touch()


class Versions:
    """The versions of the files that are being fetched, on disk for the next attempt."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / MARKS
        try:
            found = json.loads(self._path.read_text())
            self._marks: dict[str, str] = found if isinstance(found, dict) else {}
        except (OSError, ValueError):
            self._marks = {}

    def open(self, request: Any, send: Callable[[Any], Any]) -> Any:
        """Send a request of yt-dlp; one that resumes a file gets the same version or the whole file."""
        if not _continues(request.headers.get("Range")):
            response = send(request)
            if _is_file(response):
                for url in {request.url, response.url}:  # after a redirect the rest is requested from its target
                    self._remember(url, _mark(response))
            return response
        mark = self._marks.get(_key(request.url))
        if not mark:
            del request.headers["Range"]  # the answer is the whole file, and yt-dlp begins again
            return send(request)
        request.headers["If-Range"] = mark
        response = self._rest(request, send, mark)
        if response is None:
            del request.headers["If-Range"], request.headers["Range"]
            response = send(request)
        if response.status == 200:
            self._remember(request.url, _mark(response))
        return response

    def _rest(self, request: Any, send: Callable[[Any], Any], mark: str) -> Any:
        """Return the rest of the file, or all of a changed one; None if the answer cannot be used."""
        try:
            response = send(request)
        except Exception as error:
            # The file ends at that position. yt-dlp would take a file of about this length for complete.
            if getattr(error, "status", None) == 416:
                return None
            raise
        if response.status == 206 and not _same_file_same_place(request, response, mark):
            response.close()
            return None
        return response

    def _remember(self, url: str, mark: str) -> None:
        key = _key(url)
        if self._marks.get(key, "") == mark:
            return
        if mark:
            self._marks[key] = mark
        else:
            self._marks.pop(key, None)
        while len(self._marks) > _MAX_MARKS:
            self._marks.pop(next(iter(self._marks)), None)
        self._path.write_text(json.dumps(self._marks))


class Body:
    """The body of an answer, replacing urllib3's: first all received bytes, then the error.

    urllib3 reads until it has the requested amount, and discards everything if that fails. For a file
    (its readers request BLOCK bytes) the bytes received within a moment are returned. A fast connection is read in big
    pieces, which halves the CPU time, and a slow one still progresses and loses nothing when the child is killed.
    """

    def __init__(self, plain: Any, on_break: Callable[[int], None] = lambda size: None) -> None:
        self._plain = plain
        self._broken: Exception | None = None
        self._size = 0
        self._on_break = on_break

    def read(self, amount: int, **how: Any) -> bytes:
        """Return up to this many bytes; fewer only of a file, or before the end or an error; none at the end.

        Raises: as urllib3, after everything has been returned, or what `on_break` raises.
        """
        if self._broken:
            self._on_break(self._size)
            raise self._broken
        parts: list[bytes] = []
        left, began = amount, time.monotonic()
        try:
            while left > 0 and (part := self._plain.read1(left, **how)):
                parts.append(part)
                left -= len(part)
                self._size += len(part)
                if amount == BLOCK and time.monotonic() - began > _MOMENT:
                    break
        except Exception as error:
            if not parts:
                self._on_break(self._size)
                raise
            self._broken = error
        return b"".join(parts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)


class NoMore(Exception):
    """A file that cannot be resumed ended early at the same place twice: its server sends nothing further."""


class Breaks:
    """The places at which whole files were interrupted. Another request would bring the same bytes."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}

    def note(self, url: str, size: int) -> None:
        """Record a place. Raises: `NoMore` if it is that of the last time."""
        if size and self._sizes.get(url) == size:
            raise NoMore(f"it ended after {size} bytes twice")
        self._sizes[url] = size


def keep_what_came(response: Any, breaks: Breaks) -> Any:
    """Return the response, with a `Body` if its own would lose bytes."""
    if hasattr(response.fp, "read1") and hasattr(response, "_requests_response"):
        whole, url = response.status == 200, response.url
        response.fp = Body(response.fp, lambda size: breaks.note(url, size) if whole else None)
    return response


def _continues(range_header: str | None) -> bool:
    """Tell whether a range resumes a file. Pieces that a playlist names by their bytes have an end, and do not."""
    return bool(_OPEN_RANGE.match(range_header or ""))


def _same_file_same_place(request: Any, response: Any, mark: str) -> bool:
    start = request.headers["Range"].removeprefix("bytes=").removesuffix("-")
    given = re.match(r"bytes (\d+)-", response.headers.get("Content-Range") or "")
    return _mark(response) in ("", mark) and given is not None and given[1] == start


def _is_file(response: Any) -> bool:
    """Tell a file from a page or a playlist: those are requested repeatedly, and never resumed."""
    kind = (response.headers.get("Content-Type") or "").lower()
    return response.status in (200, 206) and not kind.startswith("text/") and "mpegurl" not in kind


def is_bounded(response: Any) -> bool:
    """Tell whether the end of the body proves that all of it arrived. For a page or playlist it does not matter."""
    if not _is_file(response) or response.headers.get("Content-Length"):
        return True
    return "chunked" in (response.headers.get("Transfer-Encoding") or "").lower()


def _mark(response: Any) -> str:
    """Return a validator for `If-Range` (RFC 9110, 13.1.5): a strong ETag, else the date."""
    tag = response.headers.get("ETag") or ""
    if tag and not tag.startswith("W/"):
        return tag
    return "" if tag else response.headers.get("Last-Modified") or ""


def _key(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"
