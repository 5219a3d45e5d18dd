"""Correct DASH manifests that yt-dlp misreads without an error (ISO/IEC 23009-1), before and after it parses them.

Before: a segment that repeats until the end (`r="-1"`) is counted, and a period without a duration gets it from the
next one or from `mediaPresentationDuration`. After: the periods of each format stay separate (`mf_parts`), because each
has an initialisation and a clock of its own.
"""

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urljoin

from mediafetcher.fetch.child.streaming import main_sound
from mediafetcher.fetch.child.streaming.dash_segments import PARTS

LIVE = "mf_live"  # key of a format whose manifest is dynamic (dash_live.py)

_TIME = re.compile(r"P(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_MAX_SEGMENTS = 200_000
_REST = 0.2  # seconds at the end that may not have a segment: lengths are rounded


def install(extractor: Any) -> None:
    """Wrap yt-dlp's own parsing of manifests, once for each process."""
    if getattr(extractor._merge_mpd_periods, "keeps_periods", False):
        return
    parse, merge = extractor._parse_mpd_periods, extractor._merge_mpd_periods

    def parse_completed(self: Any, mpd_doc: Any, mpd_id: Any = None, *arguments: Any, **named: Any) -> Any:
        complete(mpd_doc)
        space = _space(mpd_doc)
        ranks = [main_sound.of_dash(period, space) for period in mpd_doc.findall(f"{space}Period")]
        periods = _readable(parse(self, mpd_doc, mpd_id, *arguments, **named), live=mpd_doc.get("type") == "dynamic")
        for period, rank in zip(periods, ranks, strict=False):
            prefixed = {f"{mpd_id}-{name}" if mpd_id else name: value for name, value in rank.items()}
            main_sound.mark(period["formats"], prefixed, "format_id")
            for one in period["formats"] if mpd_doc.get("type") == "dynamic" else ():
                one[LIVE] = True
            yield period

    def merge_apart(self: Any, periods: Any) -> Any:
        return merged(list(periods), lambda some: merge(self, some))

    merge_apart.keeps_periods = True  # type: ignore[attr-defined]
    extractor._parse_mpd_periods, extractor._merge_mpd_periods = parse_completed, merge_apart


def _readable(periods: Iterable[Any], *, live: bool) -> Iterator[Any]:
    """Yield the periods. Raises: `ExtractorError` for a manifest that lacks what yt-dlp needs, not for its own code."""
    from yt_dlp.utils import ExtractorError

    try:
        yield from periods
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
        words = "this kind of live stream cannot be recorded" if live else "no formats: the manifest is incomplete"
        raise ExtractorError(words, expected=True) from error


# ---- before ----------------------------------------------------------------------------------------------


def complete(mpd: Any) -> None:
    """Add to the manifest what follows from it: durations of periods, and counts of repeated segments."""
    space = _space(mpd)
    if mpd.get("type") != "dynamic":  # the list of a live stream grows (dash_live.py)
        _as_whole_files(mpd, space)
    whole = seconds(mpd.get("mediaPresentationDuration"))
    periods = mpd.findall(f"{space}Period")
    for period, (_, length) in zip(periods, spans(periods, whole), strict=True):
        if length is not None and not period.get("duration"):
            period.set("duration", f"PT{length:.3f}S")
        for parents in _templates(period, space):
            _count_repeats(parents, space, length)


def _as_whole_files(mpd: Any, space: str) -> None:
    """Turn lists of ranges of one file into that file: yt-dlp ignores ranges, and cannot read a list without names."""
    for parent in list(mpd.iter()):
        listed = parent.find(f"{space}SegmentList")
        if listed is None:
            continue
        segments = listed.findall(f"{space}SegmentURL")
        names = {one.get("media") or "" for one in segments}
        if len(names) != 1 or not all(one.get("mediaRange") for one in segments):
            continue
        parent.remove(listed)
        if name := names.pop():
            base = parent.find(f"{space}BaseURL")
            if base is None:
                base = parent.makeelement(f"{space}BaseURL", {})
                parent.insert(0, base)
            base.text = urljoin(base.text or "", name)


def _space(mpd: Any) -> str:
    return mpd.tag.partition("}")[0] + "}" if mpd.tag.startswith("{") else ""


def seconds(text: str | None) -> float | None:
    """Return an ISO 8601 duration in seconds."""
    found = _TIME.fullmatch((text or "").strip())
    if not text or found is None:
        return None
    days, hours, minutes, rest = (float(part or 0) for part in found.groups())
    return days * 86_400 + hours * 3600 + minutes * 60 + rest


def spans(periods: list[Any], whole: float | None) -> list[tuple[float, float | None]]:
    """Return (start, length) of each period."""
    spans: list[tuple[float, float | None]] = []
    at: float = 0.0
    for number, period in enumerate(periods):
        start = seconds(period.get("start"))
        start = at if start is None else start
        length = seconds(period.get("duration"))
        if length is None:
            following = periods[number + 1].get("start") if number + 1 < len(periods) else None
            end = seconds(following) if following else (whole if number + 1 == len(periods) else None)
            length = end - start if end is not None and end > start else None
        spans.append((start, length))
        at = start + (length or 0.0)
    return spans


def _templates(period: Any, space: str) -> list[list[Any]]:
    """Return each segment list or template of a period, with those of the levels above it, the innermost last."""
    found: list[list[Any]] = []

    def walk(element: Any, above: list[Any]) -> None:
        own = [one for name in ("SegmentTemplate", "SegmentList") for one in element.findall(f"{space}{name}")][:1]
        chain = above + own
        if own:
            found.append(chain)
        for name in ("AdaptationSet", "Representation"):
            for child in element.findall(f"{space}{name}"):
                walk(child, chain)

    walk(period, [])
    return found


def _count_repeats(chain: list[Any], space: str, length: float | None) -> None:
    timeline = chain[-1].find(f"{space}SegmentTimeline")
    if timeline is None:
        return
    scale = float(_inherited(chain, "timescale") or 1)
    offset = float(_inherited(chain, "presentationTimeOffset") or 0)
    at = 0.0
    entries = timeline.findall(f"{space}S")
    for number, entry in enumerate(entries):
        at = float(entry.get("t") or at)
        step, repeats = float(entry.get("d") or 0), int(entry.get("r") or 0)
        if repeats < 0 and step > 0:
            following = entries[number + 1].get("t") if number + 1 < len(entries) else None
            end = float(following) if following else (offset + length * scale if length is not None else at + step)
            left = end - at - min(_REST * scale, step / 4)
            repeats = min(_MAX_SEGMENTS, max(0, math.ceil(left / step) - 1))
            entry.set("r", str(repeats))
        at += step * (repeats + 1)


def _inherited(chain: list[Any], name: str) -> str | None:
    return next((element.get(name) for element in reversed(chain) if element.get(name)), None)


# ---- after -----------------------------------------------------------------------------------------------


def merged(periods: list[dict[str, Any]], merge: Any) -> Any:
    """Return the formats of the longest period; each lists its fragments in every period (`mf_parts`).

    Pictures and sounds are each those of the longest period that has them. A period that lacks such a format, as an
    advertisement without sound does, has no fragments.
    """
    full = [period for period in periods if period["formats"]]
    if len(full) < 2:
        return merge(periods)
    longest = sorted(full, key=_length, reverse=True)
    main_of = {_kinds(one): period for period in reversed(longest) for one in period["formats"]}
    formats = []
    for main, one in [(period, one) for period in full for one in period["formats"]]:
        if main is not main_of[_kinds(one)]:
            continue
        one["is_dash_periods"] = True
        alike = [one if period is main else _closest(one, period["formats"]) for period in full]
        if _is_picture_or_sound(one):
            one[PARTS] = [(other.get("fragments") or [{"url": other["url"]}]) if other else [] for other in alike]
        formats.append(one)
    subtitles: dict[str, list[Any]] = {}
    for period in periods:
        for language, texts in period["subtitles"].items():
            subtitles.setdefault(language, []).extend(texts)
    return formats, subtitles


def _kinds(one: dict[str, Any]) -> tuple[bool, bool]:
    """Tell whether a format lacks the picture, and whether it lacks the sound."""
    return one.get("vcodec") == "none", one.get("acodec") == "none"


def _length(period: dict[str, Any]) -> float:
    return max(
        (sum(part.get("duration") or 0.0 for part in one.get("fragments") or ()) for one in period["formats"]),
        default=0.0,
    )


def _is_picture_or_sound(one: dict[str, Any]) -> bool:
    return one.get("vcodec") != "none" or one.get("acodec") != "none"


def _closest(wanted: dict[str, Any], formats: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the format of another period that matches this one: the same kind, then language, codec, size and rate."""
    kinds = _kinds(wanted)
    same = [one for one in formats if _kinds(one) == kinds]

    def distance(one: dict[str, Any]) -> tuple[bool, bool, bool, float, float]:
        codec = "acodec" if kinds[0] else "vcodec"
        return (
            one.get(main_sound.KEY) != wanted.get(main_sound.KEY),
            one.get("language") != wanted.get("language"),
            str(one.get(codec))[:4] != str(wanted.get(codec))[:4],
            abs((one.get("height") or 0) - (wanted.get("height") or 0)),
            abs((one.get("tbr") or 0) - (wanted.get("tbr") or 0)),
        )

    return min(same, key=distance, default=None)
