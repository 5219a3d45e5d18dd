"""P24: whatever happens while a download waits, at whichever await, nothing is lost, stuck or left behind.

Unlike test_errors_everywhere.py, which wraps calls, this drives the tasks of a download step by step
(suspensions.py): every await of the program and of its libraries is a place, process starts included. The deep run
takes every place with every fault.
"""

import asyncio
import contextlib
import errno
import itertools
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest

from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, queries, requeue
from mediafetcher.downloads.worker import active, checkpoint, convert_slots, runner, workspace
from mediafetcher.fetch import prefork
from mediafetcher.library.catalog import queries as item_queries
from mediafetcher.library.catalog import trash
from mediafetcher.library.storage import blob_store, mount, space_reservation, sweeper
from tests import deep
from tests.unit.downloads.suspensions import Driver, Place, can_fail
from tests.waiting import eventually

pytestmark = [pytest.mark.promise(24), pytest.mark.timeout(3 * 3600)]

_SAMPLE = 14  # of the test command
_ATTEMPTS = 10
_SETTLE_SECONDS = 5.0
_FILMS = ("/media/ok.mp4", "/media/h264_aac.mkv")  # one that is kept as it comes, one that is converted
_RUN, _TAIL = "mediafetcher.downloads.worker.runner.run:", "mediafetcher.downloads.worker.runner._"


def _os_error(number: int) -> Callable[[], BaseException]:
    return lambda: OSError(number, os.strerror(number))


_ERRORS: dict[str, Callable[[], BaseException]] = {
    "RuntimeError": lambda: RuntimeError("nobody foresaw this"),
    "MemoryError": MemoryError,
    "EIO": _os_error(errno.EIO),
    "ENOSPC": _os_error(errno.ENOSPC),
    "EMFILE": _os_error(errno.EMFILE),
    "TimeoutError": TimeoutError,
    "statement cancelled": lambda: asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
    "database disk full": lambda: asyncpg.DiskFullError("could not extend file"),
    "connection lost": lambda: asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    "connection closed": lambda: asyncpg.InterfaceError("connection is closed"),
    "deadlock": lambda: asyncpg.DeadlockDetectedError("deadlock detected"),
    "serialization": lambda: asyncpg.SerializationError("could not serialize access"),
    "DatabaseUnavailable": errors.DatabaseUnavailable,
    "MediaOffline": errors.MediaOffline,
    "MediaFull": errors.MediaFull,
    "ToolKilled": errors.ToolKilled,
    "Network": errors.Network,
    "Crashed": errors.Crashed,
}
# The actions, done for real while the download waits.
_DEEDS = ("stop", "pause", "cancel", "kill children", "end connections", "CancelledError")
_FAULTS = (*_ERRORS, *_DEEDS)


class Plan(NamedTuple):
    film: str
    place: Place
    fault: str

    def __str__(self) -> str:
        return f"{self.fault} in {self.film} at\n    " + "\n    ".join(self.place)


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.0, lease_seconds=2.0, grace_hours=0.0))
    await prefork.open()
    yield
    await prefork.close()


