"""Record a live stream (HLS, RFC 8216, or DASH). Part of the fetch child.

yt-dlp would hand it to FFmpeg, which opens network connections itself and takes cookies as arguments. So the pieces
are fetched here, by the same client as all else: through the gateway, with the cookies.

A recording (recording.py) ends with its playlist, after the requested seconds, on request, or
if nothing new appeared for too long. Until then a lost piece is a gap, an outage is waited for, and piece numbers
that restart begin a new part. Picture and sound may each have a playlist; they are joined outside.
"""

import errno
import time
from typing import Any, Protocol

from mediafetcher.fetch.child.streaming import dash_live, hls_playlist
from mediafetcher.fetch.child.streaming.hls_playlist import Piece, Playlist, Source
from mediafetcher.fetch.child.streaming.piece_client import PieceClient, PieceFailed
from mediafetcher.fetch.child.streaming.recording import Recording, Track

_FIRST_LOOKS = 4  # reads of a playlist that cannot be fetched, or is empty, before anything was recorded
_EDGE = 3  # pieces from the end at which a stream is joined (RFC 8216, 6.3.3)
_PIECE_TRIES = 3  # reads in which a piece is missing before it counts as lost
_BUSY_TRIES = 12  # the same, if the site does not answer that it is missing
_PAUSES = (0.1, 0.3)  # seconds before a busy site is asked again for a piece
_STALE_LOOKS = 3  # reads of a list that is behind ours before it counts as restarted
_QUIET = 6  # target durations without a new piece after which the stream has ended, and at least:
_QUIET_SECONDS = 20.0
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NotBegun(Exception):
    """The playlist exists, but it is empty."""


class Wishes:
    """The request: seconds at most, whether from the beginning, and how long an outage is tolerated."""

    def __init__(self, seconds: float, *, from_start: bool = False, outage: float = 60.0) -> None:
        self.seconds = seconds
        self.from_start = from_start
        self.outage = outage


