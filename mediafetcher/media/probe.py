"""Probe a media file, and decide what must be done so that every browser plays it.

There is no ffprobe: the text of `ffmpeg -i` and the boxes (containers.py) contain all that is needed.

A *web-playable MP4*: brand isom or mp42 (not qt or 3gp), index before the media, neither fragmented nor truncated, no
data tracks (some browsers refuse the file for them); one video track, H.264 8-bit 4:2:0 in Baseline, Main or High,
progressive, level up to 5.2, even size, SDR; first audio AAC or none. Rotation, pixel shape, changing frame rates, edit
lists and cover pictures are fine. A single browser is no reference: Chromium plays more than this, and reports HEVC as
playable when it is not.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

from mediafetcher.core import errors, languages
from mediafetcher.media import ffmpeg, ffmpeg_output, posters, sniff
from mediafetcher.media.ffmpeg_output import Audio, Subtitle, Video
from mediafetcher.sandbox import parsing

TEXT_SUBTITLES = {"subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text"}  # the others are bitmaps

__all__ = ["Audio", "Decision", "Facts", "Subtitle", "Video", "decide", "is_playable", "probe"]

Action = Literal["none", "remux", "audio", "video", "both", "audio_only", "reject"]

MAX_LEVEL = 52
_TIMEOUT = 30.0
_SMALL = 16 << 20  # bytes
# FFmpeg's messages about a file that ends before the last of its samples.
ENDED_EARLY = re.compile(r"partial file|ended prematurely|truncat", re.IGNORECASE)
_UNKNOWN = "FFmpeg does not support this type of file"
_PICTURES = {"image2", "png_pipe", "jpeg_pipe", "webp_pipe", "bmp_pipe"}
_PICTURE_CODECS = {"png", "webp", "bmp", "jpegls"}
_WEB_PROFILES = {None, "Baseline", "Constrained Baseline", "Main", "High"}
WEB_AAC = {None, "LC", "HE-AAC", "HE-AACv2"}


@dataclass(frozen=True)
class Facts:
    """The known facts of a file. `error` is set if FFmpeg does not support it: all else is then empty."""

    size: int
    container: tuple[str, ...] = ()
    brand: str = ""
    duration: float | None = None  # seconds
    faststart: bool = False
    fragmented: bool = False
    truncated: bool = False  # a box claims more than the file has; wholeness.py determines whether samples are missing
    cut: bool = False  # set by wholeness.py: the present part is kept, in a file of its own
    cut_at_origin: bool = False  # the origin does not have more of it either
    late_picture: bool = False  # FFmpeg's default analysis ends before its first picture
    estimated: bool = False  # FFmpeg estimated the duration from a bit rate, so it was measured
    level: int | None = None  # of H.264, times ten
    video: Video | None = None
    audio: tuple[Audio, ...] = ()
    subtitles: tuple[Subtitle, ...] = ()
    chapters: tuple[tuple[float, str], ...] = ()  # (start in seconds, title)
    picture: int | None = None  # index of an attached cover picture
    others: tuple[str, ...] = ()  # further streams, as text
    data: bool = False  # data tracks: timecodes, telemetry, QuickTime's chapters
    encrypted: bool = False  # needs a key to play (DRM)
    start: float = 0.0  # seconds of the first timestamp
    poster: Path | None = None  # a picture of it, if one was drawn meanwhile
    error: str = ""
    title: str = ""  # from the file's own metadata
    tags: Mapping[str, str] = field(default_factory=dict)  # all of that metadata, names in lower case


@dataclass(frozen=True)
class Decision:
    """The necessary action, and its reason."""

    action: Action
    reason: str = ""
    cut_short: bool = False
    drm: bool = False

    def problem(self) -> errors.Problem:
        """Return the error for `reject`: a truncated file may be complete at the next fetch."""
        if self.drm:
            return errors.Drm("This is protected by DRM: the file plays only with a key, which cannot be fetched.")
        kind = errors.Truncated if self.cut_short else errors.NotMedia
        return kind(f"{kind.default_detail[:-1]}: {self.reason}." if self.reason else None)


async def probe(path: Path, poster_to: Path | None = None) -> Facts:
    """Probe a local file. It raises nothing because of the content; see `Facts.error`.

    `poster_to`: the path for a picture of it, which is drawn only if that saves a run of FFmpeg.
    """
    facts = await _probe_and_draw(path, poster_to) if poster_to else None
    if facts is None:
        [facts] = await probe_all([path])
    return facts


async def _probe_and_draw(path: Path, target: Path) -> Facts | None:
    """Probe a small MP4 that can probably stay unchanged. The picture of a large one is drawn while it is hashed."""
    [look] = await _look([path])
    layout = look.layout
    if look.problem or look.size > _SMALL or not (layout.duration and layout.faststart) or layout.fragmented:
        return None
    try:
        drawn, said = await posters.draw_and_tell(path, target, layout.duration / 10)
    except ffmpeg.Stuck:
        return None
    found = (await parsing.call(ffmpeg_output.parse, said)).get(0)
    return replace(await _facts(path, look, found), poster=target if drawn else None) if found else None


async def probe_all(paths: Sequence[Path]) -> list[Facts]:
    """Probe several local files, at little more than the cost of one, which is mostly FFmpeg's start.

    Raises: OSError if one cannot be read at all.
    """
    looks = await _look(paths)
    found: dict[int, ffmpeg_output.Found] = {}
    wrong = {at: look.problem for at, look in enumerate(looks) if look.problem}
    waiting = [at for at in range(len(paths)) if at not in wrong]
    alone = slow = False
    while waiting:
        asked = waiting[:1] if alone or slow else waiting
        said, stuck = await _ask([paths[at] for at in asked])
        found |= {asked[number]: facts for number, facts in said.items()}
        waiting = [at for at in waiting if at not in found]
        if len(asked) == 1 and asked[0] not in found:
            wrong[waiting.pop(0)] = stuck or _UNKNOWN
        # FFmpeg ends at the first file it cannot open. It is then probed alone, and the rest after it. If FFmpeg is
        # stuck, the file is unknown: from then on each is probed alone.
        alone, slow = len(asked) > 1, slow or bool(stuck and len(asked) > 1)
    return [
        await _facts(path, look, found[at]) if at in found else _unknown(look, wrong[at])
        for at, (path, look) in enumerate(zip(paths, looks, strict=True))
    ]


async def probe_long(path: Path) -> ffmpeg_output.Found:
    """Return FFmpeg's facts after it has read minutes of the file: a picture may begin late. Raises: `NotMedia`."""
    inputs = [*ffmpeg.LONG_ANALYSIS, *ffmpeg.SAFE_INPUT, "-i", f"file:{path}"]
    ended = await ffmpeg.run(inputs, [path], timeout=_TIMEOUT)
    found = (await parsing.call(ffmpeg_output.parse, ended.text)).get(0)
    if found is None:
        raise errors.NotMedia()
    return found


