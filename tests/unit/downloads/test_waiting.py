"""P25: nothing waits for ever without a reason, and what waits takes nothing from others."""

import asyncio
import shutil
from dataclasses import replace

import pytest

from mediafetcher.accounts.vault import cookie_formats, cookie_jars
from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import lifecycle, preview, queries
from mediafetcher.downloads.worker import runner
from mediafetcher.library.catalog import quotas
from tests.faults.films import Films
from tests.site import Site

pytestmark = pytest.mark.promise(25)


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    settings.use(replace(settings.get(), stop_seconds=2.0, retry_seconds=0.01, jobs_per_site=10))


@pytest.fixture
async def owner(database) -> int:
    return await engine.fetchval("insert into account (name, admin) values ('ada', true) returning id")


async def _submit(owner: int, name: str) -> int:
    return (await lifecycle.submit(owner, f"https://films.example/{name}"))["id"]


async def _all_due() -> None:
    await engine.execute("update download set run_after = now() where state = 'queued'")


@pytest.mark.parametrize("fact", ["needs_room", "needs_work_room"])
async def test_download_that_can_never_fit_starves_no_other(owner, fact):
    """Seventy that need more than any disk has, older than the one that fits."""
    for number in range(70):
        await _submit(owner, f"huge-{number}")
    for _ in range(70):
        claim = await lifecycle.claim()
        assert await lifecycle.release(claim, errors.NoRoom(retry_after=60.0, **{fact: 1 << 60})) == "queued"
    fits = await _submit(owner, "small")
    await _all_due()
    assert (await lifecycle.claim()).id == fits
    assert await lifecycle.claim() is None
    shown = await lifecycle.get(fits - 1)
    assert (shown["state"], shown["error"]["code"]) == ("queued", "no_room")
    await engine.execute(f"update download set {fact} = 1 where id = $1", fits - 1)  # somebody freed some room
    assert (await lifecycle.claim()).id == fits - 1


async def test_retry_by_hand_looks_again_whatever_room_was_needed(owner):
    id = await _submit(owner, "huge")
    await lifecycle.release(await lifecycle.claim(), errors.NoRoom(needs_room=1 << 60))
    await lifecycle.cancel(id, owner)
    await lifecycle.retry(id, owner)
    assert (await lifecycle.claim()).id == id


@pytest.mark.parametrize(
    ("created", "begins", "end"),
    [
        ("-1 day", "20 days", "waiting"),
        ("-30 days", "-1 day", "waiting"),  # announced long before, and late
        ("-30 days", "-15 days", "failed"),
        ("-30 days", None, "failed"),
        ("-13 days", None, "waiting"),
    ],
)
async def test_stream_announced_far_ahead_may_be_late(owner, created, begins, end):
    id = await _submit(owner, "live")
    await engine.execute("update download set created_at = now() + $1::text::interval", created)
    at = begins and await engine.fetchval("select extract(epoch from now() + $1::text::interval)::float8", begins)
    assert await lifecycle.wait(await lifecycle.claim(), errors.LiveNotStarted(begins=at)) == end
    row = await engine.fetchrow("select extract(epoch from run_after - now())::float8 as left from download")
    if end == "waiting" and at and begins.startswith("-"):
        assert 0 < row["left"] <= 900
    assert (await lifecycle.get(id))["error"]["code"] == "live_not_started"


async def test_stream_that_was_announced_counts_from_then_when_the_site_says_no_more(owner):
    await _submit(owner, "live")
    await engine.execute("update download set created_at = now() - interval '30 days'")
    at = await engine.fetchval("select extract(epoch from now() - interval '1 hour')::float8")
    assert await lifecycle.wait(await lifecycle.claim(), errors.LiveNotStarted(begins=at)) == "waiting"
    await engine.execute("update download set state = 'queued', run_after = now()")
    assert await lifecycle.wait(await lifecycle.claim(), errors.LiveNotStarted()) == "waiting"


# ---- quotas ----------------------------------------------------------------------------------------------


async def test_six_downloads_at_once_do_not_pass_the_quota(owner, media_corpus, tmp_path):
    """Each of them alone would fit; together they are nearly twice the quota."""
    root = tmp_path / "site"
    root.mkdir()
    shutil.copy(media_corpus / "ok.mp4", root)
    await engine.execute("update account set quota = $1", int((root / "ok.mp4").stat().st_size * 3.5))
    with Site(root) as site:
        await _fetch_all_at_once(owner, Films(site, root / "ok.mp4")(6))
    states = [row["state"] for row in (await queries.page(owner))[0]]
    assert (states.count("done"), states.count("failed")) == (3, 3)


