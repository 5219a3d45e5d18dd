"""The one FFmpeg run that makes a file play everywhere.

The same source and decision give the same bytes (threads are pinned, no time or program name is
written), so that two users who fetch the same source share one file. Encoding runs with CPU time that nothing else
needs.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from mediafetcher.core import errors, logging
from mediafetcher.media import encoders, ffmpeg, sniff
from mediafetcher.media.encoders import Encoder
from mediafetcher.media.ffmpeg_output import Audio, Video
from mediafetcher.media.probe import MAX_LEVEL, WEB_AAC, Action, Decision, Facts, decide, probe
from mediafetcher.sandbox import child_files, parsing, process

Progress = Callable[[float, float | None], None]

_ENCODING = process.Limits(data=3 << 30, nice=15, idle=True)  # only CPU time that nothing else needs
COPYING = process.Limits(data=1 << 30, nice=5)  # it needs little CPU time, and a user waits for it
SILENCE = 900.0  # seconds: FFmpeg prints nothing while it moves the index of a large file to its front
# FFmpeg's name of the container, MIME type and extension; the first match counts
_VIDEO_KINDS = {
    "mp4": ("video/mp4", ".mp4"),
    "webm": ("video/webm", ".webm"),
    "mpegts": ("video/mp2t", ".ts"),
    "avi": ("video/x-msvideo", ".avi"),
    "flv": ("video/x-flv", ".flv"),
    "mpeg": ("video/mpeg", ".mpg"),
    "asf": ("video/x-ms-wmv", ".wmv"),
    "ogg": ("video/ogg", ".ogv"),
    "gif": ("image/gif", ".gif"),
}
_AUDIO_KINDS = {
    "mp3": ("audio/mpeg", ".mp3"),
    "mp4": ("audio/mp4", ".m4a"),
    "ogg": ("audio/ogg", ".ogg"),
    "flac": ("audio/flac", ".flac"),
    "wav": ("audio/wav", ".wav"),
    "webm": ("audio/webm", ".weba"),
    "aac": ("audio/aac", ".aac"),
}
_WEBM_CODECS = {"vp8", "vp9", "av1", "opus", "vorbis"}
MP4 = ("-movflags", "+faststart", "-brand", "mp42", "-f", "mp4")
_MP3 = ("-f", "mp3")
_UNTAGGED = ("unknown", "reserved", "unspecified")
_TO_SDR = "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv"
_NO_DECODER = re.compile(r"Decoder \(?[\w ]{0,60}\)? not found|no decoder found for: \w{1,40}|Unknown decoder")
_log = logging.get("convert")


def kind_of(facts: Facts) -> tuple[str, str]:
    """Return (MIME type, extension with its dot) of a playable file, or of one that is kept unchanged."""
    kinds = _VIDEO_KINDS if facts.video else _AUDIO_KINDS
    for name, kind in kinds.items():
        if name in facts.container and (name != "webm" or _is_webm(facts)):
            return kind
    return ("video/x-matroska", ".mkv") if facts.video else ("audio/x-matroska", ".mka")


def _is_webm(facts: Facts) -> bool:
    """Recognise WebM: FFmpeg calls every Matroska file `matroska,webm`, but WebM has only these codecs."""
    codecs = {sound.codec for sound in facts.audio} | ({facts.video.codec} if facts.video else set())
    return codecs <= _WEBM_CODECS


async def convert(
    source: Path,
    target: Path,
    facts: Facts,
    decision: Decision,
    *,
    max_height: int,
    threads: int,
    audio: str | None = None,
    start: float = 0.0,
    end: float | None = None,
    on_progress: Progress = lambda fraction, speed: None,
) -> None:
    """Make `target`, a web-playable file, from `source`. After a failure, `target` does not exist.

    `audio`: `mp3` makes an MP3 of a sound file, which else goes into an MP4 (`m4a`). `start`, `end`: only this part
    in seconds. A copied picture begins at the key picture before `start`, and an edit list tells players to hide the
    excess; an encoded picture begins exactly there.

    `max_height` bounds the shorter side, and only if the picture is encoded anyway. Progress: fraction 0..1 and
    speed as a multiple of real time. Raises: `TranscodeFailed`, `TooLarge` or `MediaFull`.
    """
    action = decision.action
    length = clip_length(facts.duration, start, end)
    plan = _Plan(source, replace(facts, duration=length), max_height, threads, audio, start, end)
    if action in ("video", "both"):
        return await _encode(plan, target, action, on_progress)
    try:
        await _run(plan, target, action, on_progress)
    except errors.TranscodeFailed as failed:
        # Some streams cannot be copied (no timestamps, broken headers) but can be decoded.
        if action not in ("remux", "audio") or facts.video is None:
            raise
        _log.warning("a copy failed, encoding instead", reason=failed.facts.get("reason"))
        await _encode(plan, target, "both", on_progress)


def clip_length(duration: float | None, start: float, end: float | None) -> float | None:
    """Return the seconds of the part; None if they depend on the length of the whole, and that is unknown."""
    if duration is None:
        return None if end is None else end - start
    return max(0.0, (duration if end is None else min(end, duration)) - start)


class _Plan(NamedTuple):
    source: Path
    facts: Facts
    max_height: int
    threads: int
    audio: str | None
    start: float
    end: float | None
    encoder: Encoder = encoders.SOFTWARE


async def _encode(plan: _Plan, target: Path, action: Action, report: Progress) -> None:
    """Encode with the machine's hardware if it works; if it fails, libx264 encodes, and the job continues."""
    encoder = await encoders.choose()
    if encoder is not encoders.SOFTWARE:
        try:
            await _run(plan._replace(encoder=encoder), target, action, report)
            decision = decide(await probe(target))
            if decision.action == "none":
                return
            reason = decision.reason
        except errors.TranscodeFailed as failed:
            reason = str(failed.facts.get("reason"))
        target.unlink(missing_ok=True)
        encoders.give_up(encoder, reason)
    await _run(plan, target, action, report)


