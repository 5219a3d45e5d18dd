"""Subtitles of HLS streams (RFC 8216, 3.5). Part of the fetch child.

A playlist names WebVTT pieces. Their times count from a clock that `X-TIMESTAMP-MAP` relates to that of the picture.
yt-dlp names them by language alone, so this tells forced ones and several of one language apart. The pieces are
written as plain cues (JSON lines), one file for each part of the stream; their position in the film is known outside
(media/webvtt.py), once the picture's clock is.
"""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from mediafetcher.fetch.child.streaming import hls_playlist, main_sound
from mediafetcher.fetch.child.streaming.hls_playlist import Piece
from mediafetcher.fetch.child.streaming.piece_client import PieceClient
from mediafetcher.fetch.child.subtitles import text_samples
from mediafetcher.fetch.options import FILE_STEM
from mediafetcher.media import webvtt

FORMATS = "mf_subtitles"  # key of a format: the subtitles that its master playlist names
_MAX_TEXT = 8 << 20  # bytes of one text
_MAX_PIECES = 20_000
_CLOCK = 90_000  # ticks in a second
_MAP = re.compile(r"^X-TIMESTAMP-MAP[=:](?P<rest>.*)$", re.MULTILINE)
_MPEG = re.compile(r"MPEGTS:(-?\d{1,20})")
_LOCAL = re.compile(r"LOCAL:([\d:.]{1,20})")
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')


def install(extractor: Any) -> None:
    """Make yt-dlp's parsing of master playlists report more about subtitles, once for each process."""
    read = extractor._parse_m3u8_formats_and_subtitles
    if getattr(read, "tells_subtitles", False):
        return

    def telling(self: Any, m3u8_doc: str, m3u8_url: str | None = None, *arguments: Any, **named: Any) -> Any:
        m3u8_doc = hls_playlist.with_values(m3u8_doc, m3u8_url or "")
        formats, subtitles = read(self, m3u8_doc, m3u8_url, *arguments, **named)
        _mark(m3u8_doc, m3u8_url or "", subtitles)
        main_sound.mark(formats, main_sound.of_hls(m3u8_doc, m3u8_url or ""), "url")
        if subtitles:
            for entry in formats:
                entry[FORMATS] = subtitles
        return formats, subtitles

    telling.tells_subtitles = True  # type: ignore[attr-defined]
    telling.marks_defaults = True  # type: ignore[attr-defined]
    extractor._parse_m3u8_formats_and_subtitles = telling


def _mark(document: str, url: str, subtitles: dict[str, list[dict[str, Any]]]) -> None:
    """Add to each text whether it is forced, and whether it is the default."""
    told = {}
    for line in document.splitlines():
        if line.startswith("#EXT-X-MEDIA:") and "TYPE=SUBTITLES" in line:
            named = {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line)}
            told[urljoin(url, named.get("URI", ""))] = named
    for texts in subtitles.values():
        for text in texts:
            named = told.get(text.get("url") or "", {})
            text["mf_forced"] = named.get("FORCED") == "YES"
            text["mf_default"] = named.get("DEFAULT") == "YES"


def is_hls(text: dict[str, Any]) -> bool:
    return str(text.get("protocol") or "").startswith("m3u8")


def fetch(client: PieceClient, url: str, name: str, folder: Path) -> list[list[Any]]:
    """Fetch a text.

    Returns: for each part [file, whether its times are on the picture's clock]. Raises: OSError, ValueError."""
    playlist = hls_playlist.parse(client.text(url, hls_playlist.MAX_BYTES), url)
    parts: list[list[Any]] = []
    lines: list[str] = []
    mapped = False
    for piece in playlist.pieces[:_MAX_PIECES]:
        if piece.absent:
            continue
        if piece.breaks and lines:
            parts.append(_write(folder, name, len(parts), lines, mapped=mapped))
            lines, mapped = [], False
        found, tied = _cues(client, piece)
        lines += found
        mapped = mapped or tied
    parts.append(_write(folder, name, len(parts), lines, mapped=mapped))
    return parts


def _cues(client: PieceClient, piece: Piece) -> tuple[list[str], bool]:
    data = client.piece(piece)
    if len(data) > _MAX_TEXT:
        raise OSError("too large")
    if text_samples.is_mp4(data):
        head = client.get(piece.init, _MAX_TEXT) if piece.init else b""
        found = text_samples.cues(head, data)
        return [json.dumps((round(start, 3), round(end, 3), "", text.split("\n"))) for start, end, text in found], True
    text = webvtt.decode(data)
    offset = _offset(text)
    return [json.dumps(cue) for cue in webvtt.cues(text, offset or 0.0)], offset is not None


def _offset(text: str) -> float | None:
    """Return the seconds that convert the times of a piece to the picture's clock; None if it does not say."""
    found = _MAP.search(text[:4096])
    if found is None:
        return None
    ticks, local = _MPEG.search(found["rest"]), _LOCAL.search(found["rest"])
    if ticks is None:
        return None
    return int(ticks[1]) / _CLOCK - ((webvtt.seconds(local[1]) or 0.0) if local else 0.0)


def _write(folder: Path, name: str, number: int, lines: list[str], *, mapped: bool) -> list[Any]:
    """Write one line for each cue. A cue that a piece repeats from the one before is written once."""
    file = f"{FILE_STEM}.sub.{name}.{number}.cues"
    (folder / file).write_text("\n".join(dict.fromkeys(lines)), encoding="utf-8")
    return [file, mapped]
