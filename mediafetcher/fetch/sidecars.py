"""The side data of a film: subtitles as WebVTT, chapters, the picture for the library."""

from collections.abc import Awaitable, Container, Iterable
from pathlib import Path
from typing import NamedTuple

from mediafetcher.core import errors
from mediafetcher.fetch.models import Info, Result
from mediafetcher.fetch.options import ALL, Options
from mediafetcher.media import posters, probe, subtitles

Chapters = tuple[tuple[float, str], ...]

_MAX_CHAPTERS = 500
_MAX_MARKS = 200
_TITLE = 200  # characters


class Texts(NamedTuple):
    """Side files by their names (`fr.vtt`), and descriptions of the file's streams that could not be extracted."""

    files: dict[str, Path]
    failed: list[str]


async def texts(result: Result, facts: probe.Facts, options: Options, *, everything: bool = False) -> Texts:
    """Return the requested subtitles as side files: the site's first, then those inside the file.

    `everything`: the original file is not kept, so all its texts are extracted, requested or not. Bitmap subtitles
    stay in the original file; `probe.left_out` names them.
    """
    files: dict[str, Path] = {}
    failed: list[str] = []
    start = options.start or 0.0
    for language, source in result.subtitles:
        target = result.file.with_name(f"{language}.vtt")
        if subtitles.is_language(language) and await _made(
            subtitles.from_text(source, target, start, options.end, language)
        ):
            files[target.name] = target
    of_site = set(files)
    for stream in facts.subtitles:
        language = stream.language or "und"
        if stream.codec not in probe.TEXT_SUBTITLES or not subtitles.is_language(language):
            continue
        wished = _wished(language, options.subtitles) and f"{language}.vtt" not in of_site
        if not (wished or everything):
            continue
        target = result.file.with_name(side_name(language, files, forced=stream.forced, impaired=stream.impaired))
        made = await _made(subtitles.from_film(result.file, stream.index, target, start, options.end))
        if made:
            files[target.name] = target
        elif made is None:
            failed.append(f"subtitles {stream.index} ({language}, {stream.codec})")
    return Texts(files, failed)


async def _made(making: Awaitable[bool]) -> bool | None:
    """Tell whether a text was made; False: it has no line, None: it failed."""
    try:
        return await making
    except (errors.TranscodeFailed, errors.ParserFailed, errors.ToolKilled):
        return None


def side_name(language: str, taken: Container[str], *, forced: bool, impaired: bool = False) -> str:
    """Return a free name: `en.vtt`, `en-forced.vtt`, `en-sdh.vtt`, `en-2.vtt`.

    `impaired`: for the deaf and hard of hearing.
    """
    stem = language[:32]
    if forced or impaired:
        stem = f"{language[:20]}{'-forced' if forced else ''}{'-sdh' if impaired else ''}"
    names = [f"{stem}.vtt", *(f"{stem}-{number}.vtt" for number in range(2, 100))]
    return next(name for name in names if name not in taken)


def _wished(language: str, wished: Iterable[str]) -> bool:
    """Compare languages. Files often have three-letter codes, which mostly begin with those of two letters."""
    return any(name == ALL or language.lower().startswith(name.lower().split("-")[0]) for name in wished)


def chapters(info: Info, result: Result, facts: probe.Facts, options: Options) -> Chapters:
    """Return (start in seconds, title): from the site, else the file; with marked parts, and for a clip those in it."""
    found = list((info.chapters or facts.chapters)[:_MAX_CHAPTERS])
    found = marked(found, result.marks[:_MAX_MARKS])
    if options.clip:
        found = clipped(found, options.start or 0.0, options.end)
    named = [(round(start, 3), title.strip()[:_TITLE]) for start, title in found]
    return tuple(sorted(named, key=lambda chapter: chapter[0])[:_MAX_CHAPTERS])


def marked(found: list[tuple[float, str]], marks: Iterable[tuple[float, float, str]]) -> list[tuple[float, str]]:
    """Insert marked parts among chapters; after each part the interrupted chapter resumes."""
    for start, end, title in sorted(marks):
        around = [chapter for chapter in sorted(found) if chapter[0] <= end]
        goes_on = around[-1][1] if around else ""
        found = [chapter for chapter in found if not start <= chapter[0] < end]
        found.append((start, title))
        if not any(abs(chapter[0] - end) < 0.5 for chapter in found):
            found.append((end, goes_on))
    return sorted(found)


def clipped(found: list[tuple[float, str]], start: float, end: float | None) -> list[tuple[float, str]]:
    """Return the chapters of a clip, from its beginning; the chapter that it begins in is the first."""
    before = [chapter for chapter in sorted(found) if chapter[0] <= start]
    inside = [chapter for chapter in sorted(found) if start < chapter[0] and (end is None or chapter[0] < end)]
    first = [(0.0, before[-1][1])] if before else []
    return first + [(at - start, title) for at, title in inside]


async def picture(media: Path, facts: probe.Facts, came: probe.Facts, result: Result) -> Path | None:
    """Return a picture for the library: a frame of the film, the cover of the sound, else the site's. None is valid."""
    if facts.poster:
        return facts.poster
    target = media.with_name(posters.NAME)
    if await posters.draw(media, target, facts):
        return target
    if result.file != media and (came.poster or await posters.draw(result.file, target, came)):
        return came.poster or target
    # The site's picture may be of any kind, and is alone in its file.
    if result.poster and await posters.draw(result.poster, target, probe.Facts(0, picture=0)):
        return target
    return None
