"""Give the downloader the answer that the extractor opened, so that a plain file is requested once.

A signed or shared link may work only once. yt-dlp would request the file to look at it, and once more to fetch it. So
the unread answer is kept until the same address is requested again. The file of an interrupted attempt is resumed in
the same way: its first request already asks for the rest, and the extractor looks at the beginning that is stored.

A preview fetches nothing. It asks with HEAD, which such links do not count, and with GET only if the server does not
answer that with the type of a media file.
"""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mediafetcher.fetch.options import FILE_STEM

_NOTE = ".direct.json"  # the answer of an earlier attempt
_LOOKED_AT = 64 << 10  # bytes that an extractor may read of a file
_OCTETS = ("application/octet-stream", "binary/octet-stream", "application/force-download", "application/mp4")
_MEDIA_NAME = re.compile(
    r"\.(mp4|m4v|m4a|mkv|webm|mov|avi|ts|mts|mpe?g|flv|wmv|3gp|mp3|aac|ogg|oga|ogv|opus|flac|wav|wma)\"?(;|\s|$)"
)
_LISTS = re.compile(r"\.(m3u8?|mpd|f4m|ismc?|smil|xspf|xml|rss|atom|json|html?)$")  # of no use without their text
_PAGES = ("text/", "json", "xml", "mpegurl", "javascript")


class FirstAnswer:
    """The answer that is kept. `looking`: the extractors are at work. `previewed`: nothing will be fetched."""

    def __init__(self, folder: Path, *, previewed: bool = False) -> None:
        self.looking = True
        self._previewed = previewed
        self.disposition: dict[str, str] = {}  # by address: the Content-Disposition of a file
        self._folder = folder
        self._kept: tuple[set[str], str, Any] | None = None  # addresses, range, answer

    def open(self, request: Any, send: Callable[[Any], Any]) -> Any:
        """Return the kept answer to this request, or send it. Raises: as `send`."""
        if kept := self._take(request):
            return kept
        if self._previewed and looks_at_link(request) and (told := self._told_by_head(request, send)):
            return told
        ranged = self._resumes(request)
        if ranged:
            request.headers["Range"] = ranged
        asked = request.url
        response = send(request)
        if not self.looking or request.data is not None or request.method != "GET" or not _is_file(response):
            return response
        addresses = {asked, response.url}
        for address in addresses:
            self.disposition[address] = str(response.headers.get("Content-Disposition") or "")
        if ranged and response.status == 206:
            self._keep(addresses, ranged, response)
            return self._beginning(response)
        if response.status == 200 and not request.headers.get("Range"):
            response.fp = Replay(response.fp)
            self._keep(addresses, "", response)
            (self._folder / _NOTE).write_text(
                json.dumps([sorted(addresses), response.url, response.headers.get("Content-Type") or ""])
            )
        return response

    def _told_by_head(self, request: Any, send: Callable[[Any], Any]) -> Any:
        """Return an answer without a body if HEAD tells that the link is a media file; None: it does not tell."""
        from yt_dlp.networking import Response
        from yt_dlp.networking.exceptions import RequestError

        if _LISTS.search(urlsplit(request.url).path.lower()):
            return None
        question = request.copy()
        question.method = "HEAD"
        try:
            response = send(question)
        except RequestError:
            return None
        response.close()
        name = str(response.headers.get("Content-Disposition") or "")
        if response.status != 200 or not _is_media(response, name):
            return None
        for address in (request.url, response.url):
            self.disposition[address] = name
        return Response(io.BytesIO(), response.url, dict(response.headers), 200)

    def end(self) -> None:
        """Note that the extractors have ended: the next request for the kept answer is that of the downloader."""
        self.looking = False

    def _keep(self, addresses: set[str], ranged: str, response: Any) -> None:
        if self._kept:
            self._kept[2].close()
        self._kept = addresses, ranged, response

    def _take(self, request: Any) -> Any:
        kept = self._kept  # one look: another thread may take it meanwhile
        if not kept or request.data is not None or request.method != "GET":
            return None
        addresses, ranged, response = kept
        if request.url not in addresses:
            return None
        if self.looking:
            if ranged:
                return self._beginning(response)
            return response if response.fp.rewind() else None
        self._kept = None
        if ranged == (request.headers.get("Range") or "") and (ranged or response.fp.rewind()):
            return response
        response.close()
        return None

    def _resumes(self, request: Any) -> str:
        """Return the range of the rest of a file that an earlier attempt began; "" for all other requests."""
        # Not once the extractors have ended: the threads of the downloader rename the parts that are looked at here.
        if not self.looking or request.method != "GET" or request.headers.get("Range"):
            return ""
        part = self._part()
        if part is None:
            return ""
        addresses, _, _ = self._noted()
        return f"bytes={part.stat().st_size}-" if request.url in addresses else ""

    def _part(self) -> Path | None:
        found = [path for path in self._folder.glob(f"{FILE_STEM}.*.part") if path.stat().st_size]
        return found[0] if len(found) == 1 else None

    def _noted(self) -> tuple[list[str], str, str]:
        try:
            addresses, url, kind = json.loads((self._folder / _NOTE).read_text())
            return list(addresses), str(url), str(kind)
        except (OSError, ValueError, TypeError):
            return [], "", ""

    def _beginning(self, response: Any) -> Any:
        """Return an answer with the beginning of the stored part, which the extractor looks at."""
        from yt_dlp.networking import Response

        part = self._part()
        with part.open("rb") if part else io.BytesIO() as file:
            data = file.read(_LOOKED_AT)
        headers = {name: value for name, value in response.headers.items() if not name.lower().startswith("content-")}
        headers["Content-Type"] = response.headers.get("Content-Type") or self._noted()[2]
        return Response(io.BytesIO(data), response.url, headers, 200)


class Replay:
    """The body of an answer whose first bytes can be read again."""

    def __init__(self, plain: Any) -> None:
        self._plain = plain
        self._seen = b""
        self._at = 0

    def rewind(self) -> bool:
        """Begin again. Returns: whether that is possible; not after more than a look was read, or at its end."""
        self._at = 0
        return len(self._seen) <= _LOOKED_AT and not self._plain.closed

    def read(self, amount: int | None = None, **how: Any) -> bytes:
        left = self._seen[self._at :] if amount is None else self._seen[self._at : self._at + amount]
        if left:
            self._at += len(left)
            return left if amount is not None else left + bytes(self.read(None, **how))
        data: bytes = self._plain.read(amount, **how)
        if len(self._seen) <= _LOOKED_AT:
            self._seen += data[: _LOOKED_AT + 1]
            self._at += len(data)
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)


def looks_at_link(request: Any) -> bool:
    """Tell whether the generic extractor asks what the link is: it wants the bytes as they are."""
    return request.method == "GET" and request.data is None and request.headers.get("Accept-Encoding") == "identity"


def _is_media(response: Any, disposition: str) -> bool:
    """Tell whether the headers are those of a plain media file."""
    kind = (response.headers.get("Content-Type") or "").lower().partition(";")[0].strip()
    if kind.startswith(("audio/", "video/")):
        return "mpegurl" not in kind
    named = f"{urlsplit(response.url).path} {disposition}".lower()
    return kind in _OCTETS and bool(_MEDIA_NAME.search(named))


def _is_file(response: Any) -> bool:
    kind = (response.headers.get("Content-Type") or "").lower()
    return response.status in (200, 206) and not any(word in kind for word in _PAGES)