async def _fetch_all_at_once(owner: int, urls: list[str]) -> None:
    for url in urls:
        await lifecycle.submit(owner, url)
    for _ in range(12):
        await _all_due()
        claims = []
        while claim := await lifecycle.claim():
            claims.append(claim)
        if not claims:
            break
        await asyncio.gather(*(runner.run(claim) for claim in claims))
        said = await quotas.of(owner)
        assert said["charged"] <= said["quota"]


async def test_running_sizes_are_set_aside(owner):
    await engine.execute("update account set quota = 100")
    first, second = [await _submit(owner, name) for name in ("a", "b")]
    claims = [await lifecycle.claim(), await lifecycle.claim()]
    async with engine.transaction():
        await quotas.reserve(owner, first, 60)
        await lifecycle.note(claims[0], stage="download", size=60)
    with pytest.raises(errors.QuotaReserved):
        await quotas.reserve(owner, second, 60)
    await quotas.reserve(owner, second, 40)
    with pytest.raises(errors.QuotaExceeded):
        await quotas.reserve(owner, second, 101)


async def test_files_added_at_the_same_moment_are_counted_one_after_the_other(owner):
    await engine.execute("update account set quota = 100")

    async def add(number: int) -> bool:
        async with engine.transaction():
            media = await engine.fetchval(
                "insert into media_file (sha256, size, kind, ext) values (sha256($1::text::bytea), 60, 'video/mp4',"
                " '.mp4') returning id",
                str(number),
            )
            await engine.execute(
                "insert into library_item (owner, media_file, title) values ($1, $2, 'x')", owner, media
            )
            await asyncio.sleep(0.05)
            await quotas.require_kept(owner)
        return True

    ended = await asyncio.gather(*(add(number) for number in range(6)), return_exceptions=True)
    assert ended.count(True) == 1
    assert (await quotas.of(owner))["charged"] == 60


# ---- reasons ---------------------------------------------------------------------------------------------


async def _reason(id: int) -> str | None:
    error = (await lifecycle.get(id))["error"]
    return error and error["code"]


async def test_reason_of_each_limit_is_shown(owner):
    settings.use(replace(settings.get(), jobs_per_site=1))
    other = await engine.fetchval("insert into account (name) values ('bob') returning id")
    running = await _submit(owner, "a")
    assert await _reason(running) is None
    await lifecycle.claim()
    same, busy = await _submit(other, "a"), await _submit(owner, "b")
    assert (await _reason(same), await _reason(busy)) == ("same_source", "site_busy")
    assert [row["error"]["code"] for row in (await queries.page(owner))[0] if row["error"]] == ["site_busy"]
    await engine.execute("insert into site_pause (site, until) values ('films.example', now() + interval '1 hour')")
    assert await _reason(busy) == "site_paused"
    await engine.execute("delete from site_pause")
    settings.use(replace(settings.get(), min_free=1 << 60))
    assert await _reason(busy) == "disk_full"


async def test_cookies_that_no_machine_opens_are_a_reason(owner):
    await cookie_jars.put(owner, "films.example", cookie_formats.parse("films.example\tFALSE\t/\tFALSE\t0\tsid\tok\n"))
    id = await _submit(owner, "a")
    machine = (
        "insert into machine (instance, name, role, version, jobs, running, encoders, cookies)"
        " values ($1, 'x', 'worker', '1', 1, 0, '{}', $2)"
    )
    await engine.execute(machine, "without", False)
    assert await _reason(id) == "no_cookies_here"
    await engine.execute(machine, "with", True)
    assert await _reason(id) is None


def test_folders_of_a_killed_start_are_removed_at_the_next(state):
    """Previews, and the tests of a yt-dlp and of an encoder."""
    work = settings.get().work
    for name in ("preview-1", "smoke-1", "mediafetcher-flight-1"):
        (work / name).mkdir()
        (work / name / "file").write_bytes(b"x")
    (work / "7").mkdir()
    preview.tidy()
    assert [path.name for path in work.iterdir()] == ["7"]
