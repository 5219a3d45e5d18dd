"""The open installation: lock, database, media folder, downloads, control socket; closed in reverse order.

The process that holds the lock of a state folder is its only one: the server, or the first command. Opening the
installation gives a connected, migrated database and a media folder in a known state. Workers start on demand.
"""

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import rate_limit, sessions, tokens
from mediafetcher.accounts.vault import devices
from mediafetcher.app import control_socket, state_folder
from mediafetcher.core import clock, errors, logging
from mediafetcher.core import settings as chosen
from mediafetcher.core.settings import Settings
from mediafetcher.db import embedded as cluster
from mediafetcher.db import engine, migrate, runtime_settings, transfer
from mediafetcher.downloads import nodes, requeue, retention, site_backoff, statistics
from mediafetcher.downloads.worker import pool
from mediafetcher.fetch.ytdlp import updater
from mediafetcher.library.catalog import known_sources, metadata, text_index, trash
from mediafetcher.library.export import sync
from mediafetcher.library.recovery import journal
from mediafetcher.library.storage import clock_guard, mount, ownership, ownership_watch, scrub, sweeper
from mediafetcher.notifications import delivery, inbox, status
from mediafetcher.ops import backup, media_backups, rebuild
from mediafetcher.sandbox import parsing
from mediafetcher.subscriptions import checker, checks
from mediafetcher.subscriptions import retention as retention_of_subscriptions

_log = logging.get("instance")
PATIENCE = 5.0  # seconds that a stopping program waits for the commands of other processes
_LEAVE = 5.0  # seconds for background tasks to end
_SELDOM = 3600.0  # seconds between two removals of old records
_FIRST = 5.0  # seconds until the first run: a short command has ended by then


class Instance:
    """The open installation. Call `await ensure_jobs()` before something is to be fetched."""

    def __init__(self, settings: Settings, role: nodes.Role) -> None:
        self.settings = settings
        self._role = role
        self.queue: pool.WorkerPool | None = None
        self.ready = False  # whether the HTTP server answers
        self._checks: asyncio.Task[None] | None = None
        # Seconds that closing waits for commands of other processes; None: until they end.
        self.patience: float | None = None
        self._starting = asyncio.Lock()

    async def ensure_jobs(self) -> None:
        async with self._starting:
            if self.queue is None:
                following = checker.Checker()
                started = pool.WorkerPool(following.tick, role=self._role)
                await started.start()
                self.queue = started
                self._checks = asyncio.create_task(following.run(), name="following")

    async def stop_jobs(self) -> None:
        if self._checks is not None:
            self._checks.cancel()
            await asyncio.wait({self._checks}, timeout=_LEAVE)
            self._checks = None
        if self.queue is not None:
            await self.queue.stop()
            self.queue = None


Command = Callable[[Instance], control_socket.Run]


@contextlib.asynccontextmanager
async def open(
    settings: Settings, command: Command, *, joins: bool = False, is_locked: bool = False
) -> AsyncIterator[Instance]:
    """Open the installation of `settings.state`. Raises: `AlreadyRunning` if another process holds it.

    `is_locked`: the caller has made the state folder and holds its lock.

    `command(instance)` returns the function that runs commands of the control socket. If it `joins` the installation of
    another machine it only works for it: no migrations, no changes of the media folder, no housekeeping.
    """
    for old in settings.old_names:
        _log.warning("setting has an old name", old=old.written, new=old.new, file=old.place or None)
    _trust(settings)
    async with contextlib.AsyncExitStack() as stack:
        if not is_locked:
            state_folder.make(settings)
            stack.enter_context(state_folder.lock(settings.state))
        rebuild.refuse_unfinished(settings.state)
        backup.remove_leftovers(settings)
        dsn = await stack.enter_async_context(_database(settings))
        if not joins:
            await backup.before_migration(dsn, settings)
        await engine.connect(dsn)
        stack.push_async_callback(engine.close)
        stack.push_async_callback(parsing.close)
        if joins:
            await migrate.require()
            await mount.attach()
        else:
            await migrate.migrate()
            await mount.prepare()
        await runtime_settings.apply()
        await ownership.start(claims=not joins)
        await stack.enter_async_context(_task(ownership_watch.follow()))
        instance = Instance(settings, "worker" if joins else "server")
        if not joins:
            await stack.enter_async_context(_task(ownership_watch.watch()))
            await journal.configure()
            stack.push_async_callback(journal.close)
            await stack.enter_async_context(_task(journal.follow()))
            await stack.enter_async_context(_task(media_backups.follow(dsn, settings)))
        stack.push_async_callback(instance.stop_jobs)
        stack.push_async_callback(updater.stop)
        await stack.enter_async_context(_task(_watch_mount()))
        if not joins:
            clocks = clock_guard.watch(requeue.clock_moved, correct_times)
            cleaning = (_run_housekeeping(), _keep_terms(), _keep_whole())
            for work in (*cleaning, clocks, status.follow(), delivery.Delivery().run()):
                await stack.enter_async_context(_task(work))
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


