"""Fetch a stream on demand piece by piece if it has several parts, each with a clock or a format of its own.

yt-dlp appends all pieces of a stream to one file. A second initialisation segment (EXT-X-MAP, a DASH period) makes
that file unreadable from there on, and clocks that restart put pictures in the wrong place. So each part becomes a
file of its own (recording.py), and they are joined outside. yt-dlp fetches a stream of one part.
"""

import time
from typing import Any
from urllib.parse import urljoin

from mediafetcher.fetch.child.streaming import hls_playlist, hls_recorder
from mediafetcher.fetch.child.streaming.dash_segments import PARTS
from mediafetcher.fetch.child.streaming.hls_playlist import Piece, Source
from mediafetcher.fetch.child.streaming.piece_client import PieceClient, PieceFailed
from mediafetcher.fetch.child.streaming.recording import Recording

_TRIES = 5
# Requirements of some extractors that only yt-dlp's own HLS code meets.
_OWN_WAY = ("hls_media_playlist_data", "extra_param_to_segment_url", "extra_param_to_key_url", "hls_aes")

Plan = list[list[Piece]]  # the pieces of each track
Looks = dict[str, hls_playlist.Playlist | None]  # by address: playlists that were read already


def look(client: PieceClient, entry: dict[str, Any], looks: Looks) -> hls_playlist.Playlist | None:
    """Read the playlist of a chosen format.

    Returns: None if it is no plain list of pieces, or cannot be read: yt-dlp reports why.
    """
    if not hls_recorder.is_hls(entry) or any(entry.get(name) for name in _OWN_WAY):
        return None
    url = str(entry.get("url") or "")
    if not url.startswith(("http://", "https://")):
        return None
    if url not in looks:
        try:
            text = client.text(url, hls_playlist.MAX_BYTES)
            looks[url] = hls_playlist.parse(text, url) if hls_playlist.is_media(text) else None
        except (OSError, ValueError):
            looks[url] = None
    return looks[url]


def plan(clients: list[PieceClient], chosen: list[dict[str, Any]], looks: Looks) -> Plan | None:
    """Return the pieces of each chosen format if one of them has several parts, or a playlist that yt-dlp misreads.

    None: yt-dlp fetches them.
    """
    tracks = []
    special = False
    for client, entry in zip(clients, chosen, strict=True):
        pieces = _of_periods(entry) if entry.get(PARTS) else _of_playlist(client, entry, looks)
        if not pieces:
            return None
        tracks.append(pieces)
        playlist = looks.get(str(entry.get("url") or ""))
        special = special or bool(playlist and playlist.special)
    return tracks if special or any(piece.breaks for pieces in tracks for piece in pieces[1:]) else None


def fetch(clients: list[PieceClient], tracks: Plan, recording: Recording, channel: Any) -> None:
    """Fetch all pieces, without those of an earlier attempt. Raises: `PieceFailed`."""
    total = sum(len(pieces) for pieces in tracks)
    began, before = time.monotonic(), recording.size
    for client, pieces, track in zip(clients, tracks, recording.tracks, strict=True):
        inits: dict[Source, bytes] = {}
        for piece in pieces[track.count :]:
            if piece.init and piece.init not in inits:
                inits = {piece.init: _patient(client, channel, Piece(0, piece.init, 0.0, {}, None, breaks=False))}
            recording.append(track, piece, _patient(client, channel, piece), inits[piece.init] if piece.init else None)
            count = sum(one.count for one in recording.tracks)
            channel.progress(
                {
                    "status": "downloading",
                    "downloaded_bytes": recording.size,
                    "total_bytes_estimate": int(recording.size * total / max(1, count)),
                    "speed": (recording.size - before) / max(0.1, time.monotonic() - began),
                    "filename": "pieces",
                }
            )


def _patient(client: PieceClient, channel: Any, piece: Piece) -> bytes:
    for turn in range(_TRIES):
        try:
            return client.piece(piece)
        except PieceFailed as error:
            if turn == _TRIES - 1 or error.gone:
                raise
        channel.wait(0.3 * 2**turn)
    raise AssertionError


def _of_playlist(client: PieceClient, entry: dict[str, Any], looks: Looks) -> list[Piece]:
    playlist = look(client, entry, looks)
    return [piece for piece in playlist.pieces if not piece.absent] if playlist and not playlist.live else []


def _of_periods(entry: dict[str, Any]) -> list[Piece]:
    """Return the pieces of a DASH format: in each period the first is its initialisation, if it has no duration."""
    pieces: list[Piece] = []
    base = entry.get("fragment_base_url") or ""
    for number, fragments in enumerate(entry[PARTS]):
        init: Source | None = None
        for at, fragment in enumerate(fragments):
            source = Source(fragment.get("url") or urljoin(base, fragment["path"]))
            if at == 0 and fragment.get("duration") is None and len(fragments) > 1:
                init = source
                continue
            breaks = number > 0 and at <= (1 if init else 0)
            seconds = float(fragment.get("duration") or 0.0)
            pieces.append(Piece(len(pieces), source, seconds, {}, init, breaks, period=number))
    return pieces
