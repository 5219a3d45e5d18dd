"""A small, single-threaded program over the library, to be killed at every system call that changes something.

    crash_driver.py SCENARIO DSN MEDIA WORK

Single-threaded, because strace counts the calls of each thread by itself. The library's calls of threads run in
this one instead. The call of `access` on MARK tells where the part begins that matters.
"""

import asyncio
import os
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, requeue
from mediafetcher.downloads.worker import runner as downloading
from mediafetcher.downloads.worker import workspace
from mediafetcher.library.catalog import items, trash
from mediafetcher.library.storage import blob_store, mount, sweeper

MARK = "/crash-points-begin-here"


class Here(ThreadPoolExecutor):
    """Runs what it is given at once, in the calling thread."""

    def submit(self, function: Any, /, *args: Any, **more: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(function(*args, **more))
        except BaseException as error:
            done.set_exception(error)
        return done


async def bring(work: Path) -> None:
    """The same where the folder of downloads is on the disk of the store: the file gets a second name."""
    await add(work, take=True)


async def add(work: Path, take: bool = False) -> None:
    """Store one file with its poster, new or known, as the end of a download does."""
    owner = await engine.fetchval("select min(id) from account")
    os.access(MARK, os.F_OK)
    staged = await blob_store.stage(work / "film", take=take)
    one_disk = (work / "film").stat().st_dev == mount.root().stat().st_dev  # a test's share may be another one
    assert staged.shared or not (take and one_disk)
    await items.add_media(
        owner=owner,
        staged=staged,
        facts=items.MediaFacts("video/mp4", ".mp4"),
        entry=items.Entry("A film"),
        side_files={"poster.jpg": work / "poster", "fr.vtt": work / "subtitles"},
    )


async def download(work: Path) -> None:
    """Do what a start does with a download whose file is fetched: rescued, claimed, made playable, kept, tidied up."""
    os.access(MARK, os.F_OK)
    await requeue.recover_own()
    if claim := await leases.claim():
        await downloading.run(claim)
    await workspace.tidy()


async def sweep(work: Path) -> None:
    """Remove a file whose last reference went, and a leftover."""
    os.access(MARK, os.F_OK)
    await sweeper.sweep()


async def remove(work: Path) -> None:
    """Do what `mediafetcher rm` does without a trash and without grace."""
    owner, item = (await engine.fetchrow("select owner, id from library_item order by id limit 1") or {}).values()
    os.access(MARK, os.F_OK)
    await trash.trash(item, owner)


async def main(scenario: str, dsn: str, media: str, work: str) -> None:
    here = Here(1)
    asyncio.get_running_loop().set_default_executor(here)
    mount._looker = mount._hands = here
    settings.use(settings.Settings(state=Path(work), media=Path(media), trash_days=0, grace_hours=0, min_free=0))
    await engine.connect(dsn, size=2)  # a claim takes two
    await mount.prepare()
    does = {"add": add, "bring": bring, "download": download, "sweep": sweep, "remove": remove}
    await does[scenario](Path(work))
    await engine.close()


asyncio.run(main(*sys.argv[1:]))
