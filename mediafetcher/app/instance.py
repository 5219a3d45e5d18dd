"""One installation at work: lock, database, media folder, jobs, control socket; opened in order, closed in reverse.

Whoever holds the lock of a state folder is its only process: the server, or a command that came first. Opening it
gives a connected, migrated database and a media folder whose state is known; the jobs start when they are needed.
"""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from mediafetcher.accounts.auth import rate_limit, sessions, tokens
from mediafetcher.accounts.vault import devices
from mediafetcher.app import control_socket
from mediafetcher.core import clock, errors, logging
from mediafetcher.core import settings as chosen
from mediafetcher.core.settings import Settings
from mediafetcher.db import embedded as cluster
from mediafetcher.db import engine, migrate, runtime_settings, transfer
from mediafetcher.downloads import leases, lifecycle, nodes, retention, site_backoff
from mediafetcher.downloads.worker import pool
from mediafetcher.fetch.ytdlp import updater
from mediafetcher.library.catalog import items
from mediafetcher.library.export import sync
from mediafetcher.library.recovery import journal
from mediafetcher.library.storage import clock_guard, mount, ownership, scrub
from mediafetcher.ops import backup, media_backups, rebuild
from mediafetcher.sandbox import parsing, process

_log = logging.get("instance")
PATIENCE = 5.0  # seconds that a program which was told to stop waits for commands of others
_LEAVE = 5.0  # seconds for what runs beside the rest to end
_FIRST = 5.0  # seconds until the first: a short command is over by then, and need not break it off


class Instance:
    """The open installation. `await ensure_jobs()` before something is to be fetched."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.queue: pool.Queue | None = None
        self.patience: float | None = None  # seconds that its end waits for commands of others; None: until they end
        self._starting = asyncio.Lock()

    async def ensure_jobs(self) -> None:
        async with self._starting:
            if self.queue is None:
                started = pool.Queue()
                await started.start()
                self.queue = started

    async def stop_jobs(self) -> None:
        if self.queue is not None:
            await self.queue.stop()
            self.queue = None


Command = Callable[[Instance], control_socket.Run]


@contextlib.asynccontextmanager
async def open(settings: Settings, command: Command, *, joins: bool = False) -> AsyncIterator[Instance]:
    """Open the installation of `settings.state`. Raises `AlreadyRunning` where another process holds it.

    `command(instance)` gives what runs the commands that arrive at the control socket. One that `joins` another
    machine's installation only works for it: it changes neither database nor media folder, and keeps no house.
    """
    _make_state(settings)
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(_lock(settings.state))
        rebuild.refuse_unfinished(settings.state)
        dsn = await stack.enter_async_context(_database(settings))
        if not joins:
            await backup.before_migration(dsn, settings)
        await engine.connect(dsn)
        stack.push_async_callback(engine.close)
        stack.push_async_callback(parsing.close)
        if joins:
            await migrate.require()
            await mount.join()
        else:
            await migrate.migrate()
            await mount.prepare()
        await runtime_settings.apply()
        ownership.claims_here = not joins
        await ownership.start()
        await stack.enter_async_context(_task(ownership.follow()))
        instance = Instance(settings)
        if not joins:
            await journal.configure()
            stack.push_async_callback(journal.close)
            await stack.enter_async_context(_task(journal.follow()))
            await stack.enter_async_context(_task(media_backups.follow(dsn, settings)))
        stack.push_async_callback(instance.stop_jobs)
        stack.push_async_callback(updater.stop)
        await stack.enter_async_context(_task(_watch_mount()))
        if not joins:
            await stack.enter_async_context(_task(_keep_house()))
            await stack.enter_async_context(_task(clock_guard.watch(lifecycle.clock_moved, correct_times)))
            await stack.enter_async_context(_task(_keep_whole()))
        await stack.enter_async_context(_task(sync.follow()))
        server = control_socket.Server(settings.state, command(instance))
        await server.start()
        try:
            yield instance
        except BaseException:
            engine.hurry()
            await server.close(patience=0)
            raise
        await server.close(patience=instance.patience)


@contextlib.asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[str]:
    """The database, started where it is the embedded one -> its DSN. The caller holds the lock."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    transfer.refuse_moved(settings.state)
    await transfer.upgrade(settings.state)
    embedded = cluster.Cluster(settings.state)
    try:
        yield await embedded.start()
    finally:
        await embedded.stop()


