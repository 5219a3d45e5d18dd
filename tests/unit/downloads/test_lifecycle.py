"""The life of a row: who may change it, from where to where, and what happens when two want it at once."""

import asyncio
import contextlib
import re
import time
from dataclasses import replace

import pytest

from mediafetcher.core import errors, events, settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, node_name, nodes, queries, requeue, retention
from mediafetcher.downloads.worker import active, wakeup
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import known_sources
from tests.factories import add_download, add_item, add_media_file, add_user

URL = "https://films.example/watch/{}"


@pytest.fixture(autouse=True)
def _ready(database, state, media_online):
    """A database, settings, and a media folder that is online."""
    for download in active.all_active():
        active.unregister(download)


async def _submit(owner: int, number: int = 1, **more) -> dict:
    return await lifecycle.submit(owner, URL.format(number), **more)


async def _row(id: int) -> dict:
    return await engine.fetchrow("select * from download where id = $1", id)


async def _media(name: str) -> int:
    return await add_media_file(name)


async def _item(owner: int, media: int, folder: int | None = None) -> int:
    return await add_item(owner, media, folder=folder)


async def _finish(claim: leases.Claim) -> int:
    """Give a claimed download its item and its end, as work does."""
    item = await _item(claim.owner, await _media(claim.url), claim.folder)
    async with engine.transaction():
        await known_sources.remember([claim.source_key], claim.url, item)
        await leases.finish(claim, item)
    return item


# ---- the list of states ----------------------------------------------------------------------------------


async def test_the_database_knows_the_same_states(owner):
    rule = await engine.fetchval(
        "select string_agg(pg_get_constraintdef(oid), ' ') from pg_constraint"
        " where conrelid = 'download'::regclass and contype = 'c'"
    )
    assert set(lifecycle.STATES) | set(lifecycle.STAGES) <= set(re.findall(r"'(\w+)'", rule))
    with pytest.raises(engine.CheckViolation):
        await add_download(owner, "u", site="s", source_key="k", state="sleeping")


async def test_running_needs_a_holder(owner):
    row = await _submit(owner)
    with pytest.raises(engine.CheckViolation):
        await engine.execute("update download set state = 'running' where id = $1", row["id"])


# ---- submit ----------------------------------------------------------------------------------------------


async def test_a_wish_is_a_row_before_the_answer_and_rings(owner, monkeypatch):
    rung = []

    async def ring(count: int) -> None:
        rung.append(await engine.fetchval("select count(*) from download"))
        assert engine.in_transaction()  # workers are woken when the row is committed, and never before

    monkeypatch.setattr(wakeup, "wake_workers", ring)
    row = await _submit(owner)
    assert (row["state"], row["folder"], row["item"], row["site"]) == ("queued", "", None, "films.example")
    assert rung == [1]


async def test_the_same_wish_twice_is_one_row(owner):
    rows = await asyncio.gather(*(_submit(owner) for _ in range(8)))
    assert len({row["id"] for row in rows}) == 1


async def test_other_folder_user_or_recipe_is_another_download(owner):
    other = await add_user("bob")
    rows = [
        await _submit(owner),
        await _submit(owner, folder="Films/New"),
        await _submit(other),
        await _submit(owner, options=Options(audio="m4a")),
    ]
    assert len({row["id"] for row in rows}) == 4
    assert rows[1]["folder"] == "Films/New"


@pytest.mark.parametrize(
    ("url", "problem"),
    [("file:///etc/passwd", errors.UnsupportedScheme), ("no link", errors.InvalidUrl), ("", errors.InvalidUrl)],
)
async def test_invalid_link_is_refused_and_leaves_no_row(owner, url, problem):
    with pytest.raises(problem):
        await lifecycle.submit(owner, url)
    assert await engine.fetchval("select count(*) from download") == 0


async def test_a_known_source_answers_with_its_item_at_once(owner):
    await _submit(owner)
    item = await _finish(await leases.claim())
    again = await _submit(owner)
    assert (again["state"], again["item"]) == ("done", item)
    elsewhere = await _submit(owner, folder="Other")
    assert elsewhere["state"] == "done" and elsewhere["item"] != item
    assert await engine.fetchval("select ref_count from media_file") == 2
    assert await leases.claim() is None


