"""A picture of a film for the library: one frame of it as a small JPEG."""

from pathlib import Path
from typing import TYPE_CHECKING

from mediafetcher.media import ffmpeg
from mediafetcher.sandbox import child_files

if TYPE_CHECKING:
    from mediafetcher.media.probe import Facts

NAME = "poster.jpg"
# Non-square pixels (DVDs, some cameras) are drawn square; ratios beyond these are implausible.
_SQUARE = "scale='iw*max(1,clip(sar,0.25,4))':'ih/min(1,clip(sar,0.25,4))',setsar=1"
_WIDTH = 640
_TIMEOUT = 60.0
_SOON = 2.0  # seconds


async def draw(source: Path, target: Path, facts: "Facts") -> bool:
    """Draw a JPEG at most 640 pixels wide, a tenth into the film, or a cover. Returns: whether one was drawn."""
    if facts.video:
        stream, at = facts.video.index, (facts.duration or 0) / 10
    elif facts.picture is not None:
        stream, at = facts.picture, None
    else:
        return False
    try:
        for skip in dict.fromkeys((_skipped(at), ())):
            if (await _run(["-v", "error", *skip], source, target, str(stream), at))[0]:
                return True
    except ffmpeg.Stuck:
        pass
    return False


async def draw_picture(source: Path, target: Path) -> bool:
    """Draw a JPEG at most 640 pixels wide of a picture file. Returns: whether it is a picture."""
    try:
        return (await _run(["-v", "error"], source, target, "v:0", None))[0]
    except ffmpeg.Stuck:
        return False


async def draw_and_tell(source: Path, target: Path, at: float) -> tuple[bool, str]:
    """Draw the first film's frame at `at` seconds. Returns: whether one was drawn, and FFmpeg's output about the file.

    The output begins as that of `-i` alone. Raises: `Stuck`.
    """
    return await _run(["-nostats", *_skipped(at)], source, target, "V:0", at)


def _skipped(at: float | None) -> tuple[str, ...]:
    """Return options that skip decoding: to reach a moment, FFmpeg decodes all frames since the key frame before it.

    For a film in 1080p that takes a second of CPU time, and a tenth of it if the next key frame is used. A short film
    may have no further key frame, and its first picture is often black.
    """
    return ("-skip_frame", "nokey") if at and at > _SOON else ()


async def _run(before: list[str], source: Path, target: Path, stream: str, at: float | None) -> tuple[bool, str]:
    part = ffmpeg.owned(target)
    seek = ["-noaccurate_seek", "-ss", f"{at:.2f}"] if at is not None else []
    arguments = [*before, "-threads", "1", *seek, *ffmpeg.SAFE_INPUT, "-i", f"file:{source}", "-map", f"0:{stream}"]
    arguments += [
        "-frames:v",
        "1",
        "-vf",
        f"{_SQUARE},scale='min({_WIDTH},iw)':-2",
        "-pix_fmt",
        "yuvj420p",
        "-q:v",
        "4",
    ]
    arguments += ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "mjpeg", "-y", f"file:{part}"]
    try:
        ended = await ffmpeg.run(arguments, [source], [part], timeout=_TIMEOUT)
        drawn = ended.code == 0 and part.lstat().st_size > 0
        if drawn:
            child_files.take(part, target)
        return drawn, ended.text
    finally:
        part.unlink(missing_ok=True)