async def _look(paths: Sequence[Path]) -> list[sniff.Look]:
    """Return the result of our own parsers for each file."""
    return await parsing.call(sniff.look_all, files=paths)


async def _ask(paths: Sequence[Path]) -> tuple[dict[int, ffmpeg_output.Found], str]:
    """Return FFmpeg's facts of these files, by their number; and the reason if it had to be killed."""
    inputs = [word for path in paths for word in (*ffmpeg.SAFE_INPUT, "-i", f"file:{path}")]
    try:
        ended = await ffmpeg.run(inputs, paths, timeout=_TIMEOUT)
    except ffmpeg.Stuck as stuck:
        return {}, stuck.detail
    return await parsing.call(ffmpeg_output.parse, ended.text), ""


def _unknown(look: sniff.Look, why: str) -> Facts:
    return Facts(look.size, brand=look.layout.brand, truncated=look.layout.truncated, error=why)


async def _facts(path: Path, look: sniff.Look, found: ffmpeg_output.Found) -> Facts:
    late = found.video is not None and not _is_known(found.video)
    if late:
        found = await _after_long_look(path, found)
    video, layout = found.video, look.layout
    if video and not video.hdr and video.deep:
        video = await _with_frame_colours(path, video)
    duration = found.duration
    if found.estimated:  # otherwise a file with a variable bit rate would count as truncated, or longer
        duration = await measure(path, (video or found.audio[0]).index if video or found.audio else 0) or duration
    return Facts(
        size=look.size,
        container=found.container,
        brand=layout.brand,
        duration=duration,
        faststart=layout.faststart,
        fragmented=layout.fragmented,
        truncated=layout.truncated,
        estimated=found.estimated,
        late_picture=late,
        level=layout.level,
        video=video,
        audio=found.audio,
        subtitles=found.subtitles,
        chapters=found.chapters,
        picture=found.picture,
        title=found.title,
        tags=found.tags,
        others=found.others,
        data=found.data,
        encrypted=layout.encrypted,
        start=found.start,
    )


