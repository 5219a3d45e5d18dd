"""Record a live stream (HLS, RFC 8216), on the side of the fetch child.

yt-dlp would hand it to FFmpeg, which opens the network by itself and takes cookies as arguments. So the pieces are
fetched here, by the same client as all else: behind the gate, with the jar. The stream ends with its playlist, or
after the seconds that were asked for.
"""

import re
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin

from mediafetcher.fetching.options import FILE_STEM

_LOOKS = 4  # at a playlist that is away, or empty, before it counts
_EDGE = 3  # pieces from the end where a stream is joined (RFC 8216, 6.3.3)
_MAX_PIECE = 256 << 20
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')


class NotBegun(Exception):
    """There is a playlist, and nothing in it."""


class Piece(NamedTuple):
    number: int
    url: str
    seconds: float
    key: dict[str, str]
    head: str | None  # what must come before the first piece (EXT-X-MAP)


class Look(NamedTuple):
    """A playlist at one moment."""

    pieces: list[Piece]
    target: float  # the longest piece, in seconds
    ended: bool


def parse(text: str, url: str) -> Look:
    """Raises ValueError for what is no playlist, or of a kind that is not understood."""
    if not text.lstrip("\ufeff").startswith("#EXTM3U"):
        raise ValueError("failed to parse the playlist of the live stream")
    number, target, ended, seconds = 0, 5.0, False, 0.0
    key: dict[str, str] = {}
    head: str | None = None
    pieces: list[Piece] = []
    for line in text.splitlines():
        name, _, value = line.strip().partition(":")
        if name == "#EXT-X-MEDIA-SEQUENCE":
            number = int(value)
        elif name == "#EXT-X-TARGETDURATION":
            target = min(60.0, max(0.2, float(value)))
        elif name == "#EXTINF":
            seconds = float(value.partition(",")[0])
        elif name in ("#EXT-X-KEY", "#EXT-X-MAP"):
            found = {part[0]: part[1].strip('"') for part in _ATTRIBUTE.findall(value)}
            if name == "#EXT-X-MAP":
                head = urljoin(url, found["URI"])
            else:
                key = _key(found, url)
        elif name == "#EXT-X-BYTERANGE":
            raise ValueError("requested format: a live stream in ranges of bytes")
        elif name == "#EXT-X-ENDLIST":
            ended = True
        elif line.strip() and not line.startswith("#"):
            pieces.append(Piece(number, urljoin(url, line.strip()), seconds, key, head))
            number += 1
    return Look(pieces, target, ended)


def _key(found: dict[str, str], url: str) -> dict[str, str]:
    if found.get("METHOD") == "NONE":
        return {}
    if found.get("METHOD") != "AES-128" or found.get("KEYFORMAT", "identity") != "identity":
        raise ValueError("This stream is DRM protected")
    return {"url": urljoin(url, found["URI"]), "iv": found.get("IV", "")}


def choose(found: dict[str, Any], height: int | None) -> dict[str, Any]:
    """The best format that is one HLS playlist with all in it. Raises LookupError."""
    formats = found.get("formats") or [found]
    whole = [
        entry
        for entry in formats
        if str(entry.get("protocol") or "").startswith("m3u8")
        and "none" not in (entry.get("vcodec"), entry.get("acodec"))
    ]
    low = [entry for entry in whole if not height or (entry.get("height") or 0) <= height]
    if not whole:
        raise LookupError("this kind of live stream cannot be recorded")
    return (low or whole[:1])[-1]  # yt-dlp sorts them, the best last


