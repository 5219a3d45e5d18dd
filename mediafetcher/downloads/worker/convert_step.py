"""The middle step of a download: convert the fetched file to one that browsers play, if necessary.

One decision, at most one run of FFmpeg, and the result is checked: it must need no further conversion, and have the
expected length. An earlier conversion is reused (convert_cache.py).
"""

from pathlib import Path
from typing import NamedTuple

from mediafetcher.core import errors, settings
from mediafetcher.downloads import leases, log
from mediafetcher.downloads.worker import active, checkpoint, convert_cache, convert_slots
from mediafetcher.fetch.models import Info
from mediafetcher.fetch.options import Options
from mediafetcher.media import posters, probe, transcode

_ENCODES = ("video", "both")  # the actions that count against TRANSCODES; all others are cheap


class ConvertedMedia(NamedTuple):
    """A file to store; `key` identifies the conversion."""

    file: Path
    facts: probe.Facts
    key: str | None = None


async def make(
    claim: leases.Claim, download: active.ActiveDownload, info: Info, source: Path, facts: probe.Facts
) -> ConvertedMedia:
    """Return the file as browsers play it: unchanged, or converted once, and then verified."""
    wished = claim.options
    decision = _decide(claim, facts)
    download.log(f"conversion: {decision.action}{f' ({decision.reason})' if decision.reason else ''}")
    if decision.action == "reject":
        raise decision.problem()
    if wished.clip:
        decision = _clip(wished, facts, decision)
    if decision.action == "none" or wished.keep_original:
        return ConvertedMedia(source, facts)
    if lost := probe.left_out(facts, audio=wished.audio):
        download.log(f"not kept by the conversion: {', '.join(lost)}", "warning")
    download.enter("convert")
    await leases.update_progress(claim, stage="convert", converting=True)
    await log.write(download)
    target = source.with_name(checkpoint.CONVERTED)
    key = await convert_cache.name(claim, source) if decision.action in _ENCODES else None
    if target.exists():
        download.log("already converted earlier")
    elif key is None:
        await _convert(claim, download, source, target, facts, decision)
    elif await convert_cache.find(key, target):
        download.log("already re-encoded earlier")
    else:
        async with convert_slots.conversion(download):
            await _convert(claim, download, source, target, facts, decision)
    proved = await probe.probe(target, target.with_name(posters.NAME))
    again = _decide(claim, proved)
    if again.action != "none":
        raise errors.TranscodeFailed("The converted file does not play in browsers.", reason=again.reason)
    _holds_all(facts, proved, mp3="mp3" in proved.container)
    _is_as_long(transcode.clip_length(facts.duration or info.duration, wished.start or 0.0, wished.end), proved)
    return ConvertedMedia(target, proved, key)


def _clip(wished: Options, facts: probe.Facts, decision: probe.Decision) -> probe.Decision:
    """Cut a part if the whole would have been kept unchanged; nothing is encoded only for the cut."""
    if facts.duration is not None and (wished.start or 0.0) >= facts.duration:
        raise errors.BadClip(f"{errors.BadClip.default_detail[:-1]}, which is {facts.duration:.0f} seconds long.")
    if decision.action != "none":
        return decision
    return probe.Decision("remux" if facts.video else "audio_only", "a clip was requested")


def _decide(claim: leases.Claim, facts: probe.Facts) -> probe.Decision:
    chosen = claim.options
    return probe.decide(facts, audio=chosen.audio, never_transcode=chosen.never_transcode)


def _holds_all(came: probe.Facts, made: probe.Facts, *, mp3: bool) -> None:
    """Raise unless every expected sound is in the new file, with its language, and the main one first."""
    wanted = [sound.language for sound in transcode.kept_audio(came, mp3=mp3)]
    there = [sound.language for sound in made.audio]
    lost = len(there) != len(wanted) or any(
        left and right and left != right for left, right in zip(wanted, there, strict=False)
    )
    if lost:
        raise errors.TranscodeFailed(
            f"The converted file does not hold all sounds: {len(there)} of {len(wanted)}.", reason=f"{wanted} {there}"
        )


def _is_as_long(expected: float | None, made: probe.Facts) -> None:
    """Raise unless the new file has about the expected length: an end in the middle can look like success."""
    slack = max(min(5.0, (expected or 0.0) / 2), 0.1 * (expected or 0.0))
    if expected and made.duration and made.duration < expected - slack:
        raise errors.TranscodeFailed(
            f"{errors.TranscodeFailed.default_detail[:-1]} to its end.",
            reason=f"{made.duration:.0f} of {expected:.0f} seconds",
        )


async def _convert(
    claim: leases.Claim,
    download: active.ActiveDownload,
    source: Path,
    target: Path,
    facts: probe.Facts,
    decision: probe.Decision,
) -> None:
    chosen = settings.get()
    left = transcode.clip_length(facts.duration, claim.options.start or 0.0, claim.options.end) or 0.0

    def report(fraction: float, speed: float | None) -> None:
        download.report(fraction, None, left * (1 - fraction) / speed if speed else None)

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