async def test_a_known_source_without_holders_is_fetched_again(owner):
    await _submit(owner)
    item = await _finish(await leases.claim())
    await engine.execute("delete from library_item where id = $1", item)
    assert (await _submit(owner))["state"] == "queued"


# ---- claim -----------------------------------------------------------------------------------------------


async def test_claim_takes_by_priority_then_age(owner):
    ids = [(await lifecycle.submit(owner, f"https://site{number}.example/a"))["id"] for number in range(4)]
    await lifecycle.set_priority(ids[2], owner, 5)
    taken = [(await leases.claim()).id for _ in range(4)]
    assert taken == [ids[2], ids[0], ids[1], ids[3]]
    assert await leases.claim() is None


async def test_claim_waits_for_its_time(owner):
    row = await _submit(owner)
    await engine.execute("update download set run_after = now() + interval '1 hour' where id = $1", row["id"])
    assert await leases.claim() is None


async def test_a_site_has_no_more_than_its_share(owner):
    settings.use(replace(settings.get(), max_downloads_per_site=2))
    for number in range(4):
        await _submit(owner, number)
    claims = [await leases.claim() for _ in range(3)]
    assert [bool(claim) for claim in claims] == [True, True, False]
    other = await lifecycle.submit(owner, "https://elsewhere.example/x")
    assert (await leases.claim()).id == other["id"]
    await _finish(claims[0])
    assert await leases.claim() is not None


async def test_a_site_that_asks_to_slow_down_is_left_alone(owner):
    settings.use(replace(settings.get(), retry_seconds=60.0))
    await _submit(owner, 1)
    await _submit(owner, 2)
    await leases.fail(await leases.claim(), errors.RateLimited())
    assert await leases.claim() is None
    await engine.execute("update download set run_after = now()")
    await engine.execute("update site_backoff set until = now()")
    assert await leases.claim() is not None


async def test_one_source_is_fetched_once_at_a_time(owner):
    other = await add_user("bob")
    await _submit(owner)
    await _submit(other)
    first = await leases.claim()
    assert await leases.claim() is None
    await _finish(first)
    assert (await leases.claim()).owner == other


async def test_many_claim_at_once_and_each_row_goes_to_one(owner):
    settings.use(replace(settings.get(), max_downloads_per_site=100))
    for number in range(40):
        await _submit(owner, number)
    claims = await asyncio.gather(*(leases.claim() for _ in range(60)))
    taken = [claim.id for claim in claims if claim]
    assert len(taken) == len(set(taken)) == 40


@pytest.mark.promise(19)
async def test_claims_stay_quick_with_ten_thousand_waiting(owner):
    """Most of them of one busy site, at the head of the queue."""
    settings.use(replace(settings.get(), max_downloads_per_site=2))
    await engine.execute(
        "insert into download (owner, url, site, source_key) select $1, 'u', case when n <= 9900 then 'busy'"
        " else 'site ' || n end, 'key ' || n from generate_series(1, 10000) n",
        owner,
    )
    await engine.execute("analyze download")
    took = []
    for _ in range(20):
        began = time.monotonic()
        assert await leases.claim()
        took.append(time.monotonic() - began)
    assert sorted(took)[10] < 1, took  # a look at each would take longer; how quick: scripts/bench
    began = time.monotonic()
    rows, _ = await queries.page(owner, limit=200)
    assert len(rows) == 200 and time.monotonic() - began < 5


async def test_claim_refuses_while_the_share_is_away(owner, share):
    await _submit(owner)
    await share("offline")
    assert await leases.claim() is None
    assert (await _row(1))["attempt"] == 0
    assert isinstance(nodes.paused(), errors.MediaOffline)
    shown, _ = await queries.page(owner)
    assert shown[0]["error"]["code"] == "media_offline"
    await share("online")
    assert await leases.claim() is not None


async def test_claim_refuses_where_the_disk_of_the_work_is_full(owner):
    await _submit(owner)
    settings.get().work.mkdir(parents=True, exist_ok=True)
    settings.use(replace(settings.get(), min_free=1 << 62))
    assert await leases.claim() is None
    assert nodes.paused().code == "disk_full"


# ---- lease and fencing token ----------------------------------------------------------------------------


