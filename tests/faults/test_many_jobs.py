"""Ten thousand mixed downloads leave the program as it was: memory, descriptors, threads and tables stay flat (P25)."""

import asyncio
import gc
import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads import lifecycle
from mediafetcher.downloads.worker import active, pool
from tests import deep
from tests.faults.films import Films
from tests.site import Site

pytestmark = [pytest.mark.promise(25), pytest.mark.timeout(7200)]

_COUNT = deep.count(25, 120)
_BATCH = 20
_GROWTH = 32 << 20  # bytes of memory, between the middle and the end


class Used(NamedTuple):
    memory: int  # bytes
    descriptors: int
    threads: int


def _used() -> Used:
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return Used(resident, len(os.listdir("/proc/self/fd")), threading.active_count())


async def _batch(owner: int, site: Site, films: Films, first: int) -> None:
    """Missing pages, errors of the site, films that are known, one that is not, and some that are cancelled."""
    (film,) = films(1, first=first)
    links = [site.url(f"/status/404/{number}") for number in range(first, first + _BATCH - 4)]
    links += [site.url(f"/status/403/{first}"), site.url(f"/media/film-0.mp4?{first}"), film]
    rows = [await lifecycle.submit(owner, link) for link in links]
    await lifecycle.submit(owner, site.url(f"/hang/600/{first}"))
    hanging = await lifecycle.submit(owner, site.url(f"/hang/600/{first}"))
    await lifecycle.cancel(hanging["id"], owner)
    ids = [row["id"] for row in rows]
    async with asyncio.timeout(600):
        while await engine.fetchval(
            "select count(*) from download where id = any($1) and state in ('queued', 'running')", ids
        ):
            await asyncio.sleep(0.1)


async def test_mixed_downloads_leave_memory_descriptors_threads_and_tables_flat(
    database, state, media_online, media_corpus, tmp_path
):
    settings.use(replace(settings.get(), jobs=8, jobs_per_site=8, retry_seconds=0.05, stop_seconds=2.0))
    owner = await engine.fetchval("insert into account (name) values ('ada') returning id")
    root = tmp_path / "site"
    root.mkdir()
    shutil.copy(media_corpus / "ok.mp4", root)
    queue = pool.Queue()
    middle = None
    with Site(root) as site:
        films = Films(site, root / "ok.mp4")
        films(1)
        await queue.start()
        try:
            for first in range(0, _COUNT, _BATCH):
                await _batch(owner, site, films, first)
                await engine.execute("update site_pause set until = now()")
                if middle is None and first >= _COUNT // 2:
                    middle = _used()
        finally:
            await queue.stop()
    assert middle is not None
    end = _used()
    assert end.memory - middle.memory < _GROWTH
    assert end.descriptors <= middle.descriptors and end.threads <= middle.threads
    assert active.every() == []
    assert await engine.fetchval("select count(*) from huey_task") == 0
    assert await engine.fetchval("select max(n) from (select count(*) n from download_log group by download) x") <= 200
    assert [path.name for path in settings.get().work.iterdir()] == []
    print(f"{_COUNT} downloads: {middle} in the middle, {end} at the end")
