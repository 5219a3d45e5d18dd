"""A newer yt-dlp where a site changed: when several downloads of one site fail as "extractor broken", one is tried
with it.

The download that fails then is the one: within the same attempt it is fetched again with the newest version, which
was proved before (updater.py) and is used by nothing else. Where that brings the file, the newer one is used from
now on (`ytdlp_update` is "auto") or offered to the people who may say so ("offer"); where it does not, it is dropped
again, and the site rests for an hour. With "auto" the newest is also taken once a day, at no fixed time.

All of it is of this machine: each has a yt-dlp of its own.
"""

import asyncio
import contextlib
import os
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from mediafetcher.core import clock, errors, logging, settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle
from mediafetcher.downloads.worker import active
from mediafetcher.fetch.models import Trial
from mediafetcher.fetch.ytdlp import updater, versions

SEVERAL = 3  # downloads of a site, within a day, this one among them
EVERY = 86_400.0  # seconds between two looks of "auto"
_REST = 3600.0
_MENDED = 200  # downloads that are tried again at once
_log = logging.get("trial")
T = TypeVar("T")
_resting: dict[str, float] = {}  # site -> until when nothing is tried for it
_FAILED = (
    "select id, owner, source_key from download where site = $1 and state = 'failed' and cleared_at is null"
    " and error_code = 'extractor_broken' and finished_at > now() - interval '1 day'"
)


async def fetched(
    claim: leases.Claim, download: active.ActiveDownload, fetch: Callable[[Trial | None], Awaitable[T]]
) -> T:
    """What `fetch` brings; where the site changed, perhaps with a newer yt-dlp. Raises as `fetch`."""
    try:
        return await fetch(None)
    except errors.ExtractorBroken as broken:
        version = await _candidate(claim, download)
        if version is None or version.version is None:
            raise
        return await _try(claim, download, version, fetch, broken)


async def _try(
    claim: leases.Claim,
    download: active.ActiveDownload,
    version: versions.Version,
    fetch: Callable[[Trial | None], Awaitable[T]],
    broken: errors.ExtractorBroken,
) -> T:
    number = version.version or ""
    download.log(f"tried with yt-dlp {number}, which is newer than {versions.status().version}")
    versions.news.trying = number
    try:
        result = await fetch(Trial(versions.root() / number, ()))
    except errors.Problem as error:
        await asyncio.to_thread(versions.drop, number)
        download.log(f"yt-dlp {number} does not help", "warning")
        _log.info("a newer yt-dlp does not help", version=number, site=claim.site)
        if isinstance(error, errors.Crashed):
            raise broken from error
        raise
    finally:
        versions.news.trying = None
    await _worked(claim, download, versions.Offer(number, version.channel, claim.site))
    return result


async def _candidate(claim: leases.Claim, download: active.ActiveDownload) -> versions.Version | None:
    """A newer version that is worth a try for this download."""
    now = clock.monotonic()
    if settings.get().ytdlp_update == "off" or versions.news.trying is not None or _resting.get(claim.site, 0.0) > now:
        return None
    failed = {row["source_key"] for row in await engine.fetch(_FAILED, claim.site)} | {claim.source_key}
    if len(failed) < SEVERAL or versions.news.trying is not None:
        return None
    _resting[claim.site] = now + _REST
    download.log(f"{len(failed)} downloads from {claim.site} failed like this; looking for a newer yt-dlp version")
    versions.news.trying = ""
    try:
        version = await updater.newer()
    except errors.Problem as problem:
        download.log(problem.detail, "warning")
        return None
    finally:
        versions.news.trying = None
    if version is None:
        download.log(f"yt-dlp {versions.status().version} is the newest version")
    return version


async def _worked(claim: leases.Claim, download: active.ActiveDownload, offer: versions.Offer) -> None:
    now = versions.kept()
    versions.keep(versions.Kept(now.current, now.previous, offer))
    _log.info("a newer yt-dlp helps", version=offer.version, site=claim.site)
    if settings.get().ytdlp_update == "auto" and not versions.taken_back(offer.version):
        await accept()
        download.log(f"yt-dlp {offer.version} helps and is now in use")
    else:
        download.log(f"yt-dlp {offer.version} helps and is offered to the administrator")


async def accept() -> versions.Status:
    """Use what is offered, and try again what failed of its site. Raises `NothingOffered`."""
    offered = versions.kept().offered
    status = versions.accept()
    if offered:
        for row in await engine.fetch(f"{_FAILED} order by id limit {_MENDED}", offered.site):
            with contextlib.suppress(errors.Problem):  # gone meanwhile, under way again, never wanted again
                await lifecycle.retry(row["id"], row["owner"])
    return status


async def look_daily() -> None:
    """With "auto": take the newest, where the last look was a day ago, more or less. Raises nothing of the index."""
    if settings.get().ytdlp_update != "auto" or versions.news.trying is not None or not _due():
        return
    with contextlib.suppress(errors.IndexAway, errors.UpdateRefused):  # `status` says it
        latest = (await updater.look()).latest
        if latest and not versions.taken_back(latest):
            await updater.update()


def _due() -> bool:
    """Whether it is time for a look; when the next one is, is chosen by chance and noted. The first is within a day."""
    versions.make_root()
    note = versions.root() / "next-look"
    now = time.time()
    known = note.exists()
    if known and now < note.stat().st_mtime < now + 2 * EVERY:
        return False
    later = now + EVERY * random.uniform(0.75 if known else 0.0, 1.25)  # noqa: S311 (not all machines at once)
    note.touch()
    os.utime(note, (later, later))
    return known
