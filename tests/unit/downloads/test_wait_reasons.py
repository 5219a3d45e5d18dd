"""P25: nothing waits for ever without a reason, and what waits takes nothing from others."""

import asyncio
import shutil
from dataclasses import replace
from typing import get_args, get_type_hints

import pytest

from mediafetcher.accounts.vault import cookie_formats, cookie_jars
from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import due, leases, lifecycle, nodes, preview, queries, wait_reasons
from mediafetcher.downloads.worker import active, convert_slots, runner
from mediafetcher.library.catalog import quotas
from mediafetcher.library.storage import mount, ownership
from tests.factories import add_item, add_media_file, add_user
from tests.faults.films import Films
from tests.site import Site
from tests.waiting import eventually

pytestmark = pytest.mark.promise(25)


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.01, max_downloads_per_site=10))


async def _submit(owner: int, name: str) -> int:
    return (await lifecycle.submit(owner, f"https://films.example/{name}"))["id"]


async def _all_due() -> None:
    await engine.execute("update download set run_after = now() where state = 'queued'")


@pytest.mark.parametrize("fact", ["needs_media_bytes", "needs_work_bytes"])
async def test_download_that_can_never_fit_starves_no_other(owner, fact):
    """Seventy that need more than any disk has, older than the one that fits."""
    for number in range(70):
        await _submit(owner, f"huge-{number}")
    for _ in range(70):
        claim = await leases.claim()
        assert await leases.release(claim, errors.NotEnoughSpace(retry_after=60.0, **{fact: 1 << 60})) == "queued"
    fits = await _submit(owner, "small")
    await _all_due()
    assert (await leases.claim()).id == fits
    assert await leases.claim() is None
    shown = await queries.get(fits - 1)
    assert (shown["state"], shown["error"]["code"]) == ("queued", "no_room")
    await engine.execute(f"update download set {fact} = 1 where id = $1", fits - 1)  # some space was freed
    assert (await leases.claim()).id == fits - 1


async def test_retry_by_hand_looks_again_whatever_space_was_needed(owner):
    id = await _submit(owner, "huge")
    await leases.release(await leases.claim(), errors.NotEnoughSpace(needs_media_bytes=1 << 60))
    await lifecycle.cancel(id, owner)
    await lifecycle.retry(id, owner)
    assert (await leases.claim()).id == id


@pytest.mark.parametrize(
    ("created", "begins", "end"),
    [
        ("-1 day", "20 days", "scheduled"),
        ("-30 days", "-1 day", "scheduled"),  # announced long before, and late
        ("-30 days", "-15 days", "failed"),
        ("-30 days", None, "failed"),
        ("-13 days", None, "scheduled"),
    ],
)
async def test_stream_announced_far_ahead_may_be_late(owner, created, begins, end):
    id = await _submit(owner, "live")
    await engine.execute("update download set created_at = now() + $1::text::interval", created)
    at = begins and await engine.fetchval("select extract(epoch from now() + $1::text::interval)::float8", begins)
    assert await leases.defer(await leases.claim(), errors.LiveNotStarted(begins=at)) == end
    row = await engine.fetchrow("select extract(epoch from run_after - now())::float8 as left from download")
    if end == "scheduled" and at and begins.startswith("-"):
        assert 0 < row["left"] <= 900
    assert (await queries.get(id))["error"]["code"] == "live_not_started"


async def test_stream_that_was_announced_counts_from_then_when_the_site_says_no_more(owner):
    await _submit(owner, "live")
    await engine.execute("update download set created_at = now() - interval '30 days'")
    at = await engine.fetchval("select extract(epoch from now() - interval '1 hour')::float8")
    assert await leases.defer(await leases.claim(), errors.LiveNotStarted(begins=at)) == "scheduled"
    await engine.execute("update download set state = 'queued', run_after = now()")
    assert await leases.defer(await leases.claim(), errors.LiveNotStarted()) == "scheduled"


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
        while claim := await leases.claim():
            claims.append(claim)
        if not claims:
            break
        await asyncio.gather(*(runner.run(claim) for claim in claims))
        said = await quotas.usage(owner)
        assert said["charged"] <= said["quota"]


async def test_running_sizes_are_set_aside(owner):
    await engine.execute("update account set quota = 100")
    first, second = [await _submit(owner, name) for name in ("a", "b")]
    claims = [await leases.claim(), await leases.claim()]
    async with engine.transaction():
        await quotas.reserve(owner, first, 60)
        await leases.update_progress(claims[0], stage="download", size=60)
    with pytest.raises(errors.QuotaReserved):
        await quotas.reserve(owner, second, 60)
    await quotas.reserve(owner, second, 40)
    with pytest.raises(errors.QuotaExceeded):
        await quotas.reserve(owner, second, 101)


async def test_files_added_at_the_same_moment_are_counted_one_after_the_other(owner):
    await engine.execute("update account set quota = 100")

    async def add(number: int) -> bool:
        async with engine.transaction():
            media = await add_media_file(str(number), size=60)
            await add_item(owner, media, title="x")
            await asyncio.sleep(0.05)
            await quotas.check_quota_after(owner)
        return True

    ended = await asyncio.gather(*(add(number) for number in range(6)), return_exceptions=True)
    assert ended.count(True) == 1
    assert (await quotas.usage(owner))["charged"] == 60


# ---- reasons ---------------------------------------------------------------------------------------------