async def _run(plan: _Plan, target: Path, action: Action, report: Progress) -> None:
    part = ffmpeg.owned(target)
    limits = COPYING if action == "remux" else encoders.limits(plan.encoder, _ENCODING)
    high = (plan.facts.level or 0) > MAX_LEVEL
    try:
        for relevel in (high, True):
            arguments = _arguments(plan, part, action, relevel=relevel)
            meter = _Meter(plan.facts.duration, report)
            given: dict[str, Any] = {"limits": limits, "timeout": SILENCE, "on_line": meter.line}
            ended = await ffmpeg.run(arguments, [plan.source], [part], devices=bool(plan.encoder.device), **given)
            if ended.code != 0:
                raise failure(ended)
            # Only an MP4 contains its level, so for other sources it is known now.
            child_files.require_plain(part)
            level = (await parsing.call(sniff.look, files=[part])).layout.level
            if relevel or (level or 0) <= MAX_LEVEL:
                break
        meter.check()
        child_files.take(part, target)
    finally:
        part.unlink(missing_ok=True)


def _arguments(plan: _Plan, part: Path, action: Action, *, relevel: bool) -> list[str]:
    """Return FFmpeg's arguments; `relevel` writes H.264 level 5.2 into a copy, which players check first."""
    facts = plan.facts
    threads = ["-threads", str(plan.threads)]
    arguments = ["-v", "error", "-nostats", "-progress", "pipe:1", "-stats_period", "0.25"]
    arguments += [*plan.encoder.before, *threads, *_cut(plan), *ffmpeg.SAFE_INPUT, "-i", f"file:{plan.source}"]
    if facts.video and action != "audio_only":
        arguments += ["-map", f"0:{facts.video.index}"]
        if action in ("video", "both"):
            arguments += [*_encode_video(facts.video, plan.max_height, plan.encoder), *threads]
        else:
            arguments += ["-c:v", "copy", *_copied(facts.video, relevel=relevel)]
    kept = "mp3" in facts.container and (plan.start > 0 or plan.end is not None)  # a part of a playable file
    mp3 = action == "audio_only" and (plan.audio == "mp3" or kept)
    for number, audio in enumerate(kept_audio(facts, mp3=mp3)):
        arguments += ["-map", f"0:{audio.index}", *_audio(number, audio, action, mp3=mp3), *_named(number, audio)]
    arguments += ["-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"]
    arguments += ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]
    return [*arguments, *(_MP3 if mp3 else MP4), "-y", f"file:{part}"]


def _cut(plan: _Plan) -> list[str]:
    start = ["-ss", f"{plan.start:.3f}"] if plan.start else []
    return start + (["-t", f"{plan.end - plan.start:.3f}"] if plan.end is not None else [])


def _copied(video: Video, *, relevel: bool) -> list[str]:
    if video.codec == "hevc":
        return ["-tag:v", "hvc1"]
    return ["-bsf:v", "h264_metadata=level=5.2"] if relevel and video.codec == "h264" else []


def _encode_video(video: Video, max_height: int, chosen: Encoder) -> list[str]:
    filters = ["bwdif=mode=send_frame"] if video.interlaced else []
    if video.hdr:
        filters.append(_missing_tags(video) + _TO_SDR)
    factor = f"min(1,{max_height}/min(iw,ih))"
    filters.append(f"scale=w='max(2,trunc(iw*{factor}/2)*2)':h='max(2,trunc(ih*{factor}/2)*2)'")
    filters.append(chosen.upload)
    encoder = ["-c:v", chosen.name, *chosen.arguments]
    rate = ["-maxrate", "8M", "-bufsize", "16M"] if max_height <= 1080 and chosen.name == "libx264" else []
    return ["-vf", ",".join(filters), *encoder, *rate, "-fps_mode", "vfr"]