async def test_beat_renews_and_writes_progress(owner):
    await _submit(owner)
    claim = await leases.claim()
    download = active.register(claim.id, claim.owner, claim.attempt)
    download.enter("download")
    download.report(0.5, 1000.0, 8.0)
    before = (await _row(claim.id))["lease_expires_at"]
    assert await leases.heartbeat() == []
    row = await _row(claim.id)
    assert row["lease_expires_at"] > before
    assert (row["stage"], row["progress"], row["speed"], row["eta"]) == ("download", 0.5, 1000.0, 8.0)


async def test_beat_brings_orders(owner):
    for number in range(3):
        await lifecycle.submit(owner, f"https://site{number}.example/a")
    downloads = []
    for _ in range(3):
        claim = await leases.claim()
        downloads.append(active.register(claim.id, claim.owner, claim.attempt))
    await lifecycle.cancel(downloads[0].id, owner)
    await lifecycle.pause(downloads[1].id, owner)
    await engine.execute("update download set attempt = attempt + 1 where id = $1", downloads[2].id)
    orders = {download.id: order for download, order in await leases.heartbeat()}
    assert orders == {downloads[0].id: "cancel", downloads[1].id: "pause", downloads[2].id: "lost"}


async def test_an_expired_lease_goes_to_the_next_and_the_old_one_is_fenced_off(owner):
    await _submit(owner)
    old = await leases.claim()
    await engine.execute("update download set lease_expires_at = now() - interval '1 second'")
    new = await leases.claim()
    assert (new.id, new.attempt) == (old.id, old.attempt + 1)
    item = await _item(owner, await _media("x"))
    for act in (
        leases.finish(old, item),
        leases.fail(old, errors.Gone()),
        leases.release(old),
        leases.update_progress(old, title="Old"),
    ):
        with pytest.raises(leases.LeaseLost):
            await act
    row = await _row(new.id)
    assert (row["state"], row["attempt"], row["title"]) == ("running", new.attempt, None)


async def test_an_expired_lease_that_we_still_work_on_is_not_taken_twice(owner):
    await _submit(owner)
    claim = await leases.claim()
    active.register(claim.id, claim.owner, claim.attempt)
    await engine.execute("update download set lease_expires_at = now() - interval '1 second'")
    assert await leases.claim() is None


async def test_finish_rolls_back_with_the_library_rows(owner):
    await _submit(owner)
    claim = await leases.claim()
    await lifecycle.cancel(claim.id, owner)
    media = await _media("x")
    with pytest.raises(leases.LeaseLost):
        async with engine.transaction():
            await leases.finish(claim, await _item(owner, media))
    assert await engine.fetchval("select count(*) from library_item") == 0
    assert await leases.release(claim) == "cancelled"


async def test_finish_writes_item_and_facts(owner):
    await _submit(owner)
    claim = await leases.claim()
    item = await _finish(claim)
    row = await queries.get(claim.id, owner)
    assert (row["state"], row["item"], row["title"], row["size"]) == ("done", item, "A film", 9)
    assert row["finished_at"] and row["stage"] is None and row["progress"] == 1


# ---- failing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "end"),
    [
        (errors.Network(), "queued"),
        (errors.ServerError(), "queued"),
        (errors.LoginRequired(), "needs_action"),
        (errors.Gone(), "failed"),
        (errors.Drm(), "failed"),
        (errors.Internal(), "failed"),
    ],
)
async def test_errors_by_their_class(owner, problem, end):
    await _submit(owner)
    claim = await leases.claim()
    assert await leases.fail(claim, problem) == end
    row = await queries.get(claim.id, owner)
    assert row["state"] == end
    assert row["error"] == {"code": problem.code, "message": problem.detail}
    assert (row["finished_at"] is not None) == (end == "failed")


async def test_retries_wait_longer_each_time_and_end(owner):
    settings.use(replace(settings.get(), retry_seconds=10.0, max_attempts=4))
    await _submit(owner)
    waits = []
    for _ in range(3):
        claim = await leases.claim()
        assert await leases.fail(claim, errors.Network()) == "queued"
        waits.append(await engine.fetchval("select extract(epoch from run_after - now())::float8 from download"))
        await engine.execute("update download set run_after = now()")
    assert 7 <= waits[0] <= 12.5 and 15 <= waits[1] <= 25 and 30 <= waits[2] <= 50
    assert await leases.fail(await leases.claim(), errors.Network()) == "failed"


