"""Wake-ups and slots: messages are JSON and nothing else, a wake-up becomes work, a stop is quick."""

import asyncio
import json
import pickle
import shutil
import signal
import threading
import time
from dataclasses import replace
from typing import Any

import asyncpg
import psycopg
import pytest

from mediafetcher.core import errors, events, settings
from mediafetcher.db import engine, notifications
from mediafetcher.downloads import leases, lifecycle, node_name, queries, requeue
from mediafetcher.downloads.worker import active, pool, runner, wakeup
from tests.factories import add_download, add_item, add_media_file, add_user
from tests.waiting import eventually

pytestmark = pytest.mark.cold  # a pool that starts ends what works in the folder of downloads

TASK = "mediafetcher.downloads.queue.ring"  # in messages of databases out there: must never change


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    settings.use(
        replace(settings.get(), max_downloads=2, reconcile_seconds=0.2, heartbeat_seconds=0.2, shutdown_seconds=2.0)
    )


@pytest.fixture
async def running(_ready):
    started = pool.WorkerPool()
    await started.start()
    yield started
    await started.stop()


async def _known_source(owner: int, url: str) -> int:
    """A queued wish whose source is in the store by now: it ends at once, without a download."""
    async with engine.transaction():
        media = await add_media_file(url)
        other = await add_user(f"holder of {url}")
        await add_item(other, media, title="Held")
        await engine.execute("insert into source (key, url, media_file) values ($1, $1, $2)", url, media)
        return await add_download(owner, url, site="films.example")


async def _until(id: int, *states: str) -> dict:
    """Wait on the events of the database until the download is in one of the states."""
    with events.subscribe() as heard:
        async with asyncio.timeout(20):
            while (row := await queries.get(id))["state"] not in states:
                await heard.get()
    return row


async def _messages() -> list[bytes]:
    return [row["data"] for row in await engine.fetch("select data from huey_task order by id")]


async def _put(data: bytes) -> None:
    await engine.execute("insert into huey_task (queue, data, priority) values ('mediafetcher', $1, 0)", data)
    await engine.execute("select pg_notify($1, '')", wakeup.wakeups.storage.channel)


async def _all_heard() -> None:
    await eventually(lambda: engine.fetchval("select count(*) from huey_task"), lambda found: not found, seconds=20)


async def test_a_message_is_json_and_names_the_task_for_ever(owner):
    await wakeup.wake_workers(2)
    for data in await _messages():
        fields = json.loads(data)
        assert fields[1] == TASK and fields[6] == [] and fields[7] == {}


class _Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a message was unpickled",))


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(_Bomb(), 0),
        pickle.dumps(_Bomb()),
        b"",
        b"null",
        b'"text"',
        b"[]",
        b'["id", "os.system", null, 0, 0, null, ["true"], {}]',
        json.dumps(["id", TASK, None, 0, 0, None, [1, 2], {"shell": True}] + [None] * 20).encode(),
        b"\xff" * 5000,
    ],
    ids=["pickle0", "pickle", "empty", "null", "text", "list", "unknown", "too-long", "noise"],
)
async def test_foreign_message_is_discarded_without_harm(owner, running, data):
    await _put(data)
    await _all_heard()
    id = await _known_source(owner, "https://films.example/after")
    await wakeup.wake_workers()
    assert (await _until(id, "done"))["item"]


async def test_a_message_with_arguments_does_not_reach_the_task(owner, running):
    await _put(json.dumps(["id", TASK, None, 0, 0, None, ["x"], {}]).encode())
    await _all_heard()
    id = await _known_source(owner, "https://films.example/after")
    await wakeup.wake_workers()
    await _until(id, "done")


async def test_a_ring_becomes_work_and_the_row_ends(owner, running):
    id = await _known_source(owner, "https://films.example/1")
    await wakeup.wake_workers()
    row = await _until(id, "done")
    assert row["item"] and row["attempt"] == 1
    # the row ends with its transaction, the work a moment later
    await eventually(lambda: not active.all_active(), seconds=5)


async def test_row_without_a_wakeup_is_found(owner):
    id = await _known_source(owner, "https://films.example/1")
    await engine.execute("delete from huey_task")  # the wake-up was lost in a crash
    started = pool.WorkerPool()
    await started.start()
    try:
        await _until(id, "done")
    finally:
        await started.stop()


async def test_wakeups_do_not_pile_up(owner):
    """Without a free slot, reconciliation wakes workers only as often as is useful."""
    for number in range(10):
        await lifecycle.submit(owner, f"https://site{number}.example/a")
    await engine.execute("delete from huey_task")
    for _ in range(5):
        await requeue.reconcile(3, wakeup.pending_wakeups)
    assert len(await _messages()) == 3


