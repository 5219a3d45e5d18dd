"""Lists of a site (playlists, channels): their entries in the site's order, with the items that they became.

A list that is downloaded again replaces its entries. The whole list is kept, also what was not downloaded.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from mediafetcher.core import errors
from mediafetcher.db import engine, many
from mediafetcher.db.expressions import NOW
from mediafetcher.db.tables import SourceList, SourceListEntry
from mediafetcher.library.catalog import queries

# One user can have the same link in several folders: the newest item stands for it.
_ENTRIES = """
select e.position, e.url, e.title, e.duration, i.id as item from source_list_entry e
  left join lateral (select id from library_item where owner = $2 and source_url = e.url and trashed_at is null
    order by id desc limit 1) i on true
where e.list = $1 order by e.position
"""
# Grouped, with the items that exist.
_LISTS = """
select l.id, l.url, l.title, l.site, l.updated_at, count(e.id) as entries, count(i.source_url) as items
from source_list l join source_list_entry e on e.list = l.id
  left join (select distinct source_url from library_item where owner = $1 and trashed_at is null) i
    on i.source_url = e.url
where l.owner = $1 and ($2::bigint is null or l.id = $2) group by l.id order by l.updated_at desc, l.id desc limit 1000
"""


class Entry(NamedTuple):
    """An entry as the site names it. `duration` in seconds."""

    url: str
    title: str | None
    duration: float | None


async def save(owner: int, url: str, title: str, site: str, entries: Sequence[Entry]) -> int:
    """Keep a list with its entries in this order, in place of what was kept before. Returns its id."""
    async with engine.transaction():
        table = SourceList
        saved = table.insert(table(owner=owner, url=url, title=title, site=site))
        changed = (table.title, (table.updated_at, NOW))
        rows = await saved.on_conflict((table.owner, table.url), "DO UPDATE", changed).returning(table.id)
        id = int(rows[0]["id"])
        await SourceListEntry.delete().where(SourceListEntry.list == id)
        await insert_entries(id, entries)
    return id


async def insert_entries(id: int, entries: Sequence[Entry]) -> None:
    """Give an empty list these entries, in this order."""
    table = SourceListEntry
    values: many.Values = {
        table.list: [id] * len(entries),
        table.position: range(1, len(entries) + 1),
        table.url: [entry.url for entry in entries],
        table.title: [entry.title for entry in entries],
        table.duration: [entry.duration for entry in entries],
    }
    await many.insert(table, values)


async def page(owner: int) -> list[dict[str, Any]]:
    """Read a user's lists, the last read first; `items`: how many of its `entries` are in the library."""
    return await engine.fetch(_LISTS, owner, None)


async def get(id: int, owner: int) -> dict[str, Any]:
    """Read one list with its entries in the site's order. An entry that is not in the library has no item.

    Raises:
        NotFound: the user has no such list.
    """
    rows = await engine.fetch(_LISTS, owner, id)
    if not rows:
        raise errors.NotFound("This list does not exist.")
    entries = await engine.fetch(_ENTRIES, id, owner)
    found = await queries.by_ids(owner, [row["item"] for row in entries if row["item"] is not None])
    items = {item["id"]: item for item in found}
    return rows[0] | {"content": [row | {"item": items.get(row["item"])} for row in entries]}