def choose(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the HLS or DASH formats to record, as yt-dlp chose them: one with everything, or picture and sound.

    Raises: LookupError."""
    chosen = found.get("requested_formats") or [found]
    if all(is_hls(entry) for entry in chosen) or all(dash_live.is_live(entry) for entry in chosen):
        return list(chosen)
    formats = [entry for entry in found.get("formats") or [] if is_hls(entry)]
    whole = [entry for entry in formats if "none" not in (entry.get("vcodec"), entry.get("acodec"))]
    if whole:
        return whole[-1:]  # yt-dlp sorts them, the best last
    raise LookupError("this kind of live stream cannot be recorded")


def is_hls(entry: dict[str, Any]) -> bool:
    return str(entry.get("protocol") or "").startswith("m3u8")


class Reader(Protocol):
    """Reads the list of a stream."""

    def read(self) -> Playlist:
        """Return the list of this moment. Raises: `PieceFailed`, and ValueError for what is no such list."""


class HlsReader:
    """Reads a playlist."""

    def __init__(self, client: PieceClient, entry: dict[str, Any]) -> None:
        self._client = client
        self._url = str(entry.get("url") or entry["manifest_url"])

    def read(self) -> Playlist:
        text = self._client.text(self._url, hls_playlist.MAX_BYTES)
        return hls_playlist.parse(text, self._url)


def reader(client: PieceClient, entry: dict[str, Any], track: Track) -> Reader:
    """Return the reader for a format that `choose` returned."""
    return dash_live.Reader(client, entry, track) if dash_live.is_live(entry) else HlsReader(client, entry)


class Recorder:
    """One attempt at one recording."""

    def __init__(
        self, clients: list[PieceClient], readers: list[Reader], recording: Recording, channel: Any, wishes: Wishes
    ) -> None:
        self._channel = channel
        self._recording = recording
        self._wishes = wishes
        self._followers = [
            _Follower(client, own, track, recording, channel, wishes)
            for client, own, track in zip(clients, readers, recording.tracks, strict=True)
        ]
        self._began = time.monotonic()
        self._before = recording.size

    def record(self) -> None:
        """Record to the end. Raises: `NotBegun`, or the error of the last attempt if nothing was recorded at all."""
        first, *others = self._followers
        while not self._over():
            for follower in self._followers:
                if not follower.over:
                    follower.follow()
                for other in others:
                    other.begin = first.begin
                self._report()
            if not self._over():
                self._channel.wait(min(follower.pause for follower in self._followers))
        if not self._channel.finishing:
            for follower in self._followers:
                if not follower.over and self._recording.seconds < self._wishes.seconds:
                    follower.follow()  # up to the end of the other
        if not self._recording.size:
            raise NotBegun("this live event has not begun")
        if self._recording.gaps:
            self._channel.say("warning", message=f"{self._recording.gaps:.0f} seconds of the stream were lost")

    def _over(self) -> bool:
        if self._channel.finishing or self._recording.seconds >= self._wishes.seconds:
            return True
        return any(follower.over for follower in self._followers)

    def _report(self) -> None:
        done, seconds = self._recording.size, self._recording.seconds
        self._channel.progress(
            {
                "status": "downloading",
                "downloaded_bytes": done,
                "total_bytes_estimate": int(done * max(1.0, self._wishes.seconds / max(0.1, seconds))),
                "speed": (done - self._before) / max(0.1, time.monotonic() - self._began),
                "eta": max(0.0, self._wishes.seconds - seconds),
                "filename": "recording",
            }
        )


class _Follower:
    """Follows one playlist, read by read."""

    def __init__(
        self, client: PieceClient, reader: Reader, track: Track, recording: Recording, channel: Any, wishes: Wishes
    ) -> None:
        self.begin: int | None = None  # the number of the first piece of the first playlist
        self.over = False
        self.pause = 0.0  # seconds until the next read
        self._client = client
        self._reader = reader
        self._track = track
        self._recording = recording
        self._channel = channel
        self._wishes = wishes
        self._inits: dict[Source, bytes] = {}
        self._new_at = time.monotonic()  # time of the last new piece
        self._failed_looks = 0
        self._empty_looks = 0
        self._stale_looks = 0
        self._missing: dict[int, int] = {}  # number of reads in which each piece was missing

    def follow(self) -> None:
        """Read the playlist, and fetch its new pieces."""
        playlist = self._look()
        if playlist is None:
            return
        before = self._track.count
        ended = self._fetch(playlist) and playlist.ended
        fresh = self._track.count > before
        poll = playlist.poll or playlist.target
        self.pause = poll if fresh else poll / 2
        self._empty_looks = 0 if playlist.pieces else self._empty_looks + 1
        if not self._track.count and self._empty_looks >= _FIRST_LOOKS:
            raise NotBegun("this live event has not begun")
        if fresh:
            self._new_at = time.monotonic()
        quiet = min(self._wishes.outage, max(_QUIET_SECONDS, _QUIET * playlist.target))
        self.over = self.over or ended or time.monotonic() - self._new_at > quiet

    def _look(self) -> Playlist | None:
        """Return the current playlist; None if it cannot be fetched, which ends the recording if it persists."""
        try:
            playlist = self._reader.read()
        except (PieceFailed, ValueError) as error:
            if "DRM" in str(error):
                raise
            self._failed_looks += 1
            if not self._track.count and self._failed_looks >= _FIRST_LOOKS:
                raise
            self.pause = min(2.0, 0.1 * 2 ** min(self._failed_looks, 5))
            if time.monotonic() - self._new_at > self._wishes.outage:
                self._channel.say("warning", message="the live stream is unavailable: the recording so far is kept")
                self.over = True
            return None
        if self._failed_looks >= _FIRST_LOOKS:
            self._channel.say("warning", message="the live stream is back after an outage")
        self._failed_looks = 0
        return playlist

    def _fetch(self, playlist: Playlist) -> bool:
        """Fetch the new pieces. Returns: whether all of them arrived, or are permanently lost."""
        for piece in self._fresh(playlist):
            if self._channel.finishing:
                return False
            if not self._take(piece, last=piece is playlist.pieces[-1] and not playlist.ended):
                return False
            if self._track.seconds >= self._wishes.seconds:
                self.over = True
                return True
        return True

    def _fresh(self, playlist: Playlist) -> list[Piece]:
        pieces, last = playlist.pieces, self._track.last
        if not pieces:
            return []
        if last is None:
            return self._first(playlist)
        if self._restarts(pieces, last):
            self._channel.say("warning", message="the numbers of the live stream restarted")
            self._recording.break_off(self._track)
            return self._unseen(pieces)
        fresh = [piece for piece in pieces if piece.number > last]
        if fresh and fresh[0].number > last + 1:
            missing = fresh[0].number - last - 1
            self._channel.say(
                "warning", message=f"{missing} pieces of the live stream expired before they were fetched"
            )
            self._recording.lose(self._track, fresh[0].number - 1, "", missing * playlist.target)
            self._recording.break_off(self._track)
        return fresh

    def _first(self, playlist: Playlist) -> list[Piece]:
        """Return the first pieces: those of the other playlist, from the beginning if requested, or near the end."""
        pieces = playlist.pieces
        numbers = [piece.number for piece in pieces]
        if self.begin in numbers:
            return pieces[numbers.index(self.begin) :]
        whole = playlist.ended or playlist.kind == "EVENT" or self._wishes.from_start
        return pieces if whole else pieces[-_EDGE:]

    def _restarts(self, pieces: list[Piece], last: int) -> bool:
        """Tell whether the numbers restarted: the same number names another piece, or all are behind ours.

        A server behind a load balancer may show a slightly older list, so a list behind ours is read again.
        """
        both = [(piece, noted) for piece in pieces if (noted := self._track.known(piece.number)) and noted.name]
        if both and all(piece.name != noted.name for piece, noted in both):
            return True
        if pieces[-1].number >= last:
            self._stale_looks = 0
            return False
        self._stale_looks += 1
        if self._stale_looks < _STALE_LOOKS:
            return False
        self._stale_looks = 0
        piece = pieces[-1]
        noted = self._track.known(piece.number)
        if noted is None:
            return True
        try:
            return self._recording.differs(noted, self._client.piece(piece))
        except (PieceFailed, ValueError):
            return False

    def _unseen(self, pieces: list[Piece]) -> list[Piece]:
        """Return the pieces of a restarted list, without those that are stored under another number."""
        known = {noted.name: noted.number for noted in self._track.recent}
        unseen = [piece for piece in pieces if known.get(piece.name, piece.number) == piece.number]
        return unseen or pieces

    def _take(self, piece: Piece, *, last: bool) -> bool:
        """Fetch and store one piece, or record its loss. Returns: False if the next read has to try it again."""
        if piece.absent:
            self._lose(piece)
            return True
        try:
            init = self._init(piece.init)
            data = self._patient(piece)
        except PieceFailed as error:
            tries = self._missing[piece.number] = self._missing.get(piece.number, 0) + 1
            if not last and tries >= (_PIECE_TRIES if error.gone else _BUSY_TRIES):
                self._channel.say("warning", message=f"piece {piece.number} of the live stream is lost")
                self._lose(piece)
                return True
            return False
        except ValueError:  # it cannot be decrypted, or is far too large
            self._lose(piece)
            return True
        self._missing.clear()
        if self.begin is None:
            self.begin = piece.number
        self._keep(piece, data, init)
        return True

    def _patient(self, piece: Piece) -> bytes:
        """Fetch a piece, again at once if the site is busy: the list moves on meanwhile. Raises: `PieceFailed`."""
        for pause in _PAUSES:
            try:
                return self._client.piece(piece)
            except PieceFailed as error:
                if error.gone or error.status is None:
                    raise
            self._channel.wait(pause)
        return self._client.piece(piece)

    def _keep(self, piece: Piece, data: bytes, init: bytes | None) -> None:
        try:
            self._recording.append(self._track, piece, data, init)
        except OSError as error:
            if error.errno not in _FULL or not self._recording.size:
                raise
            self._channel.say(
                "warning", message="no space is left for more of the stream: the recording so far is kept"
            )
            self.over = True

    def _lose(self, piece: Piece) -> None:
        self._missing.clear()
        self._recording.lose(self._track, piece.number, piece.name, piece.seconds)

    def _init(self, source: Source | None) -> bytes | None:
        if source is None:
            return None
        if source not in self._inits:
            self._inits.clear()
            self._inits[source] = self._client.get(source)
        return self._inits[source]