class Packets(NamedTuple):
    """The packets of one stream, read to its end. `seconds` is None if no packet could be read."""

    seconds: float | None
    ended_early: bool  # the file ends before the last sample that its index names


async def packets(path: Path, index: int) -> Packets:
    """Read the packets of one stream to the end: the length by a header or a bit rate may be wrong."""
    reached = 0.0

    def read(line: str) -> None:
        nonlocal reached
        name, _, value = line.partition("=")
        if name == "out_time_us" and value.isdigit():
            reached = max(reached, int(value) / 1e6)

    arguments = ["-v", "error", "-progress", "pipe:1", *ffmpeg.SAFE_INPUT, "-i", f"file:{path}"]
    arguments += ["-map", f"0:{index}", "-c", "copy", "-f", "null", "-"]
    try:
        ended = await ffmpeg.run(arguments, [path], timeout=_TIMEOUT, on_line=read)
    except ffmpeg.Stuck:
        return Packets(None, ended_early=False)
    early = bool(ENDED_EARLY.search(ended.text))
    return Packets(reached if reached and (ended.code == 0 or early) else None, early)


def _is_known(video: Video) -> bool:
    return bool(video.width and video.height) and video.pix_fmt not in ("", "none")


async def _after_long_look(path: Path, found: ffmpeg_output.Found) -> ffmpeg_output.Found:
    try:
        longer = await probe_long(path)
    except (errors.NotMedia, errors.TranscodeFailed):
        return found
    return longer if longer.video and _is_known(longer.video) else found


async def measure(path: Path, index: int) -> float | None:
    """Return the length of one stream in seconds, by its packets."""
    return (await packets(path, index)).seconds


async def _with_frame_colours(path: Path, video: Video) -> Video:
    """Return the picture, as HDR if its first frame is: Matroska and MPEG-TS often lack the transfer function."""
    arguments = [*ffmpeg.SAFE_INPUT, "-i", f"file:{path}", "-map", f"0:{video.index}"]
    arguments += ["-frames:v", "1", "-vf", "showinfo", "-f", "null", "-"]
    try:
        ended = await ffmpeg.run(arguments, [path], timeout=_TIMEOUT)
    except ffmpeg.Stuck:
        return video
    colours = await parsing.call(ffmpeg_output.frame_colours, ended.text)
    return replace(video, hdr=True, colours=colours) if colours and colours[2] in ffmpeg_output.HDR else video


def left_out(facts: Facts, *, audio: str | None = None) -> tuple[str, ...]:
    """Return what a conversion cannot keep of a file, as text. Text subtitles are extracted, so they are not included.

    `audio`: only the sound is requested, as `m4a` or `mp3`.
    """
    pictures = [one for one in facts.subtitles if one.codec not in TEXT_SUBTITLES]
    named = [f"subtitles {one.index} ({one.language or 'no language'}, pictures: {one.codec})" for one in pictures]
    named += [f"sound {one.index} ({one.codec})" for one in facts.audio[1:] if audio == "mp3" or not one.decodable]
    return (*named, *facts.others)


def preferring(facts: Facts, wished: Sequence[str]) -> Facts:
    """Return the facts with the sound that a user prefers as the main one; the others keep their order.

    `wished`: languages, the first counts most. Without `original` among them, the original counts more than all.
    """
    if not wished or len(facts.audio) < 2:
        return facts
    first = next((one for one in facts.audio if one.original), facts.audio[0])
    for language in wished if languages.ORIGINAL in wished else ():
        if language == languages.ORIGINAL:
            break
        fitting = [one for one in facts.audio if not (one.commentary or one.described)]
        best = max(fitting, key=lambda one: languages.closeness(language, one.language), default=first)
        if languages.closeness(language, best.language):
            first = best
            break
    return replace(facts, audio=(first, *(one for one in facts.audio if one is not first)))


