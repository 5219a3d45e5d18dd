"""P22: a worker makes no claims: it waits until the server has made the one that a first reference needs."""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.storage import claims, mount, ownership, ownership_watch, sweeper
from tests.unit.library.conftest import Put

pytestmark = pytest.mark.promise(22)

_SERVER = """
import asyncio, sys
from pathlib import Path
from typing import Any
from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.library.storage import mount, ownership, ownership_watch

async def main(dsn, state, media):
    settings.use(settings.Settings(state=Path(state), media=Path(media), min_free=0))
    await engine.connect(dsn)
    await mount.prepare()
    await ownership.start()
    print("ready", flush=True)
    await ownership_watch.follow()

asyncio.run(main(*sys.argv[1:]))
"""


@asynccontextmanager
async def _server(dsn: str, state: Path) -> AsyncIterator[None]:
    """A process that answers workers, as the server does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _SERVER, dsn, str(state), str(mount.root())), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        await process.wait()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is a worker."""
    monkeypatch.setattr(ownership, "_claims_here", False)


@pytest.mark.usefixtures("worker")
async def test_first_reference_by_worker_waits_for_the_claim_of_the_server(
    owner: int, put: Put, database: str, state: Path
) -> None:
    async with _server(database, state):
        for data in (b"one", b"two"):
            before = await mount.run_io(claims.read)
            await ownership.before_reference()
            assert (await mount.run_io(claims.read)).number > before.number
            await put(data)


@pytest.mark.usefixtures("worker")
async def test_first_reference_by_worker_without_a_server_fails_for_now(
    owner: int, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership, "ANSWER", 0.2)
    with pytest.raises(errors.ServerUnavailable):
        await put(b"film")
    assert await engine.fetchval("select count(*) from media_file") == 0
    assert not list((mount.root() / "store").rglob("*.mp4"))


@pytest.mark.usefixtures("worker")
async def test_waiting_worker_follows_a_freeze(owner: int, put: Put) -> None:
    waiting = asyncio.create_task(put(b"film"))
    await asyncio.sleep(0)
    await ownership.freeze("foreign")
    with pytest.raises(errors.StoreFrozen):
        await waiting
    assert await sweeper.sweep() == 0


async def test_claim_made_while_the_owner_is_examined_is_no_foreign_one(
    owner: int, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(b"film")
    run_io, made = mount.run_io, [0]

    async def interrupted(function: Callable[..., Any], *args: Any, **given: Any) -> Any:
        if function is claims.read and made == [0]:
            made.clear()
            made.append(await ownership.claim_next())  # as another process of this installation does just then
        return await run_io(function, *args, **given)

    monkeypatch.setattr(mount, "run_io", interrupted)
    await ownership.require_owner()
    assert made[0] > 0 and ownership.frozen() is None


async def test_idle_server_finds_a_foreign_claim_and_tells_the_other_installation(owner: int, put: Put) -> None:
    await put(b"film")
    await ownership_watch.look()
    assert ownership.frozen() is None
    number = (await mount.run_io(claims.read)).number + 1
    await mount.run_io(claims.make, number, uuid.uuid4(), uuid.uuid4())
    await ownership_watch.look()
    found = ownership.frozen()
    assert found is not None and found.reason == "foreign"
    assert (claims.folder() / f"contested-{number}").exists()
