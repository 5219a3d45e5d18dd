"""Make one file from the parts of a stream, each of which has a clock of its own and one or two files.

    whole = await assemble.assemble([[picture, sound], [picture, sound]], target, one_clock=True)

Parts of one format are concatenated without encoding. If they differ (another size, another codec), all are
encoded to the format of the longest one. A part with sound alone then has a black picture. The result maps the clocks
of the parts to the film's time, so that subtitles are synchronous.
"""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mediafetcher.core import errors
from mediafetcher.media import ffmpeg, join, probe, transcode
from mediafetcher.media.join import Sound
from mediafetcher.media.probe import Facts
from mediafetcher.sandbox import process

_ENCODING = process.Limits(data=3 << 30, nice=15, idle=True)
_MIXED = {"mpegts", "mpeg", "flv"}  # containers that describe their streams only when they come
_TOGETHER = 0.1  # seconds between the first picture and the first sound that do not matter
_TRACK = re.compile(r"\.t(\d+)$")  # of a file of a recording
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
    sounds: tuple[int | None, ...] = (0,)  # the track of each sound of the film; None: the part lacks it


async def assemble(
    parts: list[list[Path]], target: Path, *, one_clock: bool, sounds: Sequence[Sound] = ()
) -> Assembled:
    """Make one file of all parts; a single file stays unchanged. The given files are kept, so it can be repeated.

    `one_clock`: the files of a part count from the same moment. `sounds`: those to keep, if not only the main one.

    Raises: `NotMedia`, `TranscodeFailed`, `MediaFull`.
    """
    if len(parts) == 1 and len(parts[0]) == 1:
        return Assembled(parts[0][0], ())
    if len(parts) == 1:
        return await _joined(parts[0], target, one_clock=one_clock, sounds=sounds)
    made = await _normalized(parts, target, one_clock=one_clock, sounds=sounds)
    if not made:
        raise errors.NotMedia(f"{errors.NotMedia.default_detail[:-1]}: none of its {len(parts)} parts can be read.")
    file = await _concatenated(made, target, sounds)
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


async def _joined(files: list[Path], target: Path, *, one_clock: bool, sounds: Sequence[Sound]) -> Assembled:
    start = await start_of(files, one_clock=one_clock)
    there = [one for one in _in_part(files, sounds) if one is not None]
    joined, cut = await join.join(files, target, one_clock=one_clock, sounds=there)
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


async def _normalized(
    parts: list[list[Path]], target: Path, *, one_clock: bool, sounds: Sequence[Sound]
) -> list[_Part]:
    """Return each part as one file whose time begins at zero. An unreadable part is left out."""
    made: list[_Part] = []
    for number, files in enumerate(parts):
        own = target.with_name(f"{target.stem}-{number}.mp4")
        try:
            start = await start_of(files, one_clock=one_clock)
            there = _in_part(files, sounds)
            if len(files) > 1:
                given = [one for one in there if one is not None]
                own, _ = await join.join(files, own, one_clock=one_clock, sounds=given)
            else:
                own = await _rewrapped(files[0], own)
            facts = await probe.probe(own)
        except (errors.NotMedia, errors.TranscodeFailed):
            continue
        if (facts.duration or 0.0) >= _SHORTEST:
            made.append(_Part(own, facts, start, _tracks(there, facts)))
    return made


def _in_part(files: list[Path], sounds: Sequence[Sound]) -> list[Sound | None]:
    """Return the sounds by the positions of their files in one part, which may lack some of them."""
    tracks = [int(found[1]) if (found := _TRACK.search(path.name)) else at for at, path in enumerate(files)]
    return [one._replace(file=tracks.index(one.file)) if one.file in tracks else None for one in sounds]


def _tracks(there: list[Sound | None], facts: Facts) -> tuple[int | None, ...]:
    """Return the track of each sound in the file of a part; that of the only one without wishes."""
    count = len(facts.audio)
    if not there:
        return (0 if count else None,)
    numbers = iter(range(count))
    return tuple(next(numbers, None) if one else None for one in there)


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
    await transcode.write(
        [*arguments, *transcode.container(target)],
        [source],
        target,
        limits=transcode.COPYING,
        timeout=transcode.SILENCE,
    )
    return target