async def test_ten_thousand_downloads_queue_no_more_wakeups_than_slots():
    await wakeup.wake_workers(wakeup._MAX_PENDING_WAKEUPS - 1)
    for _ in range(3):
        await wakeup.wake_workers(1)
    assert len(await _messages()) == wakeup._MAX_PENDING_WAKEUPS


async def test_no_results_are_kept(owner, running):
    id = await _known_source(owner, "https://films.example/1")
    await wakeup.wake_workers(3)
    await _until(id, "done")
    await _all_heard()
    assert await engine.fetchval("select count(*) from huey_kv") == 0


async def test_it_installs_no_signal_handlers(running):
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    again = wakeup.WakeupConsumer(wakeup.wakeups, workers=1)
    again._set_signal_handlers()
    assert before == {number: signal.getsignal(number) for number in before}
    for handler in before.values():
        assert "huey" not in getattr(handler, "__module__", "")


async def test_a_stop_is_quick_and_it_starts_again(owner):
    for round in range(2):
        started = pool.WorkerPool()
        await started.start()
        id = await _known_source(owner, f"https://films.example/{round}")
        await wakeup.wake_workers()
        await _until(id, "done")
        began = time.monotonic()
        await started.stop()
        assert time.monotonic() - began < 5


async def test_an_absent_share_pauses_the_queue_and_not_the_row(owner, running, share):
    await share("offline")
    id = await _known_source(owner, "https://films.example/1")
    await wakeup.wake_workers()
    await _all_heard()
    row = await queries.get(id)
    assert (row["state"], row["attempt"], row["error"]["code"]) == ("queued", 0, errors.MediaOffline.code)
    await share("online")
    await _until(id, "done")


async def test_the_folder_of_one_that_is_cancelled_while_it_waits_goes_at_once(owner, running):
    id = await engine.fetchval(
        "insert into download (owner, url, site, source_key, run_after)"
        " values ($1, 'u', 's', 'k', now() + interval '1 hour') returning id",
        owner,
    )
    folder = settings.get().work / str(id)
    folder.mkdir()
    await lifecycle.cancel(id, owner)
    await eventually(lambda: not folder.exists(), seconds=10)


async def test_progress_is_told_a_few_times_a_second(owner, running):
    download = active.register(10_000, owner, 1)
    try:
        with events.subscribe() as heard:
            for step in range(200):
                download.report(step / 200, 5.0, 1.0)
            async with asyncio.timeout(5):
                while (event := await heard.get()).kind != "progress":
                    pass
        assert event.payload == [[10_000, "extract", 199 / 200, 5.0, 1.0, owner]]
    finally:
        active.unregister(download)


async def test_two_weeks_of_ticks_delay_no_download(owner):
    """Versions before put one into the queue each minute, also if no worker took them."""
    # A worker of autovacuum in this database is a superuser's, and would keep it from being dropped.
    await engine.execute("alter table huey_task set (autovacuum_enabled = false)")
    tick = json.dumps(["id", "mediafetcher.downloads.queue.tick", None, 0, 0, None, [], {}, None, None]).encode()
    await engine.execute(
        "insert into huey_task (queue, data, priority) select 'mediafetcher', $1, 0 from generate_series(1, 20160)",
        tick,
    )
    url = "https://films.example/late"
    id = await _known_source(owner, url)
    started = pool.WorkerPool()
    began = time.monotonic()
    await started.start()
    try:
        await _until(id, "done")
        assert time.monotonic() - began < 10
        await _all_heard()
    finally:
        await started.stop()


async def test_no_message_is_put_into_the_queue_by_time_alone(database):
    ticks = []

    async def tick() -> None:
        ticks.append(1)

    consumer = wakeup.consumer(1.0, tick)
    await asyncio.to_thread(consumer._create_scheduler().enqueue_periodic_tasks, None)
    assert ticks == [1] and await wakeup.pending_wakeups() == 0
    await asyncio.to_thread(wakeup.close)


async def test_sixty_four_slots_need_few_connections_and_threads(owner, site):
    """The embedded PostgreSQL takes 40 connections of all programs together."""
    settings.use(replace(settings.get(), max_downloads=64, max_downloads_per_site=64))
    started = pool.WorkerPool()
    await started.start()
    try:
        for number in range(5):  # more than there are threads
            await lifecycle.submit(owner, site.url(f"/hang/60/{number}"))
        await eventually(lambda: len(active.all_active()) >= 5, seconds=60)
        connections = await engine.fetchval("select count(*) from pg_stat_activity where datname = current_database()")
        assert connections <= 20
        assert len([thread for thread in threading.enumerate() if "Worker" in thread.name]) <= 2
    finally:
        await started.stop()
    assert active.all_active() == []


