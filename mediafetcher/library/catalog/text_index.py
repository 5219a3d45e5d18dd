"""Search terms and sort key of each item, stored in its row with the version of their computation.

Every writer of a title writes them too (`of`), or calls `refresh` after it. `rebuild` recomputes rows of other versions
in batches, so it may be interrupted and resumed; a server does that in the background.
"""

import asyncio
from typing import NamedTuple

from mediafetcher.core import clock, sort_key
from mediafetcher.db import engine
from mediafetcher.library.catalog import search_terms

VERSION = 1  # increment with every change of search_terms.py, sort_key.py or text.fold
_BATCH = 200  # rows of one transaction
_REST = 2.0  # the pause after a batch, as a multiple of its duration

# Another computation may run at the same time: each row is computed by the first that locks it.
_OUTDATED = """
select id, title, uploader, site from library_item where text_version < $1 or text_version > $1
order by id limit $2 for update skip locked
"""
_OF_ITEMS = "select id, title, uploader, site from library_item where id = any($1::bigint[]) for update"
_WRITE = """
update library_item i set search = r.search::tsvector, sort_key = r.sort_key, text_version = $4
from unnest($1::bigint[], $2::text[], $3::text[]) as r (id, search, sort_key) where i.id = r.id
"""


class Text(NamedTuple):
    """`search` is the text of a `tsvector`; the columns of `library_item` have the same names."""

    search: str
    sort_key: str
    text_version: int


def of(title: str, uploader: str | None = None, site: str | None = None) -> Text:
    """Return the columns of an item with these texts."""
    return Text(search_terms.of(title, uploader, site), sort_key.of(title), VERSION)


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


async def _write(rows: list[dict[str, str]]) -> None:
    if not rows:
        return
    texts = [of(row["title"], row["uploader"], row["site"]) for row in rows]
    await engine.execute(
        _WRITE, [row["id"] for row in rows], [one.search for one in texts], [one.sort_key for one in texts], VERSION
    )
