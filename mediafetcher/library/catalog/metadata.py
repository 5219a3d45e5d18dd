"""The metadata of sources in the database: one row for all keys of a source, and for all items that came from it.

A source that was fetched with the cookies or the proxy of one user is known to that user alone. Its metadata is never
written into a row that a shared key refers to.
"""

import json
from typing import Any

import msgspec

from mediafetcher.core import source_metadata
from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.db import engine
from mediafetcher.library.catalog import text_index
from mediafetcher.net import urls

# Fields that have a column of their own; the others are in `facts`.
IN_COLUMNS = {
    "published_at",
    "published_precision",
    "channel_id",
    "channel_name",
    "channel_url",
    "live_status",
    "availability",
}

_INSERT = """
insert into source_metadata (schema_version, published_at, published_precision, channel, channel_name, channel_url,
    live_status, availability, facts, channel_site)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb, $10) returning id
"""
_UPDATE = """
update source_metadata set schema_version = $1, published_at = $2, published_precision = $3, channel = $4,
    channel_name = $5, channel_url = $6, live_status = $7, availability = $8, facts = $9::text::jsonb,
    channel_site = $10, read_at = now() where id = $11
"""
_OF_KEYS = "select metadata from source where key = any($1::text[]) and metadata is not null order by id limit 1"
# The item, and the other entries of its user with the same metadata.
_SET_ITEMS = """
update library_item i set metadata = $2 from library_item one
  where one.id = $1 and i.owner = one.owner and (i.id = one.id or i.metadata = one.metadata)
    and i.metadata is distinct from $2
"""

_REMOVE = """
delete from source_metadata x where not exists (select from source s where s.metadata = x.id)
  and not exists (select from library_item i where i.metadata = x.id) returning id
"""


async def attach(item: int, keys: list[str], found: SourceMetadata | None, *, private: bool) -> None:
    """Keep the metadata of these sources, and show it with the item, in the caller's transaction.

    `private`: the keys belong to one user, so a row that others may see is left as it is.
    """
    if found is None:
        return
    known = None if private else await engine.fetchval(_OF_KEYS, keys)
    if known is None:
        known = await engine.fetchval(_INSERT, *_values(found))
    else:
        await engine.execute(_UPDATE, *_values(found), known)
    await engine.execute("update source set metadata = $1 where key = any($2::text[])", known, keys)
    await engine.execute(_SET_ITEMS, item, known)
    rows = await engine.fetch("select id from library_item where metadata = $1 order by id", known)
    await text_index.refresh([row["id"] for row in rows])


async def insert(found: list[SourceMetadata]) -> list[int]:
    """Add rows in the caller's transaction. Returns: their ids in the same order."""
    return [int(await engine.fetchval(_INSERT, *_values(one))) for one in found]


async def rewrite(id: int, found: SourceMetadata) -> None:
    """Replace the content of one row in the caller's transaction."""
    await engine.execute(_UPDATE, *_values(found), id)


def _values(found: SourceMetadata) -> list[Any]:
    facts = {name: value for name, value in msgspec.to_builtins(found).items() if name not in IN_COLUMNS}
    return [
        source_metadata.VERSION,
        found.published,
        found.published_precision,
        found.channel_id,
        found.channel_name,
        found.channel_url,
        found.live_status,
        found.availability,
        json.dumps(facts, ensure_ascii=False),
        _site(found),
    ]


def _site(found: SourceMetadata) -> str | None:
    link = found.channel_url or found.webpage_url
    return urls.site(link) if found.channel_id and link else None


async def remove_unused() -> int:
    """Remove rows that no source and no item refers to. Returns: how many."""
    return len(await engine.fetch(_REMOVE))
