"""Search terms and sort key of each item, stored in its row with the version of their computation.

Every writer of a title writes them too (`of`), or calls `refresh` after it. `rebuild` recomputes rows of other versions
in batches, so it may be interrupted and resumed; a server does that in the background.
"""

import asyncio
from typing import Any, NamedTuple

from mediafetcher.core import clock, sort_key
from mediafetcher.db import engine, many
from mediafetcher.db.tables import LibraryItem
from mediafetcher.library.catalog import search_terms

VERSION = 3  # increment with every change of search_terms.py, sort_key.py or text.fold
_BATCH = 200  # rows of one transaction
_REST = 2.0  # the pause after a batch, as a multiple of its duration

# Another computation may run at the same time: each row is computed by the first that locks it.
_TEXTS = """
select i.id, i.title, i.uploader, i.site, x.channel_name, x.facts ->> 'description' as description,
  array(select jsonb_array_elements_text(x.facts -> 'tags')) as tags
from library_item i left join source_metadata x on x.id = i.metadata
"""
_OUTDATED = _TEXTS + (
    " where i.text_version < $1 or i.text_version > $1 order by i.id limit $2 for update of i skip locked"
)
_OF_ITEMS = _TEXTS + " where i.id = any($1::bigint[]) order by i.id for update of i"


class Text(NamedTuple):
    """`search` is the text of a `tsvector`; the columns of `library_item` have the same names."""

    search: str
    sort_key: str
    text_version: int


def of(title: str, uploader: str | None = None, site: str | None = None, *more: str | None) -> Text:
    """Return the columns of an item with these texts; `more` is searched last."""
    return Text(search_terms.of(title, uploader, site, *more), sort_key.of(title), VERSION)


async def refresh(ids: list[int]) -> None:
    """Recompute these items in the caller's transaction, because their texts have changed."""
    await _write(await engine.fetch(_OF_ITEMS, ids))


async def rebuild() -> int:
    """Recompute every item of another version, with pauses between batches.

    Returns: the number of items.
    """
    count = 0
    while True:
        begun = clock.monotonic()
        async with engine.transaction():
            rows = await engine.fetch(_OUTDATED, VERSION, _BATCH)
            await _write(rows)
        count += len(rows)
        if len(rows) < _BATCH:
            return count
        await asyncio.sleep((clock.monotonic() - begun) * _REST)


async def _write(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    texts = [await asyncio.to_thread(_of_row, row) for row in rows]  # a description has thousands of words
    table = LibraryItem
    values: many.Values = {
        table.search: [text.search for text in texts],
        table.sort_key: [text.sort_key for text in texts],
        table.text_version: [text.text_version for text in texts],
    }
    await many.update(table.id, [row["id"] for row in rows], values)


def _of_row(row: dict[str, Any]) -> Text:
    more = (row["channel_name"], *row["tags"], row["description"])
    return of(row["title"], row["uploader"], row["site"], *more)
