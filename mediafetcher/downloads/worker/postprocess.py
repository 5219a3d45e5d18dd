"""The steps of a download after its file was fetched: convert it if necessary, and store it.

One decision, at most one run of FFmpeg, and the result is checked: it must need no further conversion, and have the
expected length. An earlier conversion is reused (convert_cache.py). Then the bytes are stored, and the item, its source
and the end of the download in one transaction.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mediafetcher.core import errors, settings, tasks
from mediafetcher.downloads import leases, log
from mediafetcher.downloads.worker import active, checkpoint, convert_cache, convert_slots
from mediafetcher.fetch import sidecars
from mediafetcher.fetch.models import Info, Result
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import items, known_sources, metadata, quotas
from mediafetcher.library.storage import blob_store, sweeper
from mediafetcher.media import posters, probe, transcode

_ENCODES = ("video", "both")  # the actions that count against TRANSCODES; all others are cheap
_MAX_TRACKS = 32  # of a file that are listed
_HASHED = 0.9  # fraction of the store stage for the pass over the bytes


# ---- convert -------------------------------------------------------------------------------------------


class ConvertedMedia(NamedTuple):
    """A file to store; `key` identifies the conversion."""

    file: Path
    facts: probe.Facts
    key: str | None = None


async def convert(
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
        await _run(claim, download, source, target, facts, decision)
    elif await convert_cache.find(key, target):
        download.log("already re-encoded earlier")
    else:
        async with convert_slots.conversion(download):
            await _run(claim, download, source, target, facts, decision)
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


async def _run(
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


# ---- store ---------------------------------------------------------------------------------------------


class StoredMedia(NamedTuple):
    facts: items.MediaFacts
    side_files: dict[str, Path]


class FetchedMedia(NamedTuple):
    """A complete download: its metadata, the fetched file, and the file to store."""

    info: Info
    result: Result
    came: probe.Facts
    media: Path
    facts: probe.Facts
    side_files: Mapping[str, Path] = {}  # side files that are stored unchanged


class Sources(NamedTuple):
    """The keys of the source, whether they belong to one user alone, and the key of a conversion."""

    keys: list[str]
    private: bool
    converted: str | None = None


async def store(
    claim: leases.Claim, download: active.ActiveDownload, arrived: FetchedMedia, sources: Sources | None = None
) -> None:
    """Store bytes first, rows last; the item, the keys of its source, and the end in one transaction.

    Side data is made while the bytes are hashed.
    """
    media = arrived.media
    if claim.operation == "fetch":
        await quotas.check_quota(claim.owner, media.stat().st_size)
    ours = not media.is_symlink()  # the folder of the download is removed in the end; an already stored file stays
    staging = asyncio.ensure_future(blob_store.stage(media, lambda done: download.report(_HASHED * done), take=ours))
    try:
        kept = await _gather(claim, download, arrived)
        await (_add if claim.operation == "fetch" else _replace)(claim, arrived.info, await staging, kept, sources)
    except BaseException:
        # Run to the end, even if this task is cancelled: no other code knows of these files.
        await tasks.run_to_completion(_rollback_staging(staging))
        raise


async def _gather(claim: leases.Claim, download: active.ActiveDownload, arrived: FetchedMedia) -> StoredMedia:
    """Collect what the library stores with the bytes: facts, chapters, picture, subtitles.

    Raises: `TranscodeFailed` if a stored original would lose a text: then the original stays.
    """
    info, result, came, media, facts, along = arrived
    converted = media != result.file and not claim.options.audio
    texts = await sidecars.texts(result, came, claim.options, everything=converted)
    if texts.failed and converted:
        named = ", ".join(texts.failed)
        if claim.operation == "convert":
            raise errors.TranscodeFailed(f"The original stays, since this could not be taken out of it: {named}.")
        download.log(f"not kept, since it could not be taken out: {named}", "warning")
    side_files = dict(along) | texts.files
    if picture := await sidecars.picture(media, facts, came, result):
        side_files[posters.NAME] = picture
    chapters = sidecars.chapters(info, result, came, claim.options)
    kept = replace(media_facts(facts), chapters=chapters, cut_at_origin=came.cut_at_origin)
    return StoredMedia(kept, side_files)


async def _rollback_staging(staging: asyncio.Future[blob_store.Staged]) -> None:
    staging.cancel()
    await asyncio.wait({staging})
    if not staging.cancelled() and staging.exception() is None:
        await sweeper.rollback(staging.result())


async def _remember(claim: leases.Claim, info: Info, item: int, sources: Sources | None) -> None:
    """Record the keys of the source of an item, and its metadata."""
    if sources is None:
        return
    made = [sources.converted] if sources.converted else []
    await known_sources.remember([*sources.keys, *made], claim.url, item)
    await metadata.attach(item, sources.keys, info.metadata, private=sources.private)
    if claim.listed is not None and info.file_named:
        await metadata.complete(item, claim.listed)


async def _add(
    claim: leases.Claim, info: Info, staged: blob_store.Staged, kept: StoredMedia, sources: Sources | None
) -> None:
    """Add a new item."""
    assert sources
    source_id = await known_sources.ensure(sources.keys[0], claim.url)

    async def in_transaction(item: int) -> None:
        await quotas.check_quota_after(claim.owner)
        await _remember(claim, info, item, sources)
        await leases.finish(claim, item)

    await items.add_media(
        owner=claim.owner,
        staged=staged,
        facts=kept.facts,
        entry=items.Entry(
            title=info.title,
            folder_id=claim.folder,
            source_id=source_id,
            source_url=claim.url,
            site=claim.site,
            uploader=info.uploader,
        ),
        side_files=kept.side_files,
        in_transaction=in_transaction,
    )


async def _replace(
    claim: leases.Claim, info: Info, staged: blob_store.Staged, kept: StoredMedia, sources: Sources | None
) -> None:
    """Give the new file to the item that asked for it."""

    async def in_transaction(item: int) -> None:
        await _remember(claim, info, item, sources)
        await leases.finish(claim, item)

    if claim.target_item is None:
        raise errors.NotFound("The item no longer exists.")
    await quotas.check_quota_replacing(claim.owner, claim.target_item, staged.sha256, staged.size)
    await items.replace(
        claim.target_item,
        claim.owner,
        staged=staged,
        facts=kept.facts,
        side_files=kept.side_files,
        follow=claim.operation == "convert",
        in_transaction=in_transaction,
    )


def media_facts(facts: probe.Facts) -> items.MediaFacts:
    """Return what the library stores about a file."""
    kind, ext = transcode.kind_of(facts)
    picture = facts.video
    return items.MediaFacts(
        kind=kind,
        ext=ext,
        duration=facts.duration,
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        video_codec=picture.codec if picture else None,
        audio_codec=facts.audio[0].codec if facts.audio else None,
        playable=probe.is_playable(facts),
        chapters=facts.chapters,
        audio_tracks=tuple(
            items.AudioTrack(one.codec, one.language, one.title, one.channels) for one in facts.audio[:_MAX_TRACKS]
        ),
    )
