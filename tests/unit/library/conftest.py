"""A user with an empty library, and short ways to put things into it."""

import dataclasses
import hashlib
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.library.catalog import items
from mediafetcher.library.recovery import journal, journal_file, merge
from mediafetcher.library.storage import blob_store, check, mount
from tests.factories import add_user

FACTS = items.MediaFacts("video/mp4", ".mp4", duration=12.5, width=640, height=360, video_codec="h264")
Put = Callable[..., Awaitable[int]]


@pytest.fixture
async def owner(media_online: Path) -> int:
    return await add_user("Ada")


@pytest.fixture
async def other(owner: int) -> int:
    return await add_user("Grace")


@pytest.fixture
def use(state: Path) -> Callable[..., None]:
    """Change settings: `use(trash_days=0)`."""
    return lambda **changes: settings.use(dataclasses.replace(settings.get(), **changes)) and None


@pytest.fixture
def at_once(use: Callable[..., None]) -> None:
    """Neither trash nor grace."""
    use(trash_days=0, grace_hours=0)


@pytest.fixture
def put(owner: int, tmp_path: Path) -> Put:
    """`await put(b"bytes", title=..., owner=..., folder=..., side={...})`. Returns: item id."""

    async def do(data: bytes, title: str = "A film", side: dict[str, bytes] | None = None, **more: Any) -> int:
        source = tmp_path / uuid.uuid4().hex
        source.write_bytes(data)
        files = {}
        for name, content in (side or {}).items():
            files[name] = tmp_path / f"{uuid.uuid4().hex}.{name}"
            files[name].write_bytes(content)
        return await items.add_media(
            owner=more.pop("owner", owner),
            staged=await blob_store.stage(source),
            facts=FACTS,
            entry=items.Entry(title, more.pop("folder", None), **more),
            side_files=files,
        )

    return do


@pytest.fixture
def run_for() -> Callable[[float], Awaitable[None]]:
    """`await run_for(seconds)`: as if a server of this database had run for so long."""

    async def do(seconds: float) -> None:
        await engine.execute("update running_time set seconds = seconds + $1", seconds)

    return do


def path(data: bytes, ext: str = ".mp4") -> Path:
    return blob_store.path_of(hashlib.sha256(data).digest(), ext)


def stored() -> list[str]:
    """The names of all files in the store."""
    return sorted(file.name for file in (mount.root() / "store").rglob("*") if file.is_file())


def staged() -> list[str]:
    return sorted(file.name for file in (mount.root() / "incoming").iterdir())


async def clean() -> None:
    """The checker, with every byte read, finds nothing."""
    assert await check.check(read_data=True) == []


async def written(media: Path) -> journal_file.Library:
    """Begin a generation of the journal. Returns: the library as it says."""
    await journal.begin_generation()
    found = journal_file.load(media)
    assert found is not None
    return found


async def merged(library: journal_file.Library, *, cut: bool = False, waiting: bool = False) -> int:
    """Merge a journal into the database. `waiting`: changes that are not yet written are kept. Returns: lost items."""
    if not waiting:
        await engine.execute("delete from journal_change")
    async with engine.transaction():
        return await merge.apply(library, cut=cut)
