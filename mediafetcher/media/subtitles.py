"""Subtitles as browsers show them: WebVTT beside the film, made of what sites and files have."""

import re
from pathlib import Path

from mediafetcher.media import ffmpeg
from mediafetcher.sandbox import child_files, process

TEXT = {"subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text"}  # what is text inside a file; the rest is pictures
_FORMATS = {".vtt": "webvtt", ".srt": "srt", ".ass": "ass", ".ssa": "ass"}
_LIMITS = process.Limits(data=1 << 30, cpu_seconds=120, nice=10)
_TIMEOUT = 60.0
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_TIMES = re.compile(r"(\d[\d:.,]*) --> (\d[\d:.,]*)")
_LANGUAGE = re.compile(r"^[A-Za-z0-9-]{1,35}$")


async def from_text(source: Path, target: Path, start: float = 0.0, end: float | None = None) -> bool:
    """Make WebVTT of a text (its ending says of what kind), or of the part from `start` to `end` -> whether it is."""
    kind = _FORMATS.get(source.suffix)
    if kind is None:
        return False
    text = decode(child_files.read(source))
    if kind == "webvtt":
        return text.startswith("WEBVTT") and _written(target, text, start, end)
    plain = source.with_name(f"{source.name}.utf8")
    child_files.write_new(plain, text.encode())
    try:
        inputs = ["-protocol_whitelist", "file", "-format_whitelist", "srt,ass", "-f", kind]
        return await _convert(inputs, plain, "0:s:0", target, start, end)
    finally:
        plain.unlink(missing_ok=True)


async def from_film(source: Path, index: int, target: Path, start: float = 0.0, end: float | None = None) -> bool:
    """Make WebVTT of the stream of this index in a film -> whether it is."""
    return await _convert(list(ffmpeg.SAFE_INPUT), source, f"0:{index}", target, start, end)


def decode(data: bytes) -> str:
    """Text of an unknown encoding, on lines of one kind: by its mark, else UTF-8, else as western Windows wrote."""
    if data.startswith(_MARKS):
        text = data.decode("utf-8-sig" if data.startswith(_MARKS[0]) else "utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def is_language(name: str) -> bool:
    """Whether it may stand in a side file's name and in an address."""
    return bool(_LANGUAGE.match(name))


async def _convert(inputs: list[str], source: Path, stream: str, target: Path, start: float, end: float | None) -> bool:
    part = ffmpeg.owned(target)
    arguments = ["-v", "error", *inputs, "-i", f"file:{source}", "-map", stream, "-c:s", "webvtt"]
    arguments += ["-map_metadata", "-1", "-f", "webvtt", "-y", f"file:{part}"]
    try:
        ended = await ffmpeg.run(arguments, [source], [part], limits=_LIMITS, timeout=_TIMEOUT)
        return ended.code == 0 and _written(target, child_files.read(part).decode("utf-8", "replace"), start, end)
    except ffmpeg.Stuck:
        return False
    finally:
        part.unlink(missing_ok=True)


def part_of(text: str, start: float, end: float | None) -> str:
    """The WebVTT of a part, its times counted from there. FFmpeg's own seeking in texts moves the first line."""
    kept = []
    for block in re.split(r"\n{2,}", text.strip("\n")):
        times = _TIMES.search(block)
        if times is None:
            kept.append(block)  # the head, a style, a note
            continue
        first, last = _seconds(times[1]) - start, _seconds(times[2]) - start
        if last > 0 and (end is None or first < end - start):
            last = last if end is None else min(last, end - start)
            line = f"{_clock(max(0.0, first))} --> {_clock(last)}"
            kept.append(block[: times.start()] + line + block[times.end() :])
    return "\n\n".join(kept) + "\n"


def _seconds(text: str) -> float:
    parts = text.replace(",", ".").split(":")
    return sum(float(part) * 60**power for power, part in enumerate(reversed(parts)))


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours = f"{minutes // 60:02}:" if minutes >= 60 else ""
    return f"{hours}{minutes % 60:02}:{rest / 1000:06.3f}"


def _written(target: Path, text: str, start: float, end: float | None) -> bool:
    """One without a line of speech is none."""
    if start or end is not None:
        text = part_of(text, start, end)
    if "-->" not in text:
        return False
    child_files.write_new(target, text.encode())
    return True
