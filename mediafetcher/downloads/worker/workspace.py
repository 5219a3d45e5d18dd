"""The folder of each download below `<state>/work`: kept only while the download may resume here."""

import asyncio
from pathlib import Path

from mediafetcher.core import settings
from mediafetcher.db.expressions import among
from mediafetcher.db.tables import Download
from mediafetcher.downloads.worker import active, checkpoint
from mediafetcher.sandbox import work_folders

_KEPT = ("queued", "running", "paused", "needs_action")  # states in which a download may resume from its folder


def path(id: int) -> Path:
    return settings.get().work / str(id)


def make(id: int) -> Path:
    """Make the folder. The fetch child gets a folder of its own (work_folders.py)."""
    folder = path(id)
    work_folders.make_ours(folder)
    return folder


def left(id: int) -> bool:
    """Tell whether a folder of this download exists here that no worker uses."""
    return active.get(id) is None and path(id).exists()


def kept(id: int, state: str) -> bool:
    """Tell whether the folder stays in this state. A download in `needs_action` keeps only a complete file."""
    return state in _KEPT and (state != "needs_action" or checkpoint.is_whole(path(id)))


async def tidy() -> None:
    """Remove the folders of downloads that will not resume here."""
    chosen = settings.get()
    found = {int(one.name) for root in (chosen.work, chosen.fetch) for one in root.glob("*") if one.name.isdecimal()}
    if not found:
        return
    rows = await Download.select(Download.id).where(among(Download.id, found), among(Download.state, _KEPT))
    for id in found - {row["id"] for row in rows}:
        if active.get(id) is None:
            await remove(id)


def fetched(id: int) -> int:
    """Return the bytes in the folder and in the child's."""
    return work_folders.written(path(id))


async def remove(id: int) -> None:
    checkpoint.discard(path(id))
    await asyncio.to_thread(work_folders.remove, path(id))