def _descendants() -> set[int]:
    """Processes below this one that live. PostgreSQL is ended otherwise: one process that is killed restarts it all."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if fields[0] != "Z" and stat.with_name("comm").read_text().strip() != "postgres":
                parents[int(stat.parent.name)] = int(fields[1])
    below, found = {os.getpid()}, 0
    while len(below) > found:
        found = len(below)
        below |= {pid for pid, parent in parents.items() if parent in below}
    return below - {os.getpid()}


class Attempt:
    """One attempt of one download, with what happens in the middle of it."""

    def __init__(self, id: int, owner: int, plan: Plan | None, spared: set[int]) -> None:
        self._id, self._owner, self._plan, self._spared = id, owner, plan, spared
        fault = plan.fault if plan else ""
        self.driver = Driver(plan.place if plan else None, error=_ERRORS.get(fault), deed=self._deed(fault))
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> str:
        """-> the state of the row. An end that was not written is found by the lease, as by another process."""
        await engine.execute("update download set run_after = now() where state = 'queued'")
        await mount.refresh()
        claim = await leases.claim()
        assert claim is not None and claim.id == self._id, await queries.get(self._id)
        with self.driver.watch():
            self._task = asyncio.create_task(runner.run(claim))
            await asyncio.wait({self._task})
        if self._task.cancelled():
            assert self._plan and self._plan.fault == "CancelledError"
        else:
            self._task.result()
        await engine.execute(
            "update download set lease_expires_at = now() - interval '1 second' where state = 'running'"
        )
        await requeue.reconcile(0, _none)
        return str((await queries.get(self._id))["state"])

    @property
    def was_whole(self) -> bool:
        """Whether the child had said that all of it was there."""
        told = any("fetch.collect." in step for place in self.driver.places for step in place)
        return told or checkpoint.is_whole(workspace.path(self._id))

    def _deed(self, fault: str) -> Callable[[], Awaitable[None]] | None:
        deeds: dict[str, Callable[[], Awaitable[None]]] = {
            "stop": self._stop,
            "pause": lambda: self._order(lifecycle.pause),
            "cancel": lambda: self._order(lifecycle.cancel),
            "kill children": self._kill_children,
            "end connections": _end_connections,
            "CancelledError": self._cancel,
        }
        return deeds.get(fault)

    async def _stop(self) -> None:
        for download in active.all_active():
            download.request_stop("stop")

    async def _order(self, order: Callable[[int, int], Awaitable[Any]]) -> None:
        with contextlib.suppress(errors.InvalidState):  # its end came first
            await order(self._id, self._owner)
        for download, word in await leases.heartbeat():
            download.request_stop(word)

    async def _kill_children(self) -> None:
        for pid in _descendants() - self._spared:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def _cancel(self) -> None:
        """No user asked for it: the task that waits is cancelled."""
        assert self._plan and self._task
        download = active.get(self._id)
        task = self._task if self._plan.place[0].startswith(_RUN) else download and download.task
        if task:
            task.cancel()


async def _end_connections() -> None:
    """As a server that restarts, or an administrator, does."""
    control = await asyncpg.connect(engine.DB.config["dsn"])
    try:
        await control.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    finally:
        await control.close()


async def _none() -> int:
    return 0


def _bodies(site, name: str) -> int:
    return len([asked for asked in site.asked(name) if asked["method"] == "GET"])


async def _forget_all(owner: int) -> None:
    """An empty library, so that the next run fetches again."""
    await trash.delete_all(owner)
    await sweeper.sweep()
    await engine.execute("delete from source")
    await engine.execute("delete from site_backoff")


async def _settled(is_so: Callable[[], bool]) -> bool:
    """Wait for what ends in its own time."""
    with contextlib.suppress(AssertionError):
        await eventually(is_so, seconds=_SETTLE_SECONDS)
    return is_so()


_known: Counter[str] = Counter()  # left by a plan that failed: told once


def _left_behind() -> list[str]:
    """Find what a download that has ended must not leave."""
    chosen, pool = settings.get(), engine.DB.pool
    assert pool is not None and prefork._pool is not None
    folders = (chosen.work, chosen.fetch, mount.incoming())
    left = [str(path) for folder in folders if folder.exists() for path in folder.iterdir()]
    left += [f"active: {download}" for download in active.all_active()]
    left += [f"room set aside: {folder}" for folder in space_reservation._expected]
    left += ["a conversion slot"] * convert_slots._running
    left += ["a connection in use"] * (pool.get_size() - pool.get_idle_size())
    left += ["a fetch child"] * prefork._pool.alive
    return list((Counter(left) - _known).elements())


async def _check(site, owner: int, plan: Plan, id: int, spared: set[int]) -> None:
    attempt = Attempt(id, owner, plan, spared)
    state = await attempt.run()
    told = f"{plan}\n  then {state}: {await queries.get(id)}"
    allowed = {"done", "queued", "needs_action"} | {"pause": {"paused"}, "cancel": {"cancelled"}}.get(plan.fault, set())
    assert state in allowed, told
    whole, fetched = attempt.was_whole, _bodies(site, plan.film)
    if state == "cancelled":
        assert await engine.fetchval("select count(*) from library_item") == 0, told
        await workspace.tidy()
        assert await _settled(lambda: not _left_behind()), f"{told}\n  left: {_left_behind()}"
    await _to_its_end(id, owner, state, spared)
    if whole and state != "cancelled":
        assert _bodies(site, plan.film) == fetched, f"{told}\n  a whole file was fetched again"
    row = await engine.fetchrow("select worker_id, item from download where id = $1", id)
    assert row["worker_id"] is None and row["item"] is not None, told
    assert await engine.fetchval("select count(*) from library_item") == 1, told
    media = (await item_queries.get(row["item"], owner))["media"]
    assert blob_store.path_of(bytes.fromhex(media["sha256"]), media["ext"]).exists(), told
    await workspace.tidy()
    await sweeper.sweep()
    assert await _settled(lambda: not _left_behind()), f"{told}\n  left: {_left_behind()}"


async def _to_its_end(id: int, owner: int, state: str, spared: set[int]) -> None:
    for _ in range(_ATTEMPTS):
        if state == "done":
            return
        if state == "paused":
            await lifecycle.resume(id, owner)
        elif state in ("needs_action", "cancelled"):
            await lifecycle.retry(id, owner)
        state = await Attempt(id, owner, None, spared).run()
    raise AssertionError(await queries.get(id))


async def _places(site, owner: int, film: str) -> list[Place]:
    """The places of a download, seen in two runs: the first warms up."""
    found: dict[Place, int] = {}
    for number in range(2):
        id = (await lifecycle.submit(owner, site.url(f"{film}?counted-{number}")))["id"]
        attempt = Attempt(id, owner, None, set())
        assert await attempt.run() == "done"
        await _forget_all(owner)
        found |= attempt.driver.places
    return sorted(found)


def _plans(places: dict[str, list[Place]]) -> Iterator[Plan]:
    """Every fault at every place. Only the tasks of the download itself are ever cancelled."""
    for film, fault in itertools.product(_FILMS, _FAULTS):
        for place in places[film]:
            own = place[0].startswith((_RUN, _TAIL))
            if (fault in _ERRORS and not can_fail(place, strictly=not own)) or (fault == "CancelledError" and not own):
                continue
            yield Plan(film, place, fault)


async def test_fault_at_any_suspension_loses_nothing_and_leaves_nothing_behind(owner, site):
    places = {film: await _places(site, owner, film) for film in _FILMS}
    assert min(len(found) for found in places.values()) > 60
    spared = _descendants()
    plans = list(_plans(places))
    if not deep.deep(24):
        plans = deep.chance("suspensions").sample(plans, _SAMPLE)
    elif part := os.environ.get("MF_PART"):  # "2/5": the second fifth, so that several machines share the work
        number, of = (int(text) for text in part.split("/"))
        plans = plans[number - 1 :: of]
    wrong = []
    for number, plan in enumerate(plans):
        id = (await lifecycle.submit(owner, site.url(f"{plan.film}?{number}")))["id"]
        try:
            await _check(site, owner, plan, id, spared)
        except AssertionError as error:
            wrong.append(str(error))
            print(f"{number}: {error}", flush=True)
            await engine.execute("update download set state = 'cancelled' where state <> 'done'")
            await workspace.tidy()
            _known.update(_left_behind())
        await _forget_all(owner)
    print(f"{len(plans)} plans, {len(places[_FILMS[0]])} and {len(places[_FILMS[1]])} places")
    assert wrong == [], f"{len(wrong)} of {len(plans)}:\n" + "\n\n".join(wrong[:20])
