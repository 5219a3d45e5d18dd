"""Resume from an earlier attempt of a download: its completed fetch, or its recording that must end now."""

import asyncio
from pathlib import Path
from typing import NamedTuple

from mediafetcher.core import errors
from mediafetcher.downloads import leases
from mediafetcher.downloads.worker import active, checkpoint
from mediafetcher.fetch import collect
from mediafetcher.fetch.client import Fetch
from mediafetcher.fetch.models import Info, Result
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import blocklist


class Fetched(NamedTuple):
    """A fetched file, and whether it is private to this user (dedup.is_private)."""

    info: Info
    result: Result
    own: bool


async def completed_fetch(claim: leases.Claim, download: active.ActiveDownload, folder: Path) -> Fetched | None:
    """Return the result of an earlier attempt that failed for another reason; None: it must be fetched."""
    there = await asyncio.to_thread(checkpoint.newest, folder)
    if there is None:
        await asyncio.to_thread(checkpoint.discard, folder)
        return None
    info = there.info
    await blocklist.ensure_allowed(claim.owner, [info.source_key, info.old_key])
    await leases.update_progress(claim, stage="download", title=info.title, duration=info.duration)
    if isinstance(there, checkpoint.Checkpoint):
        result = there.result
    else:
        result = await collect.collect(folder, there.completed, again=True)
        await asyncio.to_thread(note, folder, info, result, own=there.own)
    download.log(f"resuming: {result.size} bytes were downloaded before")
    return Fetched(info, result, there.own)


async def ended_recording(download: active.ActiveDownload, folder: Path) -> Fetched | None:
    """Return the earlier recording if it must end now. None: there is none, or it continues."""
    if not download.finishing:
        return None
    there = await asyncio.to_thread(checkpoint.recorded, folder)
    if there is None:
        raise errors.LiveNotStarted()
    return await keep_recording(download, folder, there)


async def keep_recording(download: active.ActiveDownload, folder: Path, there: checkpoint.Recorded) -> Fetched:
    async with Fetch(there.info.webpage_url, Options(), folder, mode="keep") as source:
        completed = await source.kept()
    await asyncio.to_thread(checkpoint.note_completed, folder, there.info, completed, own=there.own)
    result = await collect.collect(folder, completed)
    await asyncio.to_thread(note, folder, there.info, result, own=there.own)
    download.log(f"the recording ends here: {result.size} bytes of it are kept")
    return Fetched(there.info, result, there.own)


def note(folder: Path, info: Info, result: Result, *, own: bool) -> None:
    checkpoint.save(folder, info, result, own=own)
    collect.remove_parts(folder, result)
