"""Metadata of sources after a merge: the lines of the journal are read carefully, and stay with their items."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.db import engine
from mediafetcher.library.catalog import metadata
from mediafetcher.library.recovery import source_rows
from tests.unit.library.conftest import Put, merged, written

pytestmark = pytest.mark.promise(23)


@pytest.fixture
async def described(owner: int, put: Put) -> int:
    item = await put(b"film")
    async with engine.transaction():
        await metadata.attach(item, [], SourceMetadata(description="before"), private=True)
    return item


async def _descriptions() -> list[Any]:
    rows = await engine.fetch("select facts ->> 'description' as said from source_metadata order by id")
    return [row["said"] for row in rows]


async def test_metadata_that_changed_after_the_backup_is_written_again(described: int, media_online: Path) -> None:
    library = await written(media_online)
    (row,) = library.rows["metadata"].values()
    row["facts"]["description"] = "after"
    await merged(library)
    assert await _descriptions() == ["after"]
    assert await engine.fetchval("select metadata is not null from library_item where id = $1", described)


async def test_metadata_that_only_the_backup_has_is_removed(described: int, media_online: Path) -> None:
    library = await written(media_online)
    library.rows["metadata"].clear()
    for row in library.rows["item"].values():
        row["metadata"] = None
    await merged(library)
    assert await _descriptions() == []
    assert await engine.fetchval("select metadata is null from library_item")


async def test_item_that_names_no_row_of_the_journal_has_no_metadata(described: int, media_online: Path) -> None:
    library = await written(media_online)
    for row in library.rows["item"].values():
        row["metadata"] = "1 or 1=1"
    await merged(library)
    assert await engine.fetchval("select metadata is null from library_item")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
        (7, None),
        (None, None),
    ],
)
def test_time_of_a_line_is_a_moment_or_nothing(text: object, moment: datetime | None) -> None:
    assert source_rows._moment(text) == moment