async def test_a_site_may_say_how_long_to_wait(owner):
    await _submit(owner)
    await leases.fail(await leases.claim(), errors.RateLimited(retry_after=500))
    wait = await engine.fetchval("select extract(epoch from run_after - now())::float8 from download")
    assert 490 < wait <= 500


async def test_release_burns_no_attempt(owner):
    await _submit(owner)
    claim = await leases.claim()
    assert await leases.release(claim) == "queued"
    row = await _row(claim.id)
    assert (row["attempt"], row["failures"], row["worker_id"], row["lease_expires_at"]) == (0, 0, None, None)
    claim = await leases.claim()
    assert await leases.release(claim, errors.MediaFull()) == "queued"
    shown = await queries.get(claim.id)
    assert shown["error"]["code"] == "disk_full" and shown["attempt"] == 0


# ---- what the user asks ----------------------------------------------------------------------------------


async def test_cancel_pause_resume_retry_of_a_queued_one(owner):
    row = await _submit(owner)
    assert (await lifecycle.pause(row["id"], owner))["state"] == "paused"
    assert await leases.claim() is None
    assert (await lifecycle.resume(row["id"], owner))["state"] == "queued"
    assert (await lifecycle.cancel(row["id"], owner))["state"] == "cancelled"
    with pytest.raises(errors.InvalidState):
        await lifecycle.cancel(row["id"], owner)
    assert (await lifecycle.retry(row["id"], owner))["state"] == "queued"
    assert await leases.claim() is not None


async def test_pause_of_a_running_one_takes_effect_when_it_lets_go(owner):
    row = await _submit(owner)
    claim = await leases.claim()
    await lifecycle.pause(row["id"], owner)
    assert await leases.release(claim) == "paused"
    assert (await _row(row["id"]))["pause_requested"] is False


async def test_retry_collides_with_the_same_wish_under_way(owner):
    row = await _submit(owner)
    await lifecycle.cancel(row["id"], owner)
    await _submit(owner)
    with pytest.raises(errors.InvalidState):
        await lifecycle.retry(row["id"], owner)


async def test_download_of_another_user_cannot_be_changed(owner):
    other = await add_user("bob")
    row = await _submit(owner)
    for act in (queries.get, lifecycle.cancel, lifecycle.pause, lifecycle.resume, lifecycle.retry, lifecycle.clear):
        with pytest.raises(errors.NotFound):
            await act(row["id"], other)
    with pytest.raises(errors.NotFound):
        await lifecycle.set_priority(row["id"], other, 9)
    assert (await queries.page(other))[0] == []
    assert (await queries.get(row["id"], owner))["state"] == "queued"


async def test_clear_hides_the_row_and_cancels_what_is_under_way(owner):
    done, waiting = await _submit(owner, 1), await _submit(owner, 2)
    item = await _finish(await leases.claim())
    for row in (done, waiting):
        await lifecycle.clear(row["id"], owner)
    assert (await queries.page(owner))[0] == []
    assert (await _row(done["id"]))["state"] == "done"
    assert (await _row(waiting["id"]))["state"] == "cancelled"
    assert await engine.fetchval("select id from library_item") == item


async def test_give_up_says_why_it_waits(owner):
    row = await _submit(owner)
    assert (await lifecycle.give_up(row["id"]))["state"] == "queued"  # nothing is wrong
    await leases.fail(await leases.claim(), errors.Network("No answer."))
    row = await lifecycle.give_up(row["id"])
    assert (row["state"], row["error"]) == ("failed", {"code": "network", "message": "No answer."})


async def test_give_up_names_the_pause_of_the_queue(owner, media_online, share):
    row = await _submit(owner)
    await share("offline")
    row = await lifecycle.give_up(row["id"])
    assert (row["state"], row["error"]["code"]) == ("failed", "media_offline")


@pytest.mark.parametrize(("skipped", "queued"), [(2, 1), (9, 0)])
async def test_row_that_cannot_be_added_at_first_is_tried_some_times(owner, skipped, queued):
    """A trigger skips the insertion, as if a row of the same link had ended between two statements."""
    await engine.execute(
        "create sequence tries; create function skipped() returns trigger language plpgsql as"
        f" $$ begin if nextval('tries') <= {skipped} then return null; end if; return new; end $$;"
        " create trigger skipped before insert on download for each row execute function skipped()"
    )
    with contextlib.nullcontext() if queued else pytest.raises(errors.Internal):
        await _submit(owner)
    assert await engine.fetchval("select count(*) from download") == queued


