"""The end of a download: its bytes and what goes with them into the library, in one transaction with its row."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mediafetcher.base import errors
from mediafetcher.downloads import held, jobs, sources
from mediafetcher.fetching import extras
from mediafetcher.fetching.source import Info, Result
from mediafetcher.library import items, shares, store, sweeper
from mediafetcher.media import convert, poster, probe

_HASHED = 0.9  # share of the store stage that is the pass over the bytes


class Kept(NamedTuple):
    facts: items.MediaFacts
    side_files: dict[str, Path]


class Arrived(NamedTuple):
    """A download that is whole: what it is, what came, and the file to keep of it."""

    info: Info
    result: Result
    came: probe.Facts
    media: Path
    facts: probe.Facts
    side_files: Mapping[str, Path] = {}  # what goes along as it is


async def keep(claim: jobs.Claim, hold: held.Hold, arrived: Arrived, keys: list[str]) -> None:
    """Bytes first, rows last; the item, what its source is known by (`keys`), and the end in one transaction.

    What is kept beside the bytes is made while they are hashed.
    """
    media = arrived.media
    if claim.task == "fetch":
        await shares.require(claim.owner, media.stat().st_size)
    ours = not media.is_symlink()  # the folder of the download goes in the end, what is stored already stays
    staging = asyncio.ensure_future(store.stage(media, lambda done: hold.report(_HASHED * done), take=ours))
    names: list[str] = []
    try:
        kept = await _gather(claim, arrived)
        names = [kept.facts.ext, *kept.side_files]
        await (_add if claim.task == "fetch" else _replace)(claim, arrived.info, await staging, kept, keys)
    except BaseException:
        # To its end, also where we are cancelled just now: nobody else knows of these files.
        taking_back = asyncio.ensure_future(_take_back(staging, names))
        try:
            await asyncio.shield(taking_back)
        finally:
            await asyncio.wait({taking_back})
        raise


async def _gather(claim: jobs.Claim, arrived: Arrived) -> Kept:
    """What the library keeps with the bytes: facts, chapters, picture, subtitles."""
    info, result, came, media, facts, along = arrived
    side_files = dict(along) | await extras.texts(result, came, claim.options)
    if picture := await extras.picture(media, facts, came, result):
        side_files[poster.NAME] = picture
    chapters = extras.chapters(info, result, came, claim.options)
    return Kept(replace(media_facts(facts), chapters=chapters), side_files)


async def _take_back(staging: asyncio.Future[store.Staged], names: list[str]) -> None:
    staging.cancel()
    await asyncio.wait({staging})
    if not staging.cancelled() and staging.exception() is None:
        await sweeper.take_back(staging.result(), names)


async def _add(claim: jobs.Claim, info: Info, staged: store.Staged, kept: Kept, keys: list[str]) -> None:
    """A new item."""
    source_id = await sources.row(keys[0], claim.url)

    async def also(item: int) -> None:
        await sources.remember(keys, claim.url, item)
        await jobs.finish(claim, item)

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
        also=also,
    )


async def _replace(claim: jobs.Claim, _: Info, staged: store.Staged, kept: Kept, keys: list[str]) -> None:
    """The new file is there: the item that asked for it gets it."""

    async def also(item: int) -> None:
        await sources.remember(keys, claim.url, item)
        await jobs.finish(claim, item)

    if claim.subject is None:
        raise errors.NotFound("The item is not there any more.")
    await shares.require_instead(claim.owner, claim.subject, staged.sha256, staged.size)
    await items.replace(
        claim.subject,
        claim.owner,
        staged=staged,
        facts=kept.facts,
        side_files=kept.side_files,
        follow=claim.task == "convert",
        also=also,
    )


def media_facts(facts: probe.Facts) -> items.MediaFacts:
    """What the library keeps of a file."""
    kind, ext = convert.kind_of(facts)
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
