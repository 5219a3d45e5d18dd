"""The folder of each download below `<state>/work`: kept only while the download may go on here."""

import asyncio
from pathlib import Path

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads.worker import active, checkpoint
from mediafetcher.sandbox import work_folders

_KEPT = ("queued", "running", "paused", "needs_action")  # states whose download may go on with what lies in its folder


def path(id: int) -> Path:
    return settings.get().work / str(id)


def make(id: int) -> Path:
    """Make it. The child that fetches gets a folder of its own (work_folders.py)."""
    folder = path(id)
    work_folders.make_ours(folder)
    return folder


def left(id: int) -> bool:
    """Whether a folder of this download lies here that nobody works in."""
    return active.get(id) is None and path(id).exists()


def kept(id: int, state: str) -> bool:
    """Whether the folder stays when its download has come to this state. One that is parked keeps a whole file only."""
    return state in _KEPT and (state != "needs_action" or checkpoint.is_whole(path(id)))


async def tidy() -> None:
    """Remove the folders of downloads that will not go on here."""
    chosen = settings.get()
    found = {int(one.name) for root in (chosen.work, chosen.fetch) for one in root.glob("*") if one.name.isdecimal()}
    if not found:
        return
    rows = await engine.fetch(
        "select id from download where id = any($1::bigint[]) and state = any($2::text[])",
        list(found),
        list(_KEPT),
    )
    for id in found - {row["id"] for row in rows}:
        if active.get(id) is None:
            await remove(id)


def fetched(id: int) -> int:
    """Bytes that lie in the folder and in the child's."""
    return work_folders.written(path(id))


async def remove(id: int) -> None:
    checkpoint.discard(path(id))
    await asyncio.to_thread(work_folders.remove, path(id))
