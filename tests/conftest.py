"""Fixtures of all tests: a real PostgreSQL, a state folder with its settings, the fixture site and its media.

`database` is a fresh, migrated database, cloned from a template in some 30 ms, on one embedded server for the whole
run; MF_TEST_POSTGRES=15 (or 16, 18) runs the same tests on an external server of that version. `state` is an empty
state folder whose settings are installed. No part of the program is replaced by a double.
"""

import asyncio
import contextlib
import gc
import inspect
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg
import pytest

from mediafetcher.core import settings
from mediafetcher.db import embedded, engine, migrate
from mediafetcher.library.storage import mount, ownership, space_reservation
from mediafetcher.sandbox import parsing
from mediafetcher.subscriptions import recent_lists
from tests import places, postgres
from tests.site import Site, media, youtube
from tests.site.proxy import Proxy
from tests.site.youtube import YouTube
from tests.waiting import eventually
from tests.warm import Parser, Warm

_numbers = itertools.count(1)
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(places.TOP))  # the folders of `tmp_path`


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--promise", type=int, help="only the tests that prove this row of docs/promises.md")


def pytest_collection_finish() -> None:
    """Exclude what is loaded by now from the collection after each test, which then takes few milliseconds."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = config.getoption("--promise")
    if wanted is not None:
        chosen = [item for item in items if any(wanted in mark.args for mark in item.iter_markers("promise"))]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


async def _template(dsn: str, admin_dsn: str) -> None:
    """The migrated database that all others are copies of."""
    admin = await asyncpg.connect(admin_dsn)
    try:
        # These databases live for a second; what must survive a power cut is tested elsewhere.
        await admin.execute("alter system set fsync = off")
        await admin.execute("select pg_reload_conf()")
        # Two that some tests change, and a superuser alone otherwise.
        role = unquote(urlsplit(dsn).username or "")
        await admin.execute(f'grant set on parameter deadlock_timeout, session_replication_role to "{role}"')
    finally:
        await admin.close()
    await engine.connect(dsn)
    try:
        await migrate.migrate()
    finally:
        await engine.close()


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL whose database `mediafetcher` is the template. `admin_dsn`: of its superuser."""

    dsn: str
    admin_dsn: str


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL for the whole run."""
    if version := os.environ.get("MF_TEST_POSTGRES"):
        if postgres.programs(version) is None:
            pytest.skip(f"PostgreSQL {version} is not installed")
        with postgres.running(version) as external:
            asyncio.run(_template(external.admin_dsn, external.admin_dsn))
            yield Server(external.admin_dsn, external.admin_dsn)
        return
    folder = places.make("mf-test-")  # short: it holds a socket
    folder.chmod(0o711)
    running = embedded.Cluster(folder)
    try:
        with asyncio.Runner() as runner:
            dsn = runner.run(running.start())
            runner.run(_template(dsn, running.admin_dsn))
            yield Server(dsn, running.admin_dsn)
            runner.run(running.stop())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(running.socket, ignore_errors=True)


@contextlib.asynccontextmanager
async def cloned(server: Server) -> AsyncIterator[str]:
    """A copy of the template, dropped at the end. Returns: its DSN."""
    name = f"test_{next(_numbers)}"
    control = await asyncpg.connect(server.dsn.replace("/mediafetcher?", "/postgres?"))
    try:
        await control.execute(f"create database {name} template mediafetcher")
        try:
            yield server.dsn.replace("/mediafetcher?", f"/{name}?")
        finally:
            await _drop(control, name)
    finally:
        await control.close()


async def _drop(control: asyncpg.Connection, name: str) -> None:
    """Drop a database. A process of the server's own in it, as autovacuum, is not ours to end: it is waited for."""
    dropping = f"drop database {name} with (force)"
    refused = (asyncpg.InsufficientPrivilegeError,)
    await eventually(lambda: control.execute(dropping), seconds=60, pause=0.2, ignore=refused)


@pytest.fixture
async def _parsers_end() -> AsyncIterator[None]:
    """End the parsing workers of this event loop: the next test has another one."""
    yield
    if parsing._pool is not None and parsing._pool.loop is asyncio.get_running_loop():
        await parsing.close()


@pytest.fixture(autouse=True)
def _garbage_is_collected() -> Iterator[None]:
    """Collect what a test left open as long as it is that test which fails. The first fixture, which ends last."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _nothing_is_left_open(request: pytest.FixtureRequest) -> None:
    if inspect.iscoroutinefunction(request.function):
        request.getfixturevalue("_parsers_end")


@pytest.fixture
async def database(server: Server) -> AsyncIterator[str]:
    """A fresh, migrated database with the engine connected to it. Returns: its DSN."""
    async with cloned(server) as dsn:
        await engine.connect(dsn)
        await ownership.refresh()  # what this process saw last was another database
        try:
            yield dsn
        finally:
            await engine.close()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """An empty state folder with the media folder in it, the settings of both installed."""
    folder = tmp_path / "state"
    chosen = settings.Settings(state=folder, media=folder / "media", allow_hosts=("127.0.0.1", "localhost"), min_free=0)
    for path in (folder, folder / "media", chosen.work, chosen.logs):
        path.mkdir(mode=0o711)
    before = settings._current
    settings.use(chosen)
    recent_lists.forget()
    space_reservation._expected.clear()  # a test may end in the middle of a download
    yield folder
    settings._current = before


@pytest.fixture
async def media_online(database: str, state: Path) -> Path:
    """The media folder of `state`, made and recorded as at a first start. Returns: its path."""
    assert (await mount.prepare()).state == "online"
    return mount.root()


@pytest.fixture(scope="session", autouse=True)
def shared_parser() -> Iterator[Parser]:
    """One parser of foreign text for all tests of this run."""
    parser = Parser()
    with parser.lent():
        yield parser


@pytest.fixture(scope="session")
def prefork_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """The prefork program and the gateway of this run; `warm` lends them to a test."""
    shared = Warm(tmp_path_factory.getbasetemp() / "fetch")
    yield shared
    shared.end()


@pytest.fixture
async def warm(request: pytest.FixtureRequest, prefork_program: Warm, state: Path) -> AsyncIterator[None]:
    """Fetch children are forks of one prefork program, as in a running server. Not in a test that is marked `cold`."""
    async with contextlib.nullcontext() if request.node.get_closest_marker("cold") else prefork_program.lent():
        yield


@pytest.fixture(scope="session")
def media_corpus() -> Path:
    """The folder of the media corpus, made once and kept below `.cache`."""
    return media.corpus()


@pytest.fixture
def tube(state: Path, media_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[YouTube]:
    """YouTube and other sites behind TLS on loopback, which a proxy of the settings leads to."""
    with YouTube(tmp_path, (media_corpus / "ok.mp4").read_bytes()) as running, Proxy("http") as proxy:
        tmp_path.chmod(0o755)
        running.certificate.chmod(0o644)
        monkeypatch.setenv("MF_CA_FILE", str(running.certificate))
        proxy.names = dict.fromkeys(youtube.NAMES, "127.0.0.1")
        proxy.ports[443] = running.port
        settings.use(replace(settings.get(), allow_hosts=(), proxy=proxy.url, proxy_resolves_names=True))
        yield running


@pytest.fixture
def site(media_corpus: Path) -> Iterator[Site]:
    """The fixture web site on a free port of 127.0.0.1; every request is in `site.log`."""
    with Site(media_corpus) as running:
        yield running