async def test_rows_of_an_earlier_start_are_worked_on_again(owner: int, caplog: pytest.LogCaptureFixture) -> None:
    id = await _known_source(owner, "https://films.example/1")
    assert await leases.claim()
    node_name._boot = "another start"
    started = pool.WorkerPool()
    await started.start()
    try:
        await _until(id, "done")
        assert "downloads of an earlier start returned to the queue" in caplog.text
    finally:
        await started.stop()


async def test_pool_that_was_never_started_stops(owner: int) -> None:
    await pool.WorkerPool().stop()
    assert await engine.fetchval("select count(*) from machine") == 0


async def test_stopped_pool_removes_no_more_folders(owner: int) -> None:
    started = pool.WorkerPool()
    await started.start()
    folder = settings.get().work / "424242"
    folder.mkdir()
    await started.tidy()
    assert not folder.exists()
    await started.stop()
    folder.mkdir()
    await started.tidy()
    assert folder.exists()


async def test_changed_setting_is_followed_at_once(owner: int, running: pool.WorkerPool) -> None:
    """As if another machine had changed it."""
    await engine.execute("insert into setting (name, value) values ('max_downloads', '7')")
    assert settings.get().max_downloads == 2
    async with engine.transaction():
        await notifications.notify("settings", {})
    await eventually(lambda: settings.get().max_downloads == 7, seconds=10)


async def test_loops_survive_a_database_that_refuses_their_statements(
    owner: int, running: pool.WorkerPool, caplog: pytest.LogCaptureFixture
) -> None:
    await engine.execute("alter table machine rename to elsewhere; alter table setting rename to gone")
    await eventually(lambda: "queue step failed" in caplog.text, seconds=10)
    await engine.execute("alter table elsewhere rename to machine; alter table gone rename to setting")
    id = await _known_source(owner, "https://films.example/1")
    await wakeup.wake_workers()
    await _until(id, "done")


async def test_copy_of_a_state_folder_takes_nothing_from_the_original(owner, database, state, tmp_path):
    """Another process with the same name is alive: here it is a connection that holds the lock of that name."""
    original = await node_name.hold()
    await lifecycle.submit(owner, "https://films.example/1")
    claim = await leases.claim()
    name = node_name.instance()
    copy = tmp_path / "copy"
    shutil.copytree(state, copy)
    settings.use(replace(settings.get(), state=copy))
    try:
        held = await node_name.hold()
        assert node_name.instance() != name
        assert (copy / "instance").read_text() != name == (state / "instance").read_text()
        assert await requeue.recover_own() == 0
        row = await engine.fetchrow("select state, worker_id from download where id = $1", claim.id)
        assert row["state"] == "running" and row["worker_id"].startswith(name)
        await held.release()
    finally:
        settings.use(replace(settings.get(), state=state))
        await original.release()
    again = await node_name.hold()
    assert node_name.instance() == name
    await again.release()


async def test_name_lost_with_its_connection_is_taken_again(owner, database, monkeypatch):
    monkeypatch.setattr(node_name, "_AGAIN", 0.05)
    lock = await node_name.hold()
    keeping = asyncio.create_task(node_name.keep(lock))
    await engine.execute(
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and classid = 77019"
    )
    await eventually(_name_is_held, lambda found: lock.lost.is_set() and found, seconds=10)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await eventually(_name_is_held, lambda found: not found, seconds=10)


async def _name_is_held() -> bool:
    return await engine.fetchval("select exists (select from pg_locks where locktype = 'advisory' and classid = 77019)")


def test_absent_database_is_asked_now_and_then_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """Worker threads that ask again at once would take a core, and a trace each time would fill the log."""

    def refuse() -> psycopg.Connection[Any]:
        raise psycopg.OperationalError("refused")

    queue = wakeup._WakeupQueue("absent", results=False, connection=refuse, create_tables=False)
    began = time.monotonic()
    for _ in range(3):
        assert queue.dequeue() is None
    assert time.monotonic() - began >= 3 * wakeup._AWAY_SECONDS
    assert [record.message for record in caplog.records] == ["the queue waits for the database"]


async def test_stop_waits_for_a_row_that_is_being_claimed(owner):
    """A claim that the database holds up while the machine stops: its row goes back, with no slot left behind."""
    row = await lifecycle.submit(owner, "http://127.0.0.1:9/film.mp4")
    slots = runner.Slots()
    holder = await asyncpg.connect(engine.DB.config["dsn"])
    held = holder.transaction()
    await held.start()
    await holder.execute("lock table download in access exclusive mode")
    turn = asyncio.create_task(slots.turn())
    await asyncio.sleep(0.2)
    slots.stopping = True
    ended = asyncio.create_task(slots.ended(20))
    await asyncio.sleep(0.3)
    assert not ended.done(), "the claim is still on its way"
    await held.rollback()
    await holder.close()
    await ended
    await turn
    state = await engine.fetchval("select state from download where id = $1", row["id"])
    assert state == "queued"