def _missing_tags(video: Video) -> str:
    """Complete missing HDR tags by their standard (BT.2100): zscale does not guess."""
    matrix, primaries, _ = video.colours or ("unknown", "unknown", "")
    given = ["colorspace=bt2020nc"] if matrix in _UNTAGGED else []
    given += ["color_primaries=bt2020"] if primaries in _UNTAGGED else []
    return f"setparams={':'.join(given)}," if given else ""


def kept_audio(facts: Facts, *, mp3: bool = False) -> tuple[Audio, ...]:
    """Return the sounds that a conversion keeps, the main one first. An MP3 holds one."""
    return facts.audio[:1] if mp3 else (*facts.audio[:1], *(one for one in facts.audio[1:] if one.decodable))


def _audio(number: int, audio: Audio, action: Action, *, mp3: bool) -> list[str]:
    """Copy or encode one sound. The main one by the decision; each further one only if browsers do not play it."""
    if number == 0:
        copy = action in ("remux", "video") or (action == "audio_only" and _plays(audio, mp3=mp3))
    else:
        copy = _plays(audio, mp3=False)
    return [f"-c:a:{number}", "copy"] if copy else _encode_audio(number, audio, mp3=mp3)


def _plays(audio: Audio, *, mp3: bool) -> bool:
    """Tell whether browsers play it as it is. xHE-AAC (USAC) is called `aac` too, and most of them do not."""
    return audio.codec == "mp3" if mp3 else audio.codec == "aac" and audio.profile in WEB_AAC


def _named(number: int, audio: Audio) -> list[str]:
    """Copy language, title and default flag: other metadata is dropped."""
    extra = "comment" if audio.commentary else "visual_impaired" if audio.described else "0"
    flag = "default" if number == 0 else extra
    words = [f"-disposition:a:{number}", flag]
    if audio.language:
        words += [f"-metadata:s:a:{number}", f"language={audio.language}"]
    if audio.title:
        words += [f"-metadata:s:a:{number}", f"title={audio.title}"]
    return words


def _encode_audio(number: int, audio: Audio, *, mp3: bool) -> list[str]:
    rate = "44100" if audio.rate == 44100 else "48000"
    channels, bits = ("1", "96k") if audio.channels == 1 else ("2", "160k")
    encoder = ["libmp3lame", f"-q:a:{number}", "2"] if mp3 else ["aac", f"-b:a:{number}", bits]
    return [f"-c:a:{number}", *encoder, f"-ac:a:{number}", channels, f"-ar:a:{number}", rate]


class _Meter:
    """Reads `-progress` and compares the result with the expected length."""

    def __init__(self, duration: float | None, report: Progress) -> None:
        self._duration = duration
        self._report = report
        self._reached = 0.0

    def line(self, line: str) -> None:
        name, _, value = line.partition("=")
        if name == "out_time_us" and value.lstrip("-").isdigit():
            # FFmpeg prints the time of the track it wrote last, and tracks are not written in parallel.
            self._reached = max(self._reached, int(value) / 1e6)
        elif name == "speed":
            number = re.match(r"[\d.]+", value.strip())
            done = self._reached / self._duration if self._duration else 0.0
            self._report(min(1.0, max(0.0, done)), float(number[0]) if number else None)

    def check(self) -> None:
        """Check the length: FFmpeg can succeed in the middle. The length was measured: another fetch would not help."""
        if self._duration and self._reached < 0.9 * self._duration - 2:
            raise errors.TranscodeFailed(
                f"{errors.TranscodeFailed.default_detail[:-1]} to its end.",
                reason=f"{self._reached:.0f} of {self._duration:.0f} seconds",
            )


def container(target: Path) -> list[str]:
    """Return FFmpeg's arguments for the container of a file of this name."""
    return ["-f", "matroska"] if target.suffix == ".mkv" else [*MP4]


async def write(
    arguments: Sequence[str],
    reads: Sequence[Path],
    target: Path,
    *,
    limits: process.Limits | None = None,
    timeout: float,
) -> ffmpeg.Ended:
    """Run FFmpeg, whose output becomes `target` once it is whole. Raises: as `failure` says, and `Stuck`."""
    part = ffmpeg.owned(target)
    try:
        ended = await ffmpeg.run([*arguments, "-y", f"file:{part}"], reads, [part], limits=limits, timeout=timeout)
        if ended.code != 0:
            raise failure(ended)
        child_files.take(part, target)
    finally:
        part.unlink(missing_ok=True)
    return ended


def failure(ended: ffmpeg.Ended) -> errors.Problem:
    reason = next(iter(reversed(ended.text.strip().splitlines())), f"code {ended.code}")
    if "No space left on device" in ended.text or "Disk quota exceeded" in ended.text:
        return errors.MediaFull(
            "Not enough space to convert the file. Free some space on the disk of the state folder."
        )
    if "File too large" in ended.text:
        return errors.TooLarge()
    if unknown := _NO_DECODER.search(ended.text):
        return errors.UnsupportedCodec(reason=unknown[0])
    return errors.TranscodeFailed(reason=reason[-200:], code=ended.code)