class Recorder:
    """One recording into one file."""

    def __init__(self, client: Any, chosen: dict[str, Any], folder: Path, channel: Any, longest: float) -> None:
        self._client = client
        self._url = chosen.get("url") or chosen["manifest_url"]
        self._headers = chosen.get("http_headers") or {}
        self._folder = folder
        self._channel = channel
        self._longest = longest
        self._keys: dict[str, bytes] = {}
        self._head: str | None = None
        self._last: int | None = None
        self._done = 0
        self.seconds = 0.0

    def record(self) -> str:
        """Record to the end -> the name of the file. Raises `NotBegun`, or what the last try said."""
        name = f"{FILE_STEM}.live"
        began = time.monotonic()
        empty = 0
        with (self._folder / name).open("wb") as out:
            while self.seconds < self._longest:
                look = self._look()
                if look is None:
                    break
                fresh = self._fresh(look)
                for piece in fresh:
                    self._write(out, piece)
                    self._say(began)
                    if self.seconds >= self._longest:
                        break
                empty = 0 if fresh else empty + 1
                if look.ended or empty > _LOOKS * 4:
                    break
                if self.seconds == 0 and empty >= _LOOKS:
                    raise NotBegun("this live event has not begun")
                self._wait(look.target if fresh else look.target / 2)
        if not self._done:
            raise NotBegun("this live event has not begun")
        return name

    def _look(self) -> Look | None:
        """The playlist now; None where it went away after something was recorded, which is an end too."""
        for turn in range(_LOOKS):
            try:
                return parse(self._get(self._url, 4 << 20).decode("utf-8", "replace"), self._url)
            except OSError:
                if turn == _LOOKS - 1 and not self._done:
                    raise
            self._wait(0.5 * 2**turn)
        self._channel.say("warning", message="the live stream went away: what was recorded until then is kept")
        return None

    def _fresh(self, look: Look) -> list[Piece]:
        if self._last is None:
            return look.pieces if look.ended else look.pieces[-_EDGE:]
        fresh = [piece for piece in look.pieces if piece.number > (self._last or 0)]
        if fresh and fresh[0].number > self._last + 1:
            missing = fresh[0].number - self._last - 1
            self._channel.say("warning", message=f"{missing} pieces of the live stream were gone before they came")
        return fresh

    def _write(self, out: Any, piece: Piece) -> None:
        if piece.head and piece.head != self._head:
            out.write(self._get(piece.head, _MAX_PIECE))
            self._head = piece.head
        data = self._open(self._piece(piece), piece)
        out.write(data)
        out.flush()
        self._last = piece.number
        self._done += len(data)
        self.seconds += piece.seconds

    def _piece(self, piece: Piece) -> bytes:
        for turn in range(_LOOKS):
            try:
                return self._get(piece.url, _MAX_PIECE)
            except OSError:
                if turn == _LOOKS - 1:
                    raise
            self._wait(0.3 * 2**turn)
        raise AssertionError

    def _open(self, data: bytes, piece: Piece) -> bytes:
        if not piece.key:
            return data
        from yt_dlp.aes import aes_cbc_decrypt_bytes, unpad_pkcs7

        url, iv = piece.key["url"], piece.key["iv"]
        if url not in self._keys:
            self._keys[url] = self._get(url, 1024)
        start = int(iv, 16) if iv else piece.number
        return bytes(unpad_pkcs7(aes_cbc_decrypt_bytes(data, self._keys[url], start.to_bytes(16, "big"))))

    def _get(self, url: str, limit: int) -> bytes:
        """Raises OSError, as everything of the network is one here."""
        from yt_dlp.networking import Request
        from yt_dlp.networking.exceptions import RequestError

        self._channel.check()
        try:
            response = self._client.urlopen(Request(url, headers=self._headers))
            data: bytes = response.read(limit + 1)
            response.close()
        except RequestError as error:
            raise OSError(str(error)) from error
        if len(data) > limit:
            raise ValueError("larger than a piece of a live stream may be")
        return data

    def _say(self, began: float) -> None:
        self._channel.progress(
            {
                "status": "downloading",
                "downloaded_bytes": self._done,
                "total_bytes_estimate": int(self._done * max(1.0, self._longest / max(0.1, self.seconds))),
                "speed": self._done / max(0.1, time.monotonic() - began),
                "eta": max(0.0, self._longest - self.seconds),
                "filename": f"{FILE_STEM}.live",
            }
        )

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._channel.check()
            time.sleep(min(0.1, seconds))
