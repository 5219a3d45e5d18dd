"""Put picture and sounds of several files into one, without changing them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mediafetcher.core import errors, languages
from mediafetcher.media import ffmpeg, transcode
from mediafetcher.media.ffmpeg_output import Audio
from mediafetcher.media.probe import ENDED_EARLY, Facts, decide, probe

_MAX_APART = 60.0  # seconds between the beginnings of two files that supposedly share a clock
_CLOCKS = {"mpegts", "mp4", "matroska"}  # containers whose timestamps are those of the stream


class Sound(NamedTuple):
    """A sound to keep: the position of its file, its language tag, and its name for users. Both may be empty."""

    file: int
    language: str = ""
    title: str = ""


async def join(
    files: Sequence[Path], target: Path, *, one_clock: bool = False, sounds: Sequence[Sound] = ()
) -> tuple[Path, str]:
    """Put files, picture and sound, into one without changing any.

    Returns: its path, and why one of them is incomplete, or "".

    The result is a playable MP4 if possible; else Matroska, which holds everything. `one_clock`: their times count from
    the same moment, though they need not begin together; otherwise all begin at zero. `sounds`: those to keep, the main
    one first; a file that turned out to hold none is left out. Without them the sound is that of another file than the
    picture's.
    """
    facts = [await probe(path) for path in files]
    picture = next((at for at, entry in enumerate(facts) if entry.video), None)
    if any(entry.encrypted for entry in facts):
        raise decide(next(entry for entry in facts if entry.encrypted)).problem()
    chosen = _chosen(facts, picture, sounds)
    if picture is None or not chosen:
        reason = next((entry.error for entry in facts if entry.error), "no video")
        raise errors.NotMedia(f"{errors.NotMedia.default_detail[:-1]}: {reason}.")
    video = facts[picture].video
    assert video
    if video.codec != "h264" or any(audio.codec != "aac" for _, audio in chosen):
        target = target.with_suffix(".mkv")
    arguments = ["-v", "error"]
    for path in files:
        arguments += [*ffmpeg.SAFE_INPUT, "-i", f"file:{path}"]
    arguments += ["-map", f"{picture}:{video.index}"]
    for sound, audio in chosen:
        arguments += ["-map", f"{sound.file}:{audio.index}"]
    arguments += ["-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"]
    arguments += named([sound for sound, _ in chosen]) if sounds else []
    together = all(abs(facts[0].start - one.start) <= _MAX_APART and _CLOCKS & set(one.container) for one in facts)
    arguments += ["-copyts", "-avoid_negative_ts", "make_zero"] if one_clock and together else []
    arguments += transcode.container(target)
    ended = await transcode.write(arguments, files, target, limits=transcode.COPYING, timeout=transcode.SILENCE)
    return target, "picture or sound ends too early" if ENDED_EARLY.search(ended.text) else ""


def named(sounds: Sequence[Sound]) -> list[str]:
    """Return FFmpeg's arguments for the languages and titles of sounds, the first of which is the default."""
    words: list[str] = []
    for number, sound in enumerate(sounds):
        words += [f"-disposition:a:{number}", "0" if number else "default"]
        words += [f"-metadata:s:a:{number}", f"language={languages.three_letters(sound.language)}"]
        words += [f"-metadata:s:a:{number}", f"title={sound.title}"] if sound.title else []
    return words


def _chosen(facts: Sequence[Facts], picture: int | None, sounds: Sequence[Sound]) -> list[tuple[Sound, Audio]]:
    if not sounds:
        places = [at for at in (*range(1, len(facts)), 0) if facts[at].audio and at != picture]
        sounds = [Sound(at) for at in places[:1]]
    return [(one, facts[one.file].audio[0]) for one in sounds if one.file < len(facts) and facts[one.file].audio]
