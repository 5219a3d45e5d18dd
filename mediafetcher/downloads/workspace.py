"""The folder of each download below `<state>/work`: kept only while the download may go on here."""

import asyncio
import shutil
from pathlib import Path

from mediafetcher.base import child, settings
from mediafetcher.db import engine
from mediafetcher.downloads import brought, held

_KEPT = ("queued", "running", "paused", "parked")  # states whose download may go on with what lies in its folder


def path(id: int) -> Path:
    return settings.get().work / str(id)


def make(id: int) -> Path:
    """Make it, for the account that fetches."""
    folder = path(id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    child.give(folder)
    return folder


def left(id: int) -> bool:
    """Whether a folder of this download lies here that nobody works in."""
    return held.get(id) is None and path(id).exists()


def kept(id: int, state: str) -> bool:
    """Whether the folder stays when its download has come to this state. One that is parked keeps a whole file only."""
    return state in _KEPT and (state != "parked" or brought.found(path(id)) is not None)


async def tidy() -> None:
    """Remove the folders of downloads that will not go on here."""
    root = settings.get().work
    found = {int(one.name): one for one in root.glob("*") if one.name.isdecimal()} if root.is_dir() else {}
    if not found:
        return
    rows = await engine.fetch(
        "select id from download where id = any($1::bigint[]) and state = any($2::text[])",
        list(found),
        list(_KEPT),
    )
    for id in found.keys() - {row["id"] for row in rows}:
        if held.get(id) is None:
            brought.forget(found[id])
            await asyncio.to_thread(shutil.rmtree, found[id], ignore_errors=True)


def fetched(id: int) -> int:
    """Bytes that lie in the folder."""
    return sum(one.lstat().st_size for one in path(id).glob("*") if one.is_file())


async def remove(id: int) -> None:
    brought.forget(path(id))
    await asyncio.to_thread(shutil.rmtree, path(id), ignore_errors=True)
