"""Let yt-dlp know which audio of an HLS stream is not the default.

RFC 8216, 4.3.4.1: `DEFAULT` is optional, and its absence means NO. yt-dlp takes audio without it for a default,
so dubbed audio could win over the one that the site plays.
"""

from typing import Any

_SOUND = "#EXT-X-MEDIA:"


def with_defaults(document: str) -> str:
    """Return the playlist in which each audio says whether it is the default, if one of them does."""
    if "DEFAULT=YES" not in document:
        return document
    lines = document.split("\n")
    return "\n".join(_marked(line) if line.startswith(_SOUND) else line for line in lines)


def _marked(line: str) -> str:
    if "TYPE=AUDIO" not in line or "DEFAULT=" in line:
        return line
    return f"{line.rstrip()},DEFAULT=NO"


def install(extractor: Any) -> None:
    """Run before yt-dlp's own parsing of playlists, once for each process."""
    read = extractor._parse_m3u8_formats_and_subtitles
    if getattr(read, "marks_defaults", False):
        return

    def marked(self: Any, m3u8_doc: str, *arguments: Any, **named: Any) -> Any:
        return read(self, with_defaults(m3u8_doc), *arguments, **named)

    marked.marks_defaults = True  # type: ignore[attr-defined]
    extractor._parse_m3u8_formats_and_subtitles = marked
