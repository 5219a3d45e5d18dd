"""The machines of a queue: what each reports, when it is silent, and when it is forgotten."""

from dataclasses import replace
from pathlib import Path

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import nodes
from mediafetcher.sandbox import work_folders

pytestmark = pytest.mark.usefixtures("media_online")


async def _other(name: str, seconds_ago: float) -> None:
    await engine.execute(
        "insert into machine (instance, name, role, version, jobs, running, seen_at)"
        " values ($1, $1, 'worker', '0', 1, 0, now() - make_interval(secs => $2))",
        name,
        seconds_ago,
    )


async def test_machine_reports_itself_once_and_leaves(database: str) -> None:
    for _ in range(2):
        await nodes.announce("server")
    [row] = await nodes.page()
    assert (row["role"], row["state"], row["trouble"], row["cookies"]) == ("server", "here", None, True)
    assert row["jobs"] == settings.get().max_downloads
    await nodes.unregister()
    assert await nodes.page() == []


async def test_silent_machine_is_shown_and_forgotten_after_a_day(database: str) -> None:
    await _other("quiet", 3600)
    await _other("old", 2 * 86_400)
    await nodes.announce("server")
    assert {row["name"]: row["state"] for row in await nodes.page() if row["role"] == "worker"} == {"quiet": "silent"}


async def test_machine_that_was_seen_in_the_future_is_seen_now(database: str) -> None:
    await _other("ahead", -3600)
    await nodes.correct_times()
    assert await engine.fetchval("select seen_at <= now() from machine")


async def test_worker_without_the_key_leaves_sites_with_cookies_to_others(database: str, state: Path) -> None:
    await nodes.announce("worker")
    try:
        [row] = await nodes.page()
        assert row["cookies"] is False and await nodes.hosts_for_others() == []
    finally:
        await nodes.announce("server")
    assert await nodes.hosts_for_others() == []


async def test_full_disk_of_the_work_folder_pauses_the_queue() -> None:
    settings.use(replace(settings.get(), min_free=work_folders.free() + (1 << 40)))
    paused = nodes.paused()
    assert isinstance(paused, errors.MediaFull) and str(settings.get().work) in paused.detail