def _trust(settings: Settings) -> None:
    """Let the fetch children trust the user's own authorities. Raises `BadSetting`."""
    if settings.ca_file is None:
        return
    try:
        ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise errors.BadSetting(
            f"ca_file: {settings.ca_file} cannot be read as PEM certificates ({error.strerror or error})."
        ) from error
    os.environ["MF_CA_FILE"] = str(settings.ca_file.absolute())


@contextlib.asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[str]:
    """Start the database if it is embedded. Returns: its DSN. The caller holds the lock."""
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
    """Open only the database, without migrations, for backup and restore. Returns: its DSN.

    If another process holds the state folder its database is used, unless `alone` is required (`AlreadyRunning`).
    """
    state_folder.make(settings)
    async with contextlib.AsyncExitStack() as stack:
        try:
            stack.enter_context(state_folder.lock(settings.state))
        except errors.AlreadyRunning:
            if alone:
                raise
            yield settings.database_url or cluster.Cluster(settings.state).dsn
            return
        yield await stack.enter_async_context(_database(settings))


@contextlib.asynccontextmanager
async def _task(work: Awaitable[None]) -> AsyncIterator[None]:
    """Run a background task. It is cancelled at the end and awaited, because it may hold a connection of the pool."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        # A task blocked by a hanging share cannot be ended. It is abandoned.
        await asyncio.wait({task}, timeout=_LEAVE)


async def correct_times(*, believed: bool) -> None:
    """Correct stored times that are too far in the future, because a fast clock wrote them.

    `believed`: the clocks are trusted. Otherwise only waiting times are shortened: a slow clock would end sessions.
    """
    for owner in (rate_limit, site_backoff, requeue, nodes, delivery, checks):
        await owner.correct_times()
    if believed:
        for owner in (sessions, tokens, devices, scrub):
            await owner.correct_times()


async def _watch_mount() -> None:
    await mount.watch()


async def _run_housekeeping() -> None:
    """Apply retention, purge expired items of the trash, and remove unreferenced files and rows."""
    await asyncio.sleep(_FIRST)
    seldom = 0.0
    while True:
        started = clock.monotonic()
        try:
            await retention_of_subscriptions.apply()
            await trash.purge_expired()
            removed = await sweeper.sweep()
            if removed:
                _log.info("files without holders removed", count=removed)
            await retention.remove_cleared()
            if started >= seldom:
                seldom = started + _SELDOM
                await _remove_old_records()
            await statistics.compact()
            await inbox.remove_old()
            await sync.refresh()
            _log.debug("housekeeping done")
        except errors.Unavailable as problem:
            _log.debug("housekeeping waits", reason=problem.code)
        except Exception:
            _log.exception("housekeeping failed")
        # At its interval, and immediately when the media folder is online again, because failed work waits for it.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(
                mount.wait_until_online(), max(0.1, chosen.get().housekeeping_seconds - (clock.monotonic() - started))
            )


async def _keep_terms() -> None:
    """Recompute outdated search terms and sort keys, whether the media folder is online or not."""
    while True:
        await asyncio.sleep(_FIRST)
        try:
            if renewed := await text_index.rebuild():
                _log.info("search terms recomputed", items=renewed)
        except errors.Unavailable as problem:
            _log.debug("search terms wait", reason=problem.code)
        except Exception:
            _log.exception("computing search terms failed")
        await asyncio.sleep(chosen.get().housekeeping_seconds)


async def _remove_old_records() -> None:
    """Remove sources that nothing refers to and old events of the audit trail. Nothing while a clock is in doubt."""
    await known_sources.remove_unused()
    await metadata.remove_unused()
    if (now := await clock_guard.now()) is not None:
        await audit.remove_old(now.theirs)


async def _keep_whole() -> None:
    """Scrub stored files, a slice at a time, while the program runs."""
    await asyncio.sleep(2 * _FIRST)
    while True:
        try:
            await scrub.scrub()
        except errors.Unavailable as problem:
            _log.debug("the scrub waits", reason=problem.code)
        except Exception:
            _log.exception("the scrub failed")
        await asyncio.sleep(chosen.get().housekeeping_seconds)
