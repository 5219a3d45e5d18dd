"""Make one file from the parts of a stream, each of which has a clock of its own and one or two files.

    whole = await assemble.assemble([[picture, sound], [picture, sound]], target, one_clock=True)

Parts of one format are concatenated without encoding. If they differ (another size, another codec), all are
encoded to the format of the longest one. A part with sound alone then has a black picture. The result maps the clocks
of the parts to the film's time, so that subtitles are synchronous.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mediafetcher.core import errors
from mediafetcher.media import ffmpeg, probe, transcode
from mediafetcher.media.probe import Facts
from mediafetcher.sandbox import child_files, process

_COPYING = process.Limits(data=1 << 30, nice=5)
_ENCODING = process.Limits(data=3 << 30, nice=15, idle=True)
_MIXED = {"mpegts", "mpeg", "flv"}  # containers that describe their streams only when they come
_SILENCE = 900.0  # seconds without output of FFmpeg
_TOGETHER = 0.1  # seconds between the first picture and the first sound that do not matter
_SHORTEST = 0.05  # seconds of a part that is worth keeping


class Span(NamedTuple):
    """The position of a part in the film: its time `start` at the source is `offset` in the film. All in seconds."""

    start: float
    offset: float
    length: float


class Assembled(NamedTuple):
    """`cut`: why a file was incomplete, or ""."""

    file: Path
    clock: tuple[Span, ...]
    cut: str = ""


class _Part(NamedTuple):
    file: Path
    facts: Facts
    start: float  # at the source


async def assemble(parts: list[list[Path]], target: Path, *, one_clock: bool) -> Assembled:
    """Make one file of all parts; a single file stays unchanged. The given files are kept, so it can be repeated.

    `one_clock`: the two files of a part count from the same moment.

    Raises: `NotMedia`, `TranscodeFailed`, `MediaFull`.
    """
    if len(parts) == 1 and len(parts[0]) == 1:
        return Assembled(parts[0][0], ())
    if len(parts) == 1:
        return await _joined(parts[0], target, one_clock=one_clock)
    made = await _normalized(parts, target, one_clock=one_clock)
    if not made:
        raise errors.NotMedia(f"{errors.NotMedia.default_detail[:-1]}: none of its {len(parts)} parts can be read.")
    file = await _concatenated(made, target)
    offset, spans = 0.0, []
    for part in made:
        length = part.facts.duration or 0.0
        spans.append(Span(part.start, offset, length))
        offset += length
        part.file.unlink(missing_ok=True)
    return Assembled(file, tuple(spans))


def may_have_late_picture(facts: Facts) -> bool:
    """Tell whether FFmpeg may have ended its analysis before the first picture."""
    return bool(_MIXED & set(facts.container)) and (facts.late_picture or not facts.video)


async def with_late_picture(source: Path, target: Path) -> Path | None:
    """Copy the streams, found by a long analysis, to a new file. Returns: its path; None if it has no picture."""
    try:
        found = (await probe.probe_long(source)).video
        if found is None or not (found.width and found.height):
            return None
        return await _rewrapped(source, target, analysis=ffmpeg.LONG_ANALYSIS)
    except (errors.NotMedia, errors.TranscodeFailed, errors.ParserFailed):
        return None


async def _joined(files: list[Path], target: Path, *, one_clock: bool) -> Assembled:
    start = await start_of(files, one_clock=one_clock)
    joined, cut = await transcode.join(files[0], files[1], target, one_clock=one_clock)
    length = (await probe.probe(joined)).duration or 0.0
    return Assembled(joined, (Span(start, 0.0, length),), cut)


async def start_of(files: list[Path], *, one_clock: bool = True) -> float:
    """Return the time at the source at which the film of these files begins: that of the picture, or of earlier sound.

    Encoders let the sound begin some milliseconds earlier, which the clock of a text does not count.
    """
    facts = [await probe.probe(path) for path in files]
    first = min(one.start for one in facts) if one_clock else facts[0].start
    picture = next((one.video.start for one in facts if one.video and one.video.start is not None), None)
    return picture if picture is not None and abs(picture - first) < _TOGETHER else first


async def _normalized(parts: list[list[Path]], target: Path, *, one_clock: bool) -> list[_Part]:
    """Return each part as one file whose time begins at zero. An unreadable part is left out."""
    made: list[_Part] = []
    for number, files in enumerate(parts):
        own = target.with_name(f"{target.stem}-{number}.mp4")
        try:
            start = await start_of(files, one_clock=one_clock)
            if len(files) == 2:
                own, _ = await transcode.join(files[0], files[1], own, one_clock=one_clock)
            else:
                own = await _rewrapped(files[0], own)
            facts = await probe.probe(own)
        except (errors.NotMedia, errors.TranscodeFailed):
            continue
        if (facts.duration or 0.0) >= _SHORTEST:
            made.append(_Part(own, facts, start))
    return made


async def _rewrapped(source: Path, target: Path, analysis: Sequence[str] = ()) -> Path:
    """Copy the streams to a container whose times begin at zero. Raises: `NotMedia`, `TranscodeFailed`."""
    facts = await probe.probe(source)
    if facts.error or not (facts.video or facts.audio):
        raise errors.NotMedia()
    plain = (not facts.video or facts.video.codec == "h264") and all(one.codec == "aac" for one in facts.audio)
    target = target if plain else target.with_suffix(".mkv")
    arguments = ["-v", "error", *analysis, *ffmpeg.SAFE_INPUT, "-i", f"file:{source}"]
    arguments += ["-map", "0:v:0?", "-map", "0:a?"]
    arguments += ["-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"]
    await _run([*arguments, *_container(target)], [source], target, _COPYING)
    return target


async def _concatenated(parts: list[_Part], target: Path) -> Path:
    main = max(parts, key=lambda part: (bool(part.facts.video), part.facts.duration or 0.0)).facts
    if len(parts) == 1:
        return parts[0].file.rename(target.with_suffix(parts[0].file.suffix))
    if all(_form(part.facts) == _form(main) for part in parts):
        return await _copied(parts, target)
    return await _encoded(parts, main, target)


def _form(facts: Facts) -> tuple[object, ...]:
    """Return the properties that two files must share to be concatenated."""
    video = facts.video
    picture = (video.codec, video.profile, video.pix_fmt, video.width, video.height) if video else ()
    return picture, tuple((one.codec, one.profile, one.rate, one.channels) for one in facts.audio)


async def _copied(parts: list[_Part], target: Path) -> Path:
    """Concatenate by FFmpeg's list of files. The files are of our own making, so none of them is a list."""
    target = target.with_suffix(parts[0].file.suffix)
    names = "".join(f"file 'file:{part.file}'\n" for part in parts)
    listed = target.with_name(f"{target.stem}.list")
    with ffmpeg.readable(listed, f"ffconcat version 1.0\n{names}"):
        arguments = ["-v", "error", "-protocol_whitelist", "file,pipe", "-f", "concat", "-safe", "0"]
        arguments += ["-i", f"file:{listed}", "-map", "0", "-c", "copy", "-fflags", "+bitexact", *_container(target)]
        await _run(arguments, [listed, *(part.file for part in parts)], target, _COPYING)
    return target


