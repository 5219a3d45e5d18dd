"""A media folder that is there, and can go away."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mediafetcher.library import mount


@pytest.fixture
async def media_online(database: str, state: Path) -> Callable[[str], Awaitable[None]]:
    """The media folder is ready; `await media_online("offline")` takes its sentinel away, "online" puts it back."""
    await mount.prepare()
    sentinel = mount.root() / mount.SENTINEL
    hidden = sentinel.with_name("hidden")

    async def put(wanted: str) -> None:
        if wanted == "offline":
            sentinel.rename(hidden)
        else:
            hidden.rename(sentinel)
        now = await mount.look()
        assert now.state == wanted

    assert mount.state().state == "online", mount.state()
    return put
