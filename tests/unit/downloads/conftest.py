"""A user, a media folder that is online and can go offline, and settings with which nothing waits."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mediafetcher.core import settings
from mediafetcher.downloads import refresh
from mediafetcher.fetch import gateway
from mediafetcher.library.storage import mount
from tests.factories import add_user


@pytest.fixture
async def owner(database: str) -> int:
    return await add_user("ada", admin=True)


@pytest.fixture
def ready(database: str, state: Path, media_online: Path) -> None:
    """Downloads may begin, and none waits before it is tried again."""
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.0))


@pytest.fixture
async def without_pauses(ready: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Metadata is read again without pauses between two looks at a site."""
    monkeypatch.setattr(refresh, "PAUSE", (0.0, 0.0))
    yield
    await gateway.close()


@pytest.fixture
async def share(media_online: Path) -> Callable[[str], Awaitable[None]]:
    """`await share("offline")` takes the sentinel of the media folder away, `"online"` puts it back."""
    sentinel = media_online / mount.SENTINEL
    hidden = sentinel.with_name("hidden")

    async def put(wanted: str) -> None:
        if wanted == "offline":
            sentinel.rename(hidden)
        else:
            hidden.rename(sentinel)
        now = await mount.refresh()
        assert now.state == wanted

    return put


@pytest.fixture(autouse=True)
def _warm(warm: None) -> None:
    """Fetch children are forks of one prefork program, as in a running server."""
