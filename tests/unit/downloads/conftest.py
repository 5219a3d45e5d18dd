"""A media folder that is online, and can go offline."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mediafetcher.library.storage import mount


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
