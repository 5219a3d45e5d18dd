"""Try a newer yt-dlp if a site changed: when several downloads of one site fail as "extractor broken", one of them
tests it.

The latest of these downloads is fetched again within the same attempt with the newest version, which
was verified before (updater.py) and is not used otherwise. If it succeeds, the newer version is used from
now on (`ytdlp_update` is "auto") or offered to administrators ("offer"). If not, it is removed
again, and the site is not tested for an hour. With "auto" the newest is also installed once a day, at no fixed time.

All of this concerns one machine: each has a yt-dlp of its own.
"""

import asyncio
import contextlib
import os
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from mediafetcher.core import clock, errors, logging, settings
from mediafetcher.db.expressions import ago
from mediafetcher.db.tables import Download
from mediafetcher.downloads import leases, lifecycle
from mediafetcher.downloads.worker import active
from mediafetcher.fetch.models import Trial
from mediafetcher.fetch.ytdlp import updater, versions

SEVERAL = 3  # downloads of a site, within a day, including this one
EVERY = 86_400.0  # seconds between two checks of "auto"
_REST = 3600.0
_MENDED = 200  # downloads that are retried at once
_log = logging.get("trial")
T = TypeVar("T")
_resting: dict[str, float] = {}  # by site: until when no test is made for it


def _failed(site: str) -> Any:
    """Return the query of the downloads of a site that failed like this within a day."""
    table = Download
    broken = (table.error_code == "extractor_broken") & (table.finished_at > ago(EVERY))
    rows = table.select(table.id, table.owner, table.source_key).where(table.site == site, table.state == "failed")
    return rows.where(table.cleared_at.is_null(), broken)


async def fetched(
    claim: leases.Claim, download: active.ActiveDownload, fetch: Callable[[Trial | None], Awaitable[T]]
) -> T:
    """Return the result of `fetch`; if the site changed, perhaps with a newer yt-dlp. Raises: as `fetch`."""
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
    with versions.trial(number):
        try:
            result = await fetch(Trial(versions.root() / number, ()))
        except errors.Problem as error:
            await asyncio.to_thread(versions.drop, number)
            download.log(f"yt-dlp {number} does not help", "warning")
            _log.info("a newer yt-dlp does not help", version=number, site=claim.site)
            if isinstance(error, errors.Crashed):
                raise broken from error
            raise
    await _worked(claim, download, versions.Offer(number, version.channel, claim.site))
    return result


async def _candidate(claim: leases.Claim, download: active.ActiveDownload) -> versions.Version | None:
    """Return a newer version that is worth a test with this download."""
    now = clock.monotonic()
    if settings.get().ytdlp_update == "off" or versions.is_testing() or _resting.get(claim.site, 0.0) > now:
        return None
    failed = {row["source_key"] for row in await _failed(claim.site)} | {claim.source_key}
    if len(failed) < SEVERAL or versions.is_testing():
        return None
    _resting[claim.site] = now + _REST
    download.log(f"{len(failed)} downloads from {claim.site} failed like this; looking for a newer yt-dlp version")
    try:
        with versions.trial(""):
            version = await updater.newer()
    except errors.Problem as problem:
        download.log(problem.detail, "warning")
        return None
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
    """Use the offered version, and retry the failed downloads of its site. Raises: `NothingOffered`."""
    offered = versions.kept().offered
    status = versions.accept()
    assert offered is not None  # else `versions.accept` raised
    for row in await _failed(offered.site).order_by(Download.id).limit(_MENDED):
        with contextlib.suppress(errors.Problem):  # removed meanwhile, running again, or blocked
            await lifecycle.retry(row["id"], row["owner"])
    return status


async def look_daily() -> None:
    """With "auto": install the newest version if the last check was about a day ago. Raises nothing of the index."""
    if settings.get().ytdlp_update != "auto" or versions.is_testing() or not _due():
        return
    with contextlib.suppress(errors.IndexUnavailable, errors.UpdateRefused):  # `status` reports it
        latest = (await updater.look()).latest
        if latest and not versions.taken_back(latest):
            await updater.update()


def _due() -> bool:
    """Tell whether a check is due. The time of the next one is random and recorded. The first is within a day."""
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
