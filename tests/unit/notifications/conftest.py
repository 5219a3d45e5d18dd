"""A user, settings with which nothing waits long, and a receiver."""

import dataclasses
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mediafetcher.accounts.auth import users
from mediafetcher.core import settings
from mediafetcher.fetch import gateway
from tests.receiver import Receiver


@pytest.fixture
def quick(state: Path) -> Path:
    """Settings with which nothing waits long before it is tried again."""
    settings.use(dataclasses.replace(settings.get(), retry_seconds=0.05))
    return state


@pytest.fixture
async def ada(database: str, quick: Path) -> AsyncIterator[int]:
    yield (await users.add("Ada", "a long enough password", admin=True))["id"]
    await gateway.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running
