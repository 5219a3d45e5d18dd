"""Copy a music file with tags and a cover. The given file stays as it is, and no sound is encoded."""

from collections.abc import Mapping
from pathlib import Path

from mediafetcher.media import ffmpeg, transcode

_TIMEOUT = 120.0  # seconds without output of FFmpeg
SUFFIXES = (".m4a", ".mp3")
FIELDS = ("title", "artist", "album_artist", "album", "track", "date", "genre")


async def copy(source: Path, target: Path, tags: Mapping[str, str], cover: Path | None) -> None:
    """Make `target`, of the same kind as `source`, with these tags by FFmpeg's names.

    The same input gives the same bytes. Raises: `TranscodeFailed`, `MediaFull`.
    """
    arguments = ["-v", "error", *ffmpeg.SAFE_INPUT, "-i", f"file:{source}"]
    arguments += [*ffmpeg.SAFE_INPUT, "-i", f"file:{cover}"] if cover else []
    arguments += ["-map", "0:a:0", *(("-map", "1:v:0", "-disposition:v:0", "attached_pic") if cover else ())]
    arguments += ["-c", "copy", "-map_metadata", "-1", "-map_chapters", "0", "-fflags", "+bitexact"]
    for name in FIELDS:
        if tags.get(name):
            arguments += ["-metadata", f"{name}={tags[name]}"]
    if source.suffix == ".mp3":
        front = ["-metadata:s:v", "title=Album cover", "-metadata:s:v", "comment=Cover (front)"] if cover else []
        arguments += [*front, "-id3v2_version", "3", "-f", "mp3"]
    else:
        arguments += ["-movflags", "+faststart", "-f", "ipod"]
    await transcode.write(arguments, [source, *([cover] if cover else [])], target, timeout=_TIMEOUT)
