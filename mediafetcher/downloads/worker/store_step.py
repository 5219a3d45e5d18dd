"""The last step of a download: store its file and side files, in one transaction with its row."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mediafetcher.core import errors
from mediafetcher.downloads import leases
from mediafetcher.downloads.worker import active
from mediafetcher.fetch import sidecars
from mediafetcher.fetch.models import Info, Result
from mediafetcher.library.catalog import items, known_sources, metadata, quotas
from mediafetcher.library.storage import blob_store, sweeper
from mediafetcher.media import posters, probe, transcode

_HASHED = 0.9  # fraction of the store stage for the pass over the bytes


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
        taking_back = asyncio.ensure_future(_rollback_staging(staging))
        try:
            await asyncio.shield(taking_back)
        finally:
            await asyncio.wait({taking_back})
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
    )
