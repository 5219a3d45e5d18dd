"""The middle of a download: the file as it came becomes one that browsers play, if it is not one already.

One decision, at most one run of FFmpeg, and what it made is looked at again: it must need nothing more, and be as
long as it should be. What was encoded before is taken as it is (convert_cache.py).
"""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mediafetcher.core import errors, settings
from mediafetcher.downloads import lifecycle, log
from mediafetcher.downloads.worker import active, checkpoint, convert_cache, convert_slots
from mediafetcher.fetch.models import Info
from mediafetcher.fetch.options import Options
from mediafetcher.media import posters, probe, transcode

_ENCODES = ("video", "both")  # the actions that count against TRANSCODES; all others are cheap


class Made(NamedTuple):
    """A file to keep; `key` names what was encoded."""

    file: Path
    facts: probe.Facts
    key: str | None = None


async def make(claim: lifecycle.Claim, hold: active.Hold, info: Info, source: Path, facts: probe.Facts) -> Made:
    """The file as browsers play it: as it came, or converted once, and then proved to be right."""
    wished = claim.options
    decision = _decide(claim, facts)
    hold.say(f"decision: {decision.action}{f', since {decision.reason}' if decision.reason else ''}")
    if decision.action == "reject":
        raise decision.problem()
    facts = await _measured(info.duration, source, facts)
    if not _is_complete(source, facts):
        _whole(info.duration, facts)
    if wished.clip:
        decision = _clip(wished, facts, decision)
    if decision.action == "none" or wished.keep_original:
        return Made(source, facts)
    if lost := probe.left_out(facts, audio=wished.audio):
        hold.say(f"not kept by the conversion: {', '.join(lost)}", "warning")
    hold.enter("convert")
    await lifecycle.note(claim, stage="convert", converting=True)
    await log.write(hold)
    target = source.with_name(checkpoint.CONVERTED)
    key = await convert_cache.name(claim, source) if decision.action in _ENCODES else None
    if target.exists():
        hold.say("it was converted before")
    elif key is None:
        await _convert(claim, hold, source, target, facts, decision)
    elif await convert_cache.find(key, target):
        hold.say("it was encoded before")
    else:
        async with convert_slots.conversion():
            await _convert(claim, hold, source, target, facts, decision)
    proved = await probe.probe(target, target.with_name(posters.NAME))
    again = _decide(claim, proved)
    if again.action != "none":
        raise errors.TranscodeFailed("The converted file is not what browsers play.", reason=again.reason)
    _holds_all(facts, proved, mp3="mp3" in proved.container)
    _whole(transcode.clip_length(facts.duration or info.duration, wished.start or 0.0, wished.end), proved)
    return Made(target, proved, key)


def _clip(wished: Options, facts: probe.Facts, decision: probe.Decision) -> probe.Decision:
    """A part is cut where the whole would have been kept as it came; nothing is encoded for its sake."""
    if facts.duration is not None and (wished.start or 0.0) >= facts.duration:
        raise errors.BadClip(f"{errors.BadClip.words[:-1]}, which has {facts.duration:.0f} seconds.")
    if decision.action != "none":
        return decision
    return probe.Decision("remux" if facts.video else "audio_only", "a part is wanted")


def _decide(claim: lifecycle.Claim, facts: probe.Facts) -> probe.Decision:
    chosen = claim.options
    return probe.decide(facts, audio=chosen.audio, never_transcode=chosen.never_transcode)


async def _measured(claimed: float | None, source: Path, facts: probe.Facts) -> probe.Facts:
    """The facts with the length of what is really in the file, if its header says less than was claimed.

    The clock of a stream may begin anew in the middle, so that its last timestamp says little.
    """
    main = facts.video or next(iter(facts.audio), None)
    if not main or not _is_short(claimed, facts) or _is_complete(source, facts):
        return facts
    measured = await probe.measure(source, main.index)
    return replace(facts, duration=max(measured or 0.0, facts.duration or 0.0))


def _is_complete(source: Path, facts: probe.Facts) -> bool:
    """Whether the file itself proves that nothing is missing: an MP4 with one index and all the bytes that it names.

    One that we joined ourselves proves nothing of its pieces.
    """
    joined = source.stem.endswith("-joined")
    return "mp4" in facts.container and not facts.fragmented and not facts.truncated and not joined


def _holds_all(came: probe.Facts, made: probe.Facts, *, mp3: bool) -> None:
    """Raise unless every sound that was to be kept is in the new file, with its language, and the main one first."""
    wanted = [sound.language for sound in transcode.kept_audio(came, mp3=mp3)]
    there = [sound.language for sound in made.audio]
    lost = len(there) != len(wanted) or any(
        left and right and left != right for left, right in zip(wanted, there, strict=False)
    )
    if lost:
        raise errors.TranscodeFailed(
            f"The converted file does not hold all sounds: {len(there)} of {len(wanted)}.", reason=f"{wanted} {there}"
        )


def _is_short(expected: float | None, facts: probe.Facts) -> bool:
    slack = max(min(5.0, (expected or 0.0) / 2), 0.1 * (expected or 0.0))
    return bool(expected and facts.duration and facts.duration < expected - slack)


def _whole(expected: float | None, facts: probe.Facts) -> None:
    """What is there must be about as long as it was said to be: an end in the middle can look like success."""
    if _is_short(expected, facts):
        raise errors.Truncated(
            f"The file is shorter than it should be: {facts.duration:.0f} of {expected:.0f} seconds."
        )


async def _convert(
    claim: lifecycle.Claim,
    hold: active.Hold,
    source: Path,
    target: Path,
    facts: probe.Facts,
    decision: probe.Decision,
) -> None:
    chosen = settings.get()
    left = transcode.clip_length(facts.duration, claim.options.start or 0.0, claim.options.end) or 0.0

    def report(fraction: float, speed: float | None) -> None:
        hold.report(fraction, None, left * (1 - fraction) / speed if speed else None)

    await transcode.convert(
        source,
        target,
        facts,
        decision,
        max_height=claim.options.max_height or chosen.max_height,
        threads=chosen.ffmpeg_threads,
        audio=claim.options.audio,
        start=claim.options.start or 0.0,
        end=claim.options.end,
        on_progress=report,
    )
