"""Make subtitles for browsers: WebVTT files from the texts of sites and files.

webvtt.py parses the texts in a worker process, and FFmpeg reads the other kinds. Whatever they contain, the call
ends within a time limit.
"""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from mediafetcher.core import errors
from mediafetcher.media import ffmpeg, webvtt
from mediafetcher.sandbox import parsing, process

_FORMATS = {".vtt": "webvtt", ".srt": "srt", ".ass": "ass", ".ssa": "ass"}
_LIMITS = process.Limits(data=1 << 30, cpu_seconds=120, nice=10)
_TIMEOUT = 60.0  # seconds without progress: a large film on a slow disk takes longer as a whole
_PROGRESS = ("-progress", "pipe:1")
_LANGUAGE = re.compile(r"^[A-Za-z0-9-]{1,35}$")


async def from_text(
    source: Path, target: Path, start: float = 0.0, end: float | None = None, language: str = ""
) -> bool:
    """Make WebVTT of a text of the kind named by its suffix, or of the part from `start` to `end` (seconds).

    The language helps to determine the charset. Returns: whether the text has a cue.

    Raises: `TranscodeFailed` and `ParserFailed`.
    """
    kind = _FORMATS.get(source.suffix)
    if kind is None:
        return False
    if kind == "webvtt":
        return await _rewrite(source, target, start, end, language)
    plain = source.with_name(f"{source.name}.utf8")
    try:
        with _created(plain) as descriptor:
            if not await parsing.call(webvtt.to_utf8, language, files=[source, descriptor]):
                return False
        inputs = ["-protocol_whitelist", "file", "-format_whitelist", "srt,ass", "-f", kind]
        return await _convert(inputs, plain, "0:s:0", target, start, end)
    finally:
        plain.unlink(missing_ok=True)


async def from_film(source: Path, index: int, target: Path, start: float = 0.0, end: float | None = None) -> bool:
    """Make WebVTT of the stream of this index in a film. Returns: whether it has a line.

    Raises: `TranscodeFailed` and `ParserFailed`.
    """
    return await _convert(list(ffmpeg.SAFE_INPUT), source, f"0:{index}", target, start, end)


async def all_from_film(source: Path, targets: Mapping[int, Path]) -> dict[int, bool | None]:
    """Make WebVTT of several streams of a film, which is read once.

    Returns: by the index of the stream, whether it has a line; None if it could not be read.
    """
    parts = {index: ffmpeg.owned(target) for index, target in targets.items()}
    try:
        ended = await _read_all(source, parts) if len(parts) > 1 else False
        return {
            index: await _one_of_all(source, index, targets[index], part, ready=ended) for index, part in parts.items()
        }
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


async def _read_all(source: Path, parts: Mapping[int, Path]) -> bool:
    """Write each stream to its file. Returns: whether all could be read."""
    arguments = ["-v", "error", *_PROGRESS, *ffmpeg.SAFE_INPUT, "-i", f"file:{source}"]
    for index, part in parts.items():
        arguments += [
            "-map",
            f"0:{index}",
            "-c:s",
            "webvtt",
            "-map_metadata",
            "-1",
            "-f",
            "webvtt",
            "-y",
            f"file:{part}",
        ]
    try:
        ended = await ffmpeg.run(arguments, [source], list(parts.values()), limits=_LIMITS, timeout=_TIMEOUT)
    except errors.TranscodeFailed:
        return False
    return ended.code == 0


async def _one_of_all(source: Path, index: int, target: Path, part: Path, *, ready: bool) -> bool | None:
    try:
        return await _rewrite(part, target, 0.0, None) if ready else await from_film(source, index, target)
    except (errors.TranscodeFailed, errors.ParserFailed, errors.ToolKilled):
        return None


async def on_film_clock(sources: list[Path], target: Path, clocks: list[list[float]], tied: list[bool]) -> bool:
    """Make WebVTT of the cues of a stream's parts (webvtt.on_film_clock). Returns: whether there is one.

    Raises: `ParserFailed`, OSError.
    """
    if not is_language(target.name.split(".")[-2]):
        return False
    with _created(target) as descriptor:
        return await parsing.call(webvtt.on_film_clock, clocks, tied, files=[*sources, descriptor])


def is_language(name: str) -> bool:
    """Tell whether it is valid in the name of a side file and in an address."""
    return bool(_LANGUAGE.match(name))


async def _convert(inputs: list[str], source: Path, stream: str, target: Path, start: float, end: float | None) -> bool:
    part = ffmpeg.owned(target)
    arguments = ["-v", "error", *_PROGRESS, *inputs, "-i", f"file:{source}", "-map", stream, "-c:s", "webvtt"]
    arguments += ["-map_metadata", "-1", "-f", "webvtt", "-y", f"file:{part}"]
    try:
        ended = await ffmpeg.run(arguments, [source], [part], limits=_LIMITS, timeout=_TIMEOUT)
        if ended.code != 0:
            raise errors.TranscodeFailed("The subtitles could not be read.", reason=ended.text[-200:])
        return await _rewrite(part, target, start, end)
    finally:
        part.unlink(missing_ok=True)


async def _rewrite(source: Path, target: Path, start: float, end: float | None, language: str = "") -> bool:
    fresh = target.with_name(f"{target.name}.new")
    try:
        with _created(fresh) as descriptor:
            if not await parsing.call(webvtt.rewrite, start, end, language, files=[source, descriptor]):
                return False
        os.replace(fresh, target)
        return True
    finally:
        fresh.unlink(missing_ok=True)


@contextlib.contextmanager
def _created(path: Path) -> Iterator[int]:
    """Create a file that FFmpeg's account may read. Yields: its descriptor. An existing link is not followed."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        account = process.service_account()
        if account:
            os.fchown(descriptor, account.uid, account.gid)
        yield descriptor
    finally:
        os.close(descriptor)