async def test_pages_go_on_where_the_last_one_ended(owner):
    ids = [(await _submit(owner, number))["id"] for number in range(5)]
    first, cursor = await queries.page(owner, limit=3)
    rest, end = await queries.page(owner, limit=3, cursor=cursor)
    assert [row["id"] for row in first + rest] == ids[::-1] and end is None
    assert (await queries.page(owner, state="done,failed"))[0] == []


# ---- after a crash ---------------------------------------------------------------------------------------


async def test_rescue_puts_back_what_an_earlier_start_held(owner, monkeypatch):
    for number in range(3):
        await lifecycle.submit(owner, f"https://site{number}.example/a")
    claims = [await leases.claim() for _ in range(3)]
    await lifecycle.cancel(claims[1].id, owner)
    await engine.execute("update download set worker_id = 'another:machine' where id = $1", claims[2].id)
    assert await requeue.recover_own() == 0  # they are of this start
    monkeypatch.setattr(node_name, "_boot", "the-next-one")
    assert await requeue.recover_own() == 2
    assert [(await _row(claim.id))["state"] for claim in claims] == ["queued", "cancelled", "running"]


async def test_reconcile_puts_back_and_rings_for_what_is_due(owner, monkeypatch):
    rung = []

    async def ring(count: int) -> None:
        rung.append(count)

    hanging = 0

    async def there() -> int:
        return hanging

    for number in range(5):
        await _submit(owner, number)
    await leases.claim()
    await engine.execute("update download set lease_expires_at = now() - interval '1 second' where state = 'running'")
    monkeypatch.setattr(wakeup, "wake_workers", ring)
    assert await requeue.reconcile(3, there) == 3
    assert await engine.fetchval("select count(*) from download where state = 'queued'") == 5
    hanging = 3
    assert await requeue.reconcile(3, there) == 0
    assert rung == [3]


async def test_only_one_reconciles_at_a_time(owner):
    await _submit(owner)

    async def none() -> int:
        return 0

    async def meanwhile() -> int:
        return await asyncio.create_task(requeue.reconcile(3, none), context=_fresh())

    def _fresh():
        import contextvars

        return contextvars.Context()

    inner = []

    async def there() -> int:
        inner.append(await meanwhile())
        return 0

    assert await requeue.reconcile(1, there) == 1
    assert inner == [0]


async def test_the_pages_are_told(owner):
    with events.subscribe() as heard:
        row = await _submit(owner)
        async with asyncio.timeout(5):
            while (event := await heard.get()).kind != "download":
                pass
    assert event.payload == {"id": row["id"], "owner": owner}


async def test_downloads_slowed_down_by_their_user_leave_a_slot_for_others(owner):
    settings.use(replace(settings.get(), max_downloads=3, max_downloads_per_site=10))
    slow = Options(rate_limit=1024)
    for number in range(4):
        await _submit(owner, number, options=slow)
    other = await add_user("grace")
    theirs = await _submit(other, 9)
    claimed = [await leases.claim() for _ in range(3)]
    assert [claim.owner for claim in claimed if claim] == [owner, owner, other]
    assert claimed[2].id == theirs["id"] and await leases.claim() is None


async def test_downloads_slowed_down_leave_a_place_at_their_site(owner):
    settings.use(replace(settings.get(), max_downloads=8, max_downloads_per_site=2))
    for number in range(3):
        await _submit(owner, number, options=Options(rate_limit=1024))
    other = await add_user("grace")
    await _submit(other, 9)
    claimed = [await leases.claim() for _ in range(2)]
    assert [claim.owner for claim in claimed if claim] == [owner, other]


async def test_download_cleared_a_month_ago_is_removed(owner):
    kept, cleared = await _submit(owner, 1), await _submit(owner, 2)
    await lifecycle.clear(cleared["id"], owner)
    assert await retention.remove_cleared() == 0
    await engine.execute("update download set cleared_at = now() - interval '31 days' where cleared_at is not null")
    assert await retention.remove_cleared() == 1
    assert [row["id"] for row in await engine.fetch("select id from download")] == [kept["id"]]