async def _reason(id: int) -> str | None:
    error = (await queries.get(id))["error"]
    return error and error["code"]


async def test_reason_of_each_limit_is_shown(owner):
    settings.use(replace(settings.get(), max_downloads_per_site=1))
    other = await add_user("bob")
    running = await _submit(owner, "a")
    assert await _reason(running) is None
    await leases.claim()
    same, busy = await _submit(other, "a"), await _submit(owner, "b")
    assert (await _reason(same), await _reason(busy)) == ("same_source", "site_busy")
    assert [row["error"]["code"] for row in (await queries.page(owner))[0] if row["error"]] == ["site_busy"]
    await engine.execute("insert into site_backoff (site, until) values ('films.example', now() + interval '1 hour')")
    assert await _reason(busy) == "site_paused"
    await engine.execute("delete from site_backoff")
    settings.use(replace(settings.get(), min_free=1 << 60))
    assert await _reason(busy) == "disk_full"


async def test_every_limit_of_a_claim_has_its_reason(database):
    assert set((await wait_reasons.WaitReasons.now()).checks) == set(due.LIMITS)


async def test_every_limit_holds_a_row_up_with_its_reason(owner):
    """Each limit by itself: the row is not claimed, and says why; without the limit it is claimed."""
    settings.use(replace(settings.get(), max_downloads=3, max_downloads_per_site=3))
    await add_user("bob")
    limits = {
        "time": ("update download set run_after = now() + interval '1 hour', error_code = 'network' where id = $1",),
        "frozen": ("update installation set frozen_reason = 'foreign'",),
        "space": ("update download set needs_media_bytes = 1::bigint << 60, error_code = 'no_room' where id = $1",),
        "same source": (
            _RUNNING,
            "update download set source_key = 'x', owner = case when id = $1 then (select max(id) from account)"
            " else owner end where id in ($1, $2)",
        ),
        "site pause": (
            "insert into site_backoff (site, until) values ('films.example', now() + interval '1 hour')"
            " on conflict (site) do update set until = excluded.until",
        ),
        "runs alone": (_RUNNING, "update download set crashes = 2 where id = $1"),
        "another runs alone": (_RUNNING, "update download set crashes = 2 where id = $2"),
        "slowed": (_RUNNING, _RUNNING, """update download set options = '{"rate_limit": 5000}' where true"""),
        "site busy": (_RUNNING, _RUNNING, _RUNNING),
        "cookies": (),
    }
    codes = ("network", "store_frozen", "no_room", "same_source", "site_paused", "runs_alone")
    codes += ("other_runs_alone", "slow_slots_busy", "site_busy", "no_cookies_here")
    assert set(limits) == set(due.LIMITS)
    for (name, statements), code in zip(limits.items(), codes, strict=True):
        await engine.execute(
            "delete from download; delete from site_backoff; update installation set frozen_reason=null"
        )
        running = 0
        for number, statement in enumerate(statements):
            if statement == _RUNNING:
                running = await _submit(owner, f"running-{number}")
                assert await leases.claim(), name
        id = await _submit(owner, "waits")
        for statement in statements:
            if statement != _RUNNING:
                given = [value for value, mark in ((id, "$1"), (running, "$2")) if mark in statement]
                await engine.execute(statement if "$1" in statement else statement.replace("$2", "$1"), *given)
        if name == "cookies":
            await _cookies_that_nobody_opens(owner)
        await ownership.refresh()
        assert await _reason(id) == code, name
        nodes._has_cookies = name != "cookies"
        try:
            assert await leases.claim() is None, name
        finally:
            nodes._has_cookies = True
    await engine.execute("delete from machine")


_RUNNING = "a running download"


async def _cookies_that_nobody_opens(owner: int) -> None:
    await cookie_jars.put(owner, "films.example", cookie_formats.parse("films.example\tFALSE\t/\tFALSE\t0\tsid\tok\n"))
    await engine.execute(
        "insert into machine (instance, name, role, version, jobs, running, encoders, cookies)"
        " values ('without', 'x', 'worker', '1', 1, 0, '{}', false)"
    )


@pytest.mark.parametrize(
    ("seen", "code"), [("offline", "media_offline"), ("full", "disk_full"), ("read_only", "media_read_only")]
)
async def test_every_state_of_the_media_folder_is_a_reason(owner, monkeypatch, seen, code):
    assert {"online", seen} <= set(get_args(get_type_hints(mount.Mount)["state"]))
    id = await _submit(owner, "a")
    monkeypatch.setattr(mount, "_seen", replace(mount.state(), state=seen))
    assert await _reason(id) == code
    assert await leases.claim() is None


async def test_running_download_that_waits_for_a_conversion_says_so(owner):
    settings.use(replace(settings.get(), max_conversions=1))
    for name in ("a", "b"):
        await _submit(owner, name)
    downloads = [
        active.register(claim.id, owner, claim.attempt) for claim in (await leases.claim(), await leases.claim())
    ]
    try:
        async with convert_slots.conversion(downloads[0]):
            waiting = asyncio.create_task(_convert(downloads[1]))
            await eventually(lambda: _reason(downloads[1].id), lambda found: found == "conversion_busy")
            assert await _reason(downloads[0].id) is None
        await waiting
        assert await _reason(downloads[1].id) is None
    finally:
        for download in downloads:
            active.unregister(download)


async def _convert(download: active.ActiveDownload) -> None:
    async with convert_slots.conversion(download):
        pass


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
