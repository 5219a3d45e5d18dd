"""Records that nothing needs go by their age, and by running time as well."""

import pytest

from mediafetcher.accounts import audit
from mediafetcher.db import engine
from mediafetcher.downloads import retention
from mediafetcher.library.catalog import known_sources
from mediafetcher.library.storage import clock_guard
from tests.factories import add_download, add_user

pytestmark = pytest.mark.usefixtures("media_online")
DAY = 86_400.0


@pytest.fixture
async def owner(database: str) -> int:
    return await add_user("Ada")


async def _age(days: float, *, running: float = DAY) -> None:
    """Let everything be so many days old, with so many seconds of running since."""
    await engine.execute("alter table source disable trigger source_touched")
    await engine.execute("update source set touched_at = touched_at - make_interval(secs => $1)", days * DAY)
    await engine.execute("alter table source enable trigger source_touched")
    await engine.execute("update audit_event set at = at - make_interval(secs => $1)", days * DAY)
    await engine.execute("update running_time set seconds = seconds + $1", running)


async def _source(key: str) -> int:
    return await engine.fetchval(
        "insert into source (key, url) values ($1, 'https://films.example/' || $1) returning id", key
    )


async def _sources() -> set[str]:
    return {row["key"] for row in await engine.fetch("select key from source")}


async def test_source_that_nothing_refers_to_goes_after_its_period(owner: int) -> None:
    await _source("unused")
    blocked = await _source("blocked")
    await _source("asked")
    stored = await _source("stored")
    file = await engine.fetchval(
        "insert into media_file (sha256, size, kind, ext) values (decode(repeat('ab', 32), 'hex'), 1, 'video/mp4',"
        " '.mp4') returning id"
    )
    await engine.execute("update source set media_file = $1 where id = $2", file, stored)
    await engine.execute("insert into blocked_source (owner, source, key) values ($1, $2, 'k')", owner, blocked)
    await add_download(owner, "https://films.example/asked", source_key="asked")
    await _age(known_sources.DAYS - 1)
    assert await known_sources.remove_unused() == 0
    await _age(2)
    assert await known_sources.remove_unused() == 1
    assert await _sources() == {"blocked", "asked", "stored"}


async def test_source_goes_only_after_a_day_of_running(owner: int) -> None:
    await _source("unused")
    await _age(400, running=DAY - 60)
    assert await known_sources.remove_unused() == 0
    await _age(0, running=120)
    assert await known_sources.remove_unused() == 1


async def test_source_that_is_asked_for_again_is_young_again(owner: int) -> None:
    id = await _source("again")
    await _age(40)
    await engine.execute("update source set url = url where id = $1", id)
    assert await known_sources.remove_unused() == 0


async def _believed() -> float:
    now = await clock_guard.now()
    assert now is not None
    return now.theirs


async def test_audit_event_goes_after_a_year(owner: int) -> None:
    await audit.record("signed_in", owner, "192.0.2.1")
    await _age(audit.DAYS - 1)
    assert await audit.remove_old(await _believed()) == 0
    await _age(2)
    await audit.record("signed_out", owner)
    assert await audit.remove_old(await _believed()) == 1
    assert [row["act"] for row in await audit.page()] == ["signed_out"]


async def test_flood_of_one_act_removes_no_other(owner: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "MOST", 3)
    await audit.record("user_added", owner)
    for number in range(5):
        await audit.record("sign_in_failed", None, f"192.0.2.{number}")
    assert await audit.remove_old(await _believed()) == 2
    left = await audit.page()
    assert [row["act"] for row in left] == ["sign_in_failed"] * 3 + ["user_added"]
    assert left[0]["address"] == "192.0.2.4"


async def test_download_that_was_cleared_goes_after_its_period(owner: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_SLICE", 2)
    for number in range(5):
        await add_download(owner, f"https://films.example/{number}", state="done")
    kept = await add_download(owner, "https://films.example/kept", state="done")
    await engine.execute("update download set cleared_at = now() where id <> $1", kept)
    assert await retention.remove_cleared() == 0
    await engine.execute("update download set cleared_at = now() - interval '31 days' where id <> $1", kept)
    assert await retention.remove_cleared() == 5
    assert [row["id"] for row in await engine.fetch("select id from download")] == [kept]
