"""What is kept beside the bytes of a film: subtitles as WebVTT, chapters, the picture for the library."""

from collections.abc import Iterable
from pathlib import Path

from mediafetcher.fetch.models import Info, Result
from mediafetcher.fetch.options import ALL, Options
from mediafetcher.media import posters, probe, subtitles

Chapters = tuple[tuple[float, str], ...]

_MAX_CHAPTERS = 500
_MAX_MARKS = 200
_TITLE = 200  # characters


async def texts(result: Result, facts: probe.Facts, options: Options) -> dict[str, Path]:
    """The wished subtitles as side files: `fr.vtt` -> where it lies. The site's first, then those inside the file.

    Only what is text can be kept: pictures of text stay in the file that came.
    """
    found: dict[str, Path] = {}
    start = options.start or 0.0
    for language, source in result.subtitles:
        target = result.file.with_name(f"{language}.vtt")
        if subtitles.is_language(language) and await subtitles.from_text(source, target, start, options.end):
            found[target.name] = target
    for stream in facts.subtitles:
        language = stream.language or "und"
        target = result.file.with_name(f"{language}.vtt")
        if target.name in found or stream.codec not in subtitles.TEXT or not subtitles.is_language(language):
            continue
        if _wished(language, options.subtitles) and await subtitles.from_film(
            result.file, stream.index, target, start, options.end
        ):
            found[target.name] = target
    return found


def _wished(language: str, wished: Iterable[str]) -> bool:
    """Files often have codes of three letters, which begin as those of two do, mostly."""
    return any(name == ALL or language.lower().startswith(name.lower().split("-")[0]) for name in wished)


def chapters(info: Info, result: Result, facts: probe.Facts, options: Options) -> Chapters:
    """(start in seconds, title): as the site has them, else the file; with the marks, and of a clip those in it."""
    found = list((info.chapters or facts.chapters)[:_MAX_CHAPTERS])
    found = marked(found, result.marks[:_MAX_MARKS])
    if options.clip:
        found = clipped(found, options.start or 0.0, options.end)
    named = [(round(start, 3), title.strip()[:_TITLE]) for start, title in found]
    return tuple(sorted(named, key=lambda chapter: chapter[0])[:_MAX_CHAPTERS])


def marked(found: list[tuple[float, str]], marks: Iterable[tuple[float, float, str]]) -> list[tuple[float, str]]:
    """Chapters with marked parts among them; behind each part the chapter that it interrupts goes on."""
    for start, end, title in sorted(marks):
        around = [chapter for chapter in sorted(found) if chapter[0] <= end]
        goes_on = around[-1][1] if around else ""
        found = [chapter for chapter in found if not start <= chapter[0] < end]
        found.append((start, title))
        if not any(abs(chapter[0] - end) < 0.5 for chapter in found):
            found.append((end, goes_on))
    return sorted(found)


def clipped(found: list[tuple[float, str]], start: float, end: float | None) -> list[tuple[float, str]]:
    """The chapters of a part, from its beginning; the one that it begins in is the first."""
    before = [chapter for chapter in sorted(found) if chapter[0] <= start]
    inside = [chapter for chapter in sorted(found) if start < chapter[0] and (end is None or chapter[0] < end)]
    first = [(0.0, before[-1][1])] if before else []
    return first + [(at - start, title) for at, title in inside]


async def picture(media: Path, facts: probe.Facts, came: probe.Facts, result: Result) -> Path | None:
    """A picture for the library: a frame of the film, the cover of the sound, else the site's. None is fine."""
    if facts.poster:
        return facts.poster
    target = media.with_name(posters.NAME)
    if await posters.draw(media, target, facts):
        return target
    if result.file != media and (came.poster or await posters.draw(result.file, target, came)):
        return came.poster or target
    # The site's picture is of whatever kind, and alone in its file.
    if result.poster and await posters.draw(result.poster, target, probe.Facts(0, picture=0)):
        return target
    return None
