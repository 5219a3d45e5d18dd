"""Record a live stream (HLS, RFC 8216), on the side of the fetch child.

yt-dlp would hand it to FFmpeg, which opens the network by itself and takes cookies as arguments. So the pieces are
fetched here, by the same client as all else: behind the gate, with the jar. The stream ends with its playlist, or
after the seconds that were asked for. Picture and sound may each have a playlist; they are joined outside.
"""

import re
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin

from mediafetcher.fetch.options import FILE_STEM

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


def choose(found: dict[str, Any], height: int | None) -> list[dict[str, Any]]:
    """The HLS playlists to record: one that has all, else picture and sound. `height` None: only the sound is wanted.

    Raises LookupError.
    """
    formats = [
        entry for entry in found.get("formats") or [found] if str(entry.get("protocol") or "").startswith("m3u8")
    ]
    whole = [entry for entry in formats if "none" not in (entry.get("vcodec"), entry.get("acodec"))]
    sounds = [entry for entry in formats if entry.get("vcodec") == "none" and entry.get("acodec") != "none"]
    pictures = [entry for entry in formats if entry.get("acodec") == "none" and entry.get("vcodec") != "none"]
    if height is None and sounds:
        return sounds[-1:]  # yt-dlp sorts them, the best last
    if whole or pictures:
        return [_highest(whole or pictures, height), *([] if whole else sounds[-1:])]
    raise LookupError("this kind of live stream cannot be recorded")


def _highest(formats: list[dict[str, Any]], height: int | None) -> dict[str, Any]:
    low = [entry for entry in formats if not height or (entry.get("height") or 0) <= height]
    return (low or formats[:1])[-1]


class Recorder:
    """One recording: a file for each playlist, which are joined at the same piece of the stream."""

    def __init__(self, client: Any, chosen: list[dict[str, Any]], folder: Path, channel: Any, longest: float) -> None:
        self._channel = channel
        self._tracks = [
            _Track(client, entry, folder / f"{FILE_STEM}.live{number or ''}", channel, longest)
            for number, entry in enumerate(chosen)
        ]

    @property
    def seconds(self) -> float:
        return min(track.seconds for track in self._tracks)

    def record(self) -> list[str]:
        """Record to the end -> the names of the files. Raises `NotBegun`, or what the last try said."""
        first, *others = self._tracks
        while not any(track.over for track in self._tracks):
            for track in self._tracks:
                track.follow()
                for other in others:
                    other.begin = first.begin
            if not any(track.over for track in self._tracks):
                _wait(self._channel, min(track.pause for track in self._tracks))
        for track in self._tracks:
            if not track.over:
                track.follow()  # up to where the other ended
        if not all(track.seconds for track in self._tracks):
            raise NotBegun("this live event has not begun")
        return [track.path.name for track in self._tracks]


class _Track:
    """One playlist, recorded into one file look by look."""

    def __init__(self, client: Any, chosen: dict[str, Any], path: Path, channel: Any, longest: float) -> None:
        self.path = path
        self.begin: int | None = None  # the number of the first piece
        self.over = False
        self.pause = 0.0  # seconds until the next look
        self.seconds = 0.0
        self._client = client
        self._url = chosen.get("url") or chosen["manifest_url"]
        self._headers = chosen.get("http_headers") or {}
        self._channel = channel
        self._longest = longest
        self._began = time.monotonic()
        self._keys: dict[str, bytes] = {}
        self._head: str | None = None
        self._last: int | None = None
        self._done = 0
        self._empty = 0  # looks that brought nothing, one after the other
        path.unlink(missing_ok=True)

    def follow(self) -> None:
        """One look, and what is new in it."""
        look = self._look()
        if look is None:
            self.over = True
            return
        fresh = self._fresh(look)
        with self.path.open("ab") as out:
            for piece in fresh:
                self._write(out, piece)
                if self.seconds >= self._longest:
                    self.over = True
                    return
        self._empty = 0 if fresh else self._empty + 1
        self.over = look.ended or self._empty > _LOOKS * 4
        if not self.seconds and self._empty >= _LOOKS:
            raise NotBegun("this live event has not begun")
        self.pause = look.target if fresh else look.target / 2

    def _look(self) -> Look | None:
        """The playlist now; None where it went away after something was recorded, which is an end too."""
        for turn in range(_LOOKS):
            try:
                return parse(self._get(self._url, 4 << 20).decode("utf-8", "replace"), self._url)
            except OSError:
                if turn == _LOOKS - 1 and not self._done:
                    raise
            _wait(self._channel, 0.5 * 2**turn)
        self._channel.say("warning", message="the live stream went away: what was recorded until then is kept")
        return None

    def _fresh(self, look: Look) -> list[Piece]:
        if self._last is None:
            return self._first(look)
        fresh = [piece for piece in look.pieces if piece.number > (self._last or 0)]
        if fresh and fresh[0].number > self._last + 1:
            missing = fresh[0].number - self._last - 1
            self._channel.say("warning", message=f"{missing} pieces of the live stream were gone before they came")
        return fresh

    def _first(self, look: Look) -> list[Piece]:
        """Where to join the stream: with the other playlist where the numbers allow it, else near its end."""
        numbers = [piece.number for piece in look.pieces]
        if self.begin in numbers:
            return look.pieces[numbers.index(self.begin) :]
        return look.pieces if look.ended else look.pieces[-_EDGE:]

    def _write(self, out: Any, piece: Piece) -> None:
        if piece.head and piece.head != self._head:
            out.write(self._get(piece.head, _MAX_PIECE))
            self._head = piece.head
        data = self._open(self._piece(piece), piece)
        out.write(data)
        out.flush()
        self.begin = piece.number if self._last is None else self.begin
        self._last = piece.number
        self._done += len(data)
        self.seconds += piece.seconds
        self._say()

    def _piece(self, piece: Piece) -> bytes:
        for turn in range(_LOOKS):
            try:
                return self._get(piece.url, _MAX_PIECE)
            except OSError:
                if turn == _LOOKS - 1:
                    raise
            _wait(self._channel, 0.3 * 2**turn)
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

    def _say(self) -> None:
        self._channel.progress(
            {
                "status": "downloading",
                "downloaded_bytes": self._done,
                "total_bytes_estimate": int(self._done * max(1.0, self._longest / max(0.1, self.seconds))),
                "speed": self._done / max(0.1, time.monotonic() - self._began),
                "eta": max(0.0, self._longest - self.seconds),
                "filename": self.path.name,
            }
        )


def _wait(channel: Any, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        channel.check()
        time.sleep(min(0.1, seconds))