@contextlib.asynccontextmanager
async def database(settings: Settings, *, alone: bool) -> AsyncIterator[str]:
    """The database and nothing else, as it is -> its DSN. For what works on all of it: backup, restore.

    Where another process holds the state folder it is that one's, unless it must be `alone` (`AlreadyRunning`).
    """
    _make_state(settings)
    async with contextlib.AsyncExitStack() as stack:
        try:
            stack.enter_context(_lock(settings.state))
        except errors.AlreadyRunning:
            if alone:
                raise
            yield settings.database_url or cluster.Cluster(settings.state).dsn
            return
        yield await stack.enter_async_context(_database(settings))


def _make_state(settings: Settings) -> None:
    """The state folder. Only ours to read; where we are root the service account may pass through it."""
    mode = 0o711 if process.service_account() else 0o700
    try:
        for folder in (settings.state, settings.work, settings.logs):
            if not folder.exists():
                folder.mkdir(parents=True, mode=mode)
                folder.chmod(mode)
    except OSError as error:
        raise errors.StateFolder(
            f"The state folder {settings.state} cannot be made ({error.strerror}): name another with --state."
        ) from error


@contextlib.contextmanager
def _lock(state: Path):  # type: ignore[no-untyped-def]
    """The instance lock: gone with the process that holds it, however that ends."""
    descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise errors.AlreadyRunning(f"MediaFetcher is already running on {state}.") from error
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


@contextlib.asynccontextmanager
async def _task(work: Awaitable[None]) -> AsyncIterator[None]:
    """Work beside the rest, cancelled at the end and waited for: it may hold a connection of the pool."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        # What it does in a share that hangs cannot be ended; it is left behind.
        await asyncio.wait({task}, timeout=_LEAVE)


async def correct_times(believed: bool) -> None:
    """Correct stored times that lie further ahead than they may: they were written by a clock that was ahead.

    `believed`: the clocks are. While they are not, only waits are cut: a clock that is behind would end sessions.
    """
    for owner in (rate_limit, site_backoff, leases, nodes):
        await owner.correct_times()
    if believed:
        for owner in (sessions, tokens, devices, scrub):
            await owner.correct_times()


async def _watch_mount() -> None:
    await mount.watch()


async def _keep_house() -> None:
    """Purge what has been in the trash long enough, and remove files and rows that nobody needs any more."""
    await asyncio.sleep(_FIRST)
    while True:
        started = clock.monotonic()
        try:
            await items.purge_expired()
            removed = await items.sweep()
            if removed:
                _log.info("files without holders removed", count=removed)
            await retention.remove_cleared()
            await sync.refresh()
            _log.debug("house kept")
        except errors.Away as problem:
            _log.debug("housekeeping waits", reason=problem.code)
        except Exception:
            _log.exception("housekeeping failed")
        # At its time; at once when the share comes back, because what was not possible meanwhile waits.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(
                mount.back(), max(0.1, chosen.get().housekeeping_seconds - (clock.monotonic() - started))
            )


async def _keep_whole() -> None:
    """Read stored files again, a slice at a time, for as long as the program runs."""
    await asyncio.sleep(2 * _FIRST)
    while True:
        try:
            await scrub.scrub()
        except errors.Away as problem:
            _log.debug("the scrub waits", reason=problem.code)
        except Exception:
            _log.exception("the scrub failed")
        await asyncio.sleep(chosen.get().housekeeping_seconds)
