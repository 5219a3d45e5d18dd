"""Convert files from sites to playable ones, compared with always transcoding."""

import asyncio
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from figures import Figure, children_cpu, scratch

from mediafetcher.core import settings
from mediafetcher.media import ffmpeg, probe, transcode

# A mixture like that of typical downloads: number, suffix, codecs.
_PICTURE = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration={seconds}"]
_SOUND = ["-f", "lavfi", "-i", "sine=duration={seconds}"]
_H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
_VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M", "-c:a", "libopus"]
MIX = (
    (10, "mkv", [*_PICTURE, *_SOUND, *_H264]),
    (5, "mp4", [*_PICTURE, *_SOUND, *_H264]),
    (3, "opus", [*_SOUND, "-c:a", "libopus"]),
    (2, "webm", [*_PICTURE, *_SOUND, *_VP9]),
)


def mix(*, quick: bool = False) -> list[Figure]:
    """Return seconds and CPU seconds for 20 files of 60 s each, one after the other on one thread."""
    with scratch() as folder:
        films = [film for count, ending, how in MIX for film in _make(folder, count, ending, how, 10 if quick else 60)]
        ours = _timed(lambda: asyncio.run(_decided(films, folder / "out.mp4")))
        always = _timed(lambda: _transcode_all(films, folder / "all.mp4"))
    wall, cpu = (mine / other for mine, other in zip(ours, always, strict=True))
    return [
        Figure("20 mixed files made playable, time / transcoding always", f"1/{1 / wall:.1f}", "<= 1/5", wall <= 0.2),
        Figure("· the same of CPU", f"1/{1 / cpu:.1f}", "<= 1/5", cpu <= 0.2),
    ]


def _make(folder: Path, count: int, ending: str, how: list[str], seconds: int) -> list[Path]:
    first = folder / f"0.{ending}"
    words = [word.format(seconds=seconds) for word in how]
    subprocess.run([ffmpeg.path(), "-v", "error", *words, str(first)], check=True)
    return [first] * count


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    began = time.monotonic()
    cpu = children_cpu(work)
    return time.monotonic() - began, cpu


async def _decided(films: list[Path], target: Path) -> None:
    settings.use(settings.Settings(state=target.parent, media=target.parent))
    for film in films:
        facts = await probe.probe(film)
        decision = probe.decide(facts)
        if decision.action != "none":
            await transcode.convert(
                film, target, facts, decision, max_height=1080, threads=1, on_progress=lambda *_: None
            )
        target.unlink(missing_ok=True)


def _transcode_all(films: list[Path], target: Path) -> None:
    for film in films:
        _transcode(film, target)


def _transcode(film: Path, target: Path) -> None:
    """Convert as a downloader that converts everything to MP4 without probing."""
    read = ["-y", "-threads", "1", "-i", str(film)]  # on one thread, as ours
    given = ["-c:v", "libx264", "-preset", "veryfast", "-threads", "1", "-c:a", "aac", "-movflags", "+faststart"]
    subprocess.run([ffmpeg.path(), "-v", "error", *read, *given, str(target)], check=True)
