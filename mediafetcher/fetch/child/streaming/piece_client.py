"""Fetch the pieces of a stream by yt-dlp's client: through the gateway, with cookies, within the speed limit."""

import contextlib
import time
from email.utils import parsedate_to_datetime
from typing import Any

from mediafetcher.fetch.child.streaming.hls_playlist import Piece, Source

MAX_PIECE = 256 << 20  # bytes
_CHUNK = 64 << 10
_KEYS = 64  # keys that are cached
_GONE = (403, 404, 410)


class PieceFailed(OSError):
    """The network or the site failed. `status` is that of HTTP, if the site answered."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status

    @property
    def gone(self) -> bool:
        """Tell whether the site answered that the piece does not exist."""
        return self.status in _GONE


class PieceClient:
    """Fetches for one playlist. `rate`: bytes per second, or None."""

    def __init__(self, client: Any, headers: dict[str, str], channel: Any, rate: float | None = None) -> None:
        self._client = client
        self._headers = headers
        self._channel = channel
        self._rate = rate
        self._keys: dict[str, bytes] = {}
        self.located = ""  # the address that the last answer came from, after redirects
        self.date: float | None = None  # the clock of the server at the last answer, in seconds since 1970

    def text(self, url: str, limit: int) -> str:
        return self.get(Source(url), limit).decode("utf-8", "replace")

    def get(self, source: Source, limit: int = MAX_PIECE) -> bytes:
        """Fetch all of it. Raises: `PieceFailed`, and ValueError if it is larger than `limit` bytes."""
        from yt_dlp.networking import Request
        from yt_dlp.networking.exceptions import RequestError

        self._channel.check()
        headers = dict(self._headers)
        if source.range:
            headers["Range"] = f"bytes={source.range.start}-{source.range.end - 1}"
        try:
            response = self._client.urlopen(Request(source.url, headers=headers))
            self.located, self.date = response.url, _date(response.headers.get("Date"))
            try:
                data = self._read(response, limit)
            finally:
                response.close()
        except RequestError as error:
            raise PieceFailed(str(error), getattr(error, "status", None)) from error
        if len(data) > limit:
            raise ValueError("larger than a piece of a stream may be")
        if source.range and response.status == 200:  # the site does not support ranges and sent the whole file
            data = data[source.range.start : source.range.end]
        return data

    def piece(self, piece: Piece) -> bytes:
        """Fetch a piece and decrypt it. Raises: as `get`."""
        data = self.get(piece.source)
        if not piece.key:
            return data
        from yt_dlp.aes import aes_cbc_decrypt_bytes, unpad_pkcs7

        url, iv = piece.key["url"], piece.key["iv"]
        if url not in self._keys:
            while len(self._keys) >= _KEYS:
                self._keys.pop(next(iter(self._keys)))
            self._keys[url] = self.get(Source(url), 1024)
        start = int(iv, 16) if iv else piece.number
        return bytes(unpad_pkcs7(aes_cbc_decrypt_bytes(data, self._keys[url], start.to_bytes(16, "big"))))

    def _read(self, response: Any, limit: int) -> bytes:
        parts: list[bytes] = []
        size, began = 0, time.monotonic()
        while size <= limit and (part := response.read(_CHUNK)):
            self._channel.check()
            parts.append(part)
            size += len(part)
            if self._rate and (early := size / self._rate - (time.monotonic() - began)) > 0:
                self._channel.wait(early)
        return b"".join(parts)


def _date(header: str | None) -> float | None:
    with contextlib.suppress(ValueError, TypeError):
        return parsedate_to_datetime(header or "").timestamp()
    return None