def decide(facts: Facts, *, audio: str | None = None, never_transcode: bool = False) -> Decision:
    """Choose the smallest action that makes the file play everywhere.

    `audio`: only the sound is requested, preferably as `m4a` or `mp3`. `never_transcode`: a picture that browsers may
    not play is kept unchanged, in an MP4 if possible.
    """
    refused = _refusal(facts)
    if refused:
        return refused
    if facts.video is None or audio:
        return _sound(facts, audio)
    picture_fault = _picture_fault(facts.video)
    sound_fault = _sound_fault(facts)
    if picture_fault and not never_transcode:
        if sound_fault:
            return Decision("both", f"{picture_fault}; {sound_fault}")
        return Decision("video", picture_fault)
    if sound_fault:
        return Decision("audio", sound_fault)
    box_fault = _box_fault(facts)
    return Decision("remux", box_fault) if box_fault else Decision("none")


def is_playable(facts: Facts) -> bool:
    """Tell whether every browser plays it unchanged: a web-playable MP4, or a sound file of a supported kind."""
    return decide(facts).action == "none"


def _refusal(facts: Facts) -> Decision | None:
    if facts.encrypted:
        return Decision("reject", "it is protected by DRM", drm=True)
    if facts.error:
        return Decision("reject", facts.error, cut_short=facts.truncated)
    if facts.truncated:
        return Decision("reject", "the file ends too early", cut_short=True)
    video = facts.video
    if set(facts.container) & _PICTURES or (video and video.codec in _PICTURE_CODECS):
        return Decision("reject", "it is an image")
    if video is None and not facts.audio:
        return Decision("reject", "it has neither video nor audio")
    if video and not (video.width and video.height):
        return Decision("reject", "its video has no size")
    return None


def _sound(facts: Facts, wanted: str | None) -> Decision:
    if not facts.audio:
        return Decision("reject", "it has no audio")
    if facts.video:
        return Decision("audio_only", "only audio was requested")
    if facts.audio[0].codec == "mp3" and "mp3" in facts.container:
        return Decision("none")  # also if m4a was requested: a file that plays everywhere is not encoded again
    if wanted == "mp3":
        return Decision("audio_only", f"the audio codec is {facts.audio[0].codec}")
    why = _sound_fault(facts) or _box_fault(facts)
    return Decision("audio_only", why) if why else Decision("none")


def _picture_fault(video: Video) -> str:
    if video.codec != "h264":
        return f"the video codec is {video.codec}"
    if video.pix_fmt not in ("yuv420p", "yuvj420p"):
        return f"the pixel format is {video.pix_fmt}"
    if video.profile not in _WEB_PROFILES:
        return f"the video is H.264 {video.profile}"
    if video.interlaced:
        return "the video is interlaced"
    if video.hdr:
        return "the video is HDR"
    if video.width % 2 or video.height % 2:
        return "the video width or height is an odd number"
    return ""


def _sound_fault(facts: Facts) -> str:
    if not facts.audio:
        return ""
    first = facts.audio[0]
    if first.codec != "aac":
        return f"the audio codec is {first.codec}"
    return "" if first.profile in WEB_AAC else f"the audio is AAC {first.profile}"


def _box_fault(facts: Facts) -> str:
    if "mp4" not in facts.container:
        return f"the container is {facts.container[0]}"
    if facts.brand.strip() in ("qt", ""):
        return "it is a QuickTime file"
    if facts.brand.startswith(("3gp", "3g2")):
        return "it is a 3GPP file"
    if facts.fragmented:
        return "the file is fragmented"
    if facts.data:
        return "it has data tracks"
    if facts.cut:
        return "it names more than it holds"
    if not facts.faststart:
        return "the index is at the end of the file"
    if (facts.level or 0) > MAX_LEVEL:
        return "the H.264 level is above 5.2"
    if any(audio.index < facts.audio[0].index for audio in facts.audio):
        return "its main sound is not the first"
    return ""