async def _concatenated(parts: list[_Part], target: Path, sounds: Sequence[Sound]) -> Path:
    main = max(parts, key=lambda part: (bool(part.facts.video), part.facts.duration or 0.0)).facts
    if len(parts) == 1:
        return parts[0].file.rename(target.with_suffix(parts[0].file.suffix))
    names = join.named(sounds) if sounds else []
    if all(_form(part.facts) == _form(main) and part.sounds == parts[0].sounds for part in parts):
        return await _copied(parts, target, names)
    return await _encoded(parts, main, target, names)


def _form(facts: Facts) -> tuple[object, ...]:
    """Return the properties that two files must share to be concatenated."""
    video = facts.video
    picture = (video.codec, video.profile, video.pix_fmt, video.width, video.height) if video else ()
    return picture, tuple((one.codec, one.profile, one.rate, one.channels) for one in facts.audio)


async def _copied(parts: list[_Part], target: Path, named: list[str]) -> Path:
    """Concatenate by FFmpeg's list of files. The files are of our own making, so none of them is a list."""
    target = target.with_suffix(parts[0].file.suffix)
    names = "".join(f"file 'file:{part.file}'\n" for part in parts)
    listed = target.with_name(f"{target.stem}.list")
    with ffmpeg.readable(listed, f"ffconcat version 1.0\n{names}"):
        arguments = ["-v", "error", "-protocol_whitelist", "file,pipe", "-f", "concat", "-safe", "0"]
        arguments += ["-i", f"file:{listed}", "-map", "0", "-c", "copy", *named]
        arguments += ["-fflags", "+bitexact", *transcode.container(target)]
        reads = [listed, *(part.file for part in parts)]
        await transcode.write(arguments, reads, target, limits=transcode.COPYING, timeout=transcode.SILENCE)
    return target


async def _encoded(parts: list[_Part], main: Facts, target: Path, named: list[str]) -> Path:
    """Concatenate the parts, all encoded to the format of the longest one."""
    target = target.with_suffix(".mp4")
    sounds = range(len(parts[0].sounds) if any(part.facts.audio for part in parts) else 0)
    arguments = ["-v", "error"]
    for part in parts:
        arguments += [*ffmpeg.SAFE_INPUT, "-i", f"file:{part.file}"]
    chains = [chain for number, part in enumerate(parts) for chain in _chains(number, part, main, sounds)]
    ends = (["[v]"] if main.video else []) + [f"[a{sound}]" for sound in sounds]
    streams = "".join(f"{end[:-1]}p{number}]" for number in range(len(parts)) for end in ends)
    joined = f"{streams}concat=n={len(parts)}:v={int(bool(main.video))}:a={len(sounds)}{''.join(ends)}"
    arguments += ["-filter_complex", ";".join([*chains, joined])]
    for end in ends:
        arguments += ["-map", end]
    if main.video:
        arguments += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"]
    if sounds:
        arguments += ["-c:a", "aac", "-b:a", "160k", *named]
    arguments += transcode.container(target)
    await transcode.write(arguments, [part.file for part in parts], target, limits=_ENCODING, timeout=transcode.SILENCE)
    return target


def _chains(number: int, part: _Part, main: Facts, sounds: Sequence[int]) -> list[str]:
    """Return the filters that give one part the format of the main one.

    A part that lacks a sound has its first one instead, as an advertisement has in every language.
    """
    chains, facts = [], part.facts
    if main.video:
        width, height = main.video.width // 2 * 2, main.video.height // 2 * 2
        rate = main.video.fps or 25
    if main.video and not facts.video:
        black = f"color=black:size={width}x{height}:rate={rate},trim=duration={_rounded(facts)},setsar=1"
        chains.append(f"{black},format=yuv420p[vp{number}]")
    elif main.video:
        fit = f"scale={width}:{height}:force_original_aspect_ratio=decrease,pad={width}:{height}:-1:-1,setsar=1"
        chains.append(f"[{number}:v:0]{fit},fps={rate},format=yuv420p[vp{number}]")
    for sound in sounds:
        track = part.sounds[sound] or 0
        heard = f"[{number}:a:{track}]aresample=48000,aformat=channel_layouts=stereo"
        silence = f"anullsrc=r=48000:cl=stereo,atrim=duration={_rounded(facts)}"
        chains.append(f"{heard if facts.audio else silence}[a{sound}p{number}]")
    return chains


def _rounded(facts: Facts) -> float:
    """Return the length of a part in seconds, rounded up to hundredths."""
    return math.ceil((facts.duration or 1.0) * 100) / 100