async def _encoded(parts: list[_Part], main: Facts, target: Path) -> Path:
    """Concatenate the parts, all encoded to the format of the longest one."""
    target = target.with_suffix(".mp4")
    sound = any(part.facts.audio for part in parts)
    arguments = ["-v", "error"]
    for part in parts:
        arguments += [*ffmpeg.SAFE_INPUT, "-i", f"file:{part.file}"]
    chains = [_chain(number, part.facts, main, sound=sound) for number, part in enumerate(parts)]
    streams = "".join(f"{f'[v{n}]' if main.video else ''}{f'[a{n}]' if sound else ''}" for n in range(len(parts)))
    ends = ("[v]" if main.video else "") + ("[a]" if sound else "")
    joined = f"{streams}concat=n={len(parts)}:v={int(bool(main.video))}:a={int(sound)}{ends}"
    arguments += ["-filter_complex", ";".join([*chains, joined])]
    if main.video:
        arguments += ["-map", "[v]", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"]
    if sound:
        arguments += ["-map", "[a]", "-c:a", "aac", "-b:a", "160k"]
    await _run([*arguments, *_container(target)], [part.file for part in parts], target, _ENCODING)
    return target


def _chain(number: int, facts: Facts, main: Facts, *, sound: bool) -> str:
    """Return the filters that give one part the format of the main one."""
    chains = []
    if main.video:
        width, height = main.video.width // 2 * 2, main.video.height // 2 * 2
        rate = main.video.fps or 25
    if main.video and not facts.video:
        black = f"color=black:size={width}x{height}:rate={rate},trim=duration={_rounded(facts)},setsar=1"
        chains.append(f"{black},format=yuv420p[v{number}]")
    elif main.video:
        fit = f"scale={width}:{height}:force_original_aspect_ratio=decrease,pad={width}:{height}:-1:-1,setsar=1"
        chains.append(f"[{number}:v:0]{fit},fps={rate},format=yuv420p[v{number}]")
    if sound and facts.audio:
        chains.append(f"[{number}:a:0]aresample=48000,aformat=channel_layouts=stereo[a{number}]")
    elif sound:
        silence = f"anullsrc=r=48000:cl=stereo,atrim=duration={_rounded(facts)}"
        chains.append(f"{silence}[a{number}]")
    return ";".join(chains)


def _rounded(facts: Facts) -> float:
    """Return the length of a part in seconds, rounded up to hundredths."""
    return math.ceil((facts.duration or 1.0) * 100) / 100


def _container(target: Path) -> list[str]:
    return ["-f", "matroska"] if target.suffix == ".mkv" else ["-movflags", "+faststart", "-brand", "mp42", "-f", "mp4"]


async def _run(arguments: list[str], reads: list[Path], target: Path, limits: process.Limits) -> None:
    part = ffmpeg.owned(target)
    try:
        ended = await ffmpeg.run([*arguments, "-y", f"file:{part}"], reads, [part], limits=limits, timeout=_SILENCE)
        if ended.code != 0:
            raise transcode.failure(ended)
        child_files.take(part, target)
    finally:
        part.unlink(missing_ok=True)
