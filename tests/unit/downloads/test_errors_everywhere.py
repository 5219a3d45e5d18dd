"""P24: an error of any class, at any place where a download waits for something, loses nothing and leaves no row stuck.

The places are the calls that leave the program's own code: statements of the database, threads that touch files, the
fetch child and FFmpeg. A seeded plan names one of them, the error, and whether it comes before or after the call.
"""

import asyncio
import errno
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, queries, requeue
from mediafetcher.downloads.worker import active, checkpoint, runner, workspace
from mediafetcher.fetch.client import Fetch
from mediafetcher.library.catalog import queries as item_queries
from mediafetcher.library.catalog import trash
from mediafetcher.library.storage import blob_store, mount, sweeper
from mediafetcher.media import ffmpeg
from tests import deep

pytestmark = [pytest.mark.promise(24), pytest.mark.timeout(3600)]

_RUNS = deep.count(24, 16)
_ATTEMPTS = 8
_FILMS = ("/media/ok.mp4", "/media/h264_aac.mkv")  # one that is kept as it comes, one that is converted

_ERRORS: tuple[Callable[[], BaseException], ...] = (
    lambda: RuntimeError("nobody foresaw this"),
    lambda: KeyError("nor this"),
    lambda: MemoryError(),
    lambda: OSError(errno.EIO, os.strerror(errno.EIO)),
    lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    lambda: OSError(errno.EMFILE, os.strerror(errno.EMFILE)),
    lambda: TimeoutError(),
    lambda: asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
    lambda: asyncpg.DiskFullError("could not extend file"),
    lambda: errors.DatabaseUnavailable(),
    lambda: errors.MediaOffline(),
    lambda: errors.MediaFull(),
    lambda: errors.ToolKilled(),
    lambda: errors.Network(),
    lambda: errors.Crashed(),
)


class Injection:
    """Counts the calls of an attempt, and raises the error at one of them."""

    def __init__(self, at: int, error: Callable[[], BaseException], *, after: bool) -> None:
        self._at, self._error, self._after = at, error, after
        self.calls = 0
        self.place = ""

    def install(self, patch: pytest.MonkeyPatch) -> None:
        for owner, names in (
            (engine, ("fetch", "fetchrow", "fetchval", "execute")),
            (asyncio, ("to_thread",)),
            (mount, ("run_io",)),
            (ffmpeg, ("run",)),
            (Fetch, ("info", "download")),
        ):
            for name in names:
                patch.setattr(owner, name, self._wrapped(name, getattr(owner, name)))

    def _wrapped(self, name: str, real: Any) -> Any:
        async def call(*given: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls != self._at:
                return await real(*given, **named)
            self.place = f"{name} {[one for one in given if isinstance(one, str)][:1]}"
            if self._after:
                await real(*given, **named)
            raise self._error()

        return call


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.0, lease_seconds=2.0, grace_hours=0.0))


async def _attempt(id: int, injection: Injection | None = None) -> str:
    """Claim the row and work on it once. Returns: its state. An end that was not written is found by the lease."""
    await engine.execute("update download set run_after = now() where state = 'queued'")
    await mount.refresh()
    claim = await leases.claim()
    assert claim is not None and claim.id == id, await queries.get(id)
    with pytest.MonkeyPatch.context() as patch:
        if injection:
            injection.install(patch)
        await runner.run(claim)
    await engine.execute("update download set lease_expires_at = now() - interval '1 second' where state = 'running'")
    await requeue.reconcile(0, _none)
    return str((await queries.get(id))["state"])


async def _none() -> int:
    return 0


def _bodies(site, name: str) -> int:
    return len([asked for asked in site.asked(name) if asked["method"] == "GET"])


async def _to_its_end(id: int, owner: int, state: str) -> None:
    for _ in range(_ATTEMPTS):
        if state == "done":
            return
        if state == "needs_action":
            await lifecycle.retry(id, owner)
        state = await _attempt(id)
    raise AssertionError(await queries.get(id))


async def _calls_of_one_download(site, owner: int, film: str) -> int:
    counting = Injection(0, RuntimeError, after=False)
    id = (await lifecycle.submit(owner, site.url(f"{film}?counted")))["id"]
    assert await _attempt(id, counting) == "done"
    await _forget_all(owner)
    return counting.calls


async def _forget_all(owner: int) -> None:
    """An empty library, so that the next run fetches again."""
    await trash.delete_all(owner)
    await sweeper.sweep()
    await engine.execute("delete from source")


async def test_error_anywhere_loses_nothing_and_leaves_no_row_stuck(owner, site):
    chance = deep.chance("errors everywhere")
    calls = {film: await _calls_of_one_download(site, owner, film) for film in _FILMS}
    assert min(calls.values()) > 20
    for number in range(_RUNS):
        film, error = chance.choice(_FILMS), chance.choice(_ERRORS)
        injection = Injection(chance.randint(1, calls[film]), error, after=chance.random() < 0.3)
        id = (await lifecycle.submit(owner, site.url(f"{film}?{number}")))["id"]
        state = await _attempt(id, injection)
        plan = f"run {number}: {error()!r} at {injection.place}, after: {injection._after}, then {state}"
        assert state in ("done", "queued", "needs_action"), f"{plan}: {await queries.get(id)}"
        whole = checkpoint.load(workspace.path(id)) is not None
        fetched = _bodies(site, film)
        await _to_its_end(id, owner, state)
        if whole:
            assert _bodies(site, film) == fetched, f"{plan}: a whole file was fetched again"
        row = await engine.fetchrow("select worker_id, item, owner from download where id = $1", id)
        assert row["worker_id"] is None and row["item"] is not None, plan
        media = (await item_queries.get(row["item"], owner))["media"]
        assert blob_store.path_of(bytes.fromhex(media["sha256"]), media["ext"]).exists(), plan
        assert active.all_active() == [], plan
        await _forget_all(owner)
