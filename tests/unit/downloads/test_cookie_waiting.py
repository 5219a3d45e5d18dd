"""Downloads that wait for the cookies of a site resume when the cookies arrive."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.accounts.vault.cookie_formats import Cookie
from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.downloads import cookie_waiting, queries
from tests.factories import add_download, add_user
from tests.waiting import eventually

COOKIE = Cookie("sid", "ok", "films.example")


@pytest.fixture
async def owner(database: str, media_online: Path) -> int:
    return await add_user()


async def _waiting(owner: int, url: str, code: str = errors.LoginRequired.code, **columns: object) -> int:
    site = url.split("/")[2].removeprefix("www.")
    return await add_download(owner, url, site=site, **{"state": "needs_action", "error_code": code} | columns)


async def _states(*ids: int) -> list[str]:
    return [(await queries.get(id))["state"] for id in ids]


async def test_only_downloads_that_cookies_may_help_are_listed_newest_first(owner: int) -> None:
    first = await _waiting(owner, "https://films.example/1")
    second = await _waiting(owner, "https://other.example/2", errors.AgeLimit.code)
    await _waiting(owner, "https://films.example/3", errors.Unexpected.code)
    await _waiting(owner, "https://films.example/4", state="failed")
    await _waiting(await add_user("bob"), "https://films.example/5")
    assert [row["id"] for row in await cookie_waiting.waiting(owner)] == [second, first]


async def test_cookies_of_a_site_resume_its_downloads_alone(owner: int) -> None:
    own = await _waiting(owner, "https://www.films.example/1")
    below = await _waiting(owner, "https://cdn.films.example/2")
    other = await _waiting(owner, "https://other.example/3")
    theirs = await _waiting(await add_user("bob"), "https://films.example/4")
    kept = await cookie_waiting.save_and_resume(owner, "films.example", [COOKIE])
    assert kept == {"site": "films.example", "kept": 1, "left_out": 0, "resumed": 2}
    assert await _states(own, below, other, theirs) == ["queued", "queued", "needs_action", "needs_action"]
    async with cookie_jars.borrow(owner, "https://films.example/1") as jar:
        assert jar is not None


async def test_download_that_another_process_resumes_first_stops_no_other(owner: int, database: str) -> None:
    first = await _waiting(owner, "https://films.example/1")
    second = await _waiting(owner, "https://films.example/2")
    other = await asyncpg.connect(database)
    try:
        resumed = other.transaction()
        await resumed.start()
        await other.execute("update download set state = 'queued' where id = $1", second)
        saving = asyncio.create_task(cookie_waiting.save_and_resume(owner, "films.example", [COOKIE]))
        await eventually(lambda: engine.fetchval("select count(*) from pg_locks where not granted"))
        await resumed.commit()
        assert (await saving)["resumed"] == 1
    finally:
        await other.close()
    assert await _states(first, second) == ["queued", "queued"]


async def test_cookies_of_another_site_resume_nothing(owner: int) -> None:
    id = await _waiting(owner, "https://films.example/1")
    with pytest.raises(errors.BadCookies):
        await cookie_waiting.save_and_resume(owner, "other.example", [COOKIE])
    assert await _states(id) == ["needs_action"]
