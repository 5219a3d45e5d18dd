"""The metadata of sources in the database: one row for all keys of a source, and for all items that came from it.

A source that was fetched with the cookies or the proxy of one user is known to that user alone. Its metadata is never
written into a row that a shared key refers to. Nor is what a list says of a plain file: the list may be private, and
anyone can name another's file in a list. It belongs to the items of the user who submitted that list.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from piccolo.columns.combination import WhereRaw
from piccolo.custom_types import Combinable

from mediafetcher.core import source_metadata
from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.db.expressions import NOW, after, among, differs
from mediafetcher.db.tables import LibraryItem, Source
from mediafetcher.db.tables import SourceMetadata as SourceMetadataRow
from mediafetcher.library.catalog import text_index
from mediafetcher.net import urls

_FIELDS = frozenset(SourceMetadata.__struct_fields__)
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


async def attach(item: int, keys: list[str], found: SourceMetadata | None, *, private: bool) -> None:
    """Keep the metadata of these sources, and show it with the item, in the caller's transaction.

    `private`: the keys belong to one user, so a row that others may see is left as it is. If the source is a
    plain file, the words of a list stay with the item.
    """
    if found is None:
        return
    before = await of_item(item)
    known = None if private else await _of_keys(keys)
    if known is None:
        known = (await insert([found]))[0]
    else:
        await rewrite(known, found)
    await Source.update({Source.metadata: known}).where(among(Source.key, keys))
    if before is not None and source_metadata.is_plain_file(found) and not source_metadata.is_plain_file(before):
        known = (await insert([source_metadata.completed(found, before)]))[0]
    await _show(item, known)
    await _index(known)


async def complete(item: int, listed: SourceMetadata) -> None:
    """Complete the metadata of an item whose source is a plain file with what a list of its user says of it."""
    own = await of_item(item)
    if own is not None and not source_metadata.is_plain_file(own):
        return
    known = (await insert([source_metadata.completed(own, listed)]))[0]
    await _show(item, known)
    await _index(known)


async def _index(known: int) -> None:
    items = LibraryItem.select(LibraryItem.id).where(LibraryItem.metadata == known)
    await text_index.refresh([row["id"] for row in await items.order_by(LibraryItem.id)])


async def _show(item: int, metadata: int) -> None:
    """Let an item, and the other entries of its user with the same metadata, have this metadata."""
    table = LibraryItem
    row = await table.select(table.owner, table.metadata).where(table.id == item).lock_rows("UPDATE").first()
    if row is None:
        return
    same: Combinable = table.id == item
    if row["metadata"] is not None:
        same = same | (table.metadata == row["metadata"])
    changed = table.update({table.metadata: metadata})
    await changed.where(table.owner == row["owner"], same, differs(table.metadata, metadata))


async def of_item(item: int) -> SourceMetadata | None:
    """Return the metadata of an item."""
    shown = await LibraryItem.select(LibraryItem.metadata).where(LibraryItem.id == item).first()
    return None if shown is None else await read(shown["metadata"])


async def read(id: int | None) -> SourceMetadata | None:
    """Return the metadata of one row."""
    row = await SourceMetadataRow.select().where(SourceMetadataRow.id == id).first() if id is not None else None
    return None if row is None else of_row(row)


def of_row(row: Mapping[str, Any]) -> SourceMetadata:
    """Return the metadata in the columns of a row, in its normal form."""
    facts = row["facts"] if isinstance(row["facts"], dict) else {}
    values: dict[str, Any] = {name: value for name, value in facts.items() if name in _FIELDS}
    values |= {name: row.get(name) for name in IN_COLUMNS if name not in ("channel_id", "published_at")}
    published = row.get("published_at")
    moment = published.timestamp() if isinstance(published, datetime) else None
    return source_metadata.normalised(values | {"channel_id": row.get("channel"), "published_at": moment})


async def _of_keys(keys: list[str]) -> int | None:
    """Return the oldest metadata of these sources."""
    sources = Source.select(Source.metadata).where(among(Source.key, keys), Source.metadata.is_not_null())
    row = await sources.order_by(Source.id).first()
    return None if row is None else int(row["metadata"])


async def insert(found: list[SourceMetadata]) -> list[int]:
    """Add rows in the caller's transaction. Returns: their ids in the same order."""
    made = [SourceMetadataRow(**_values(one)) for one in found]
    for row in made:
        await row.save()
    return [int(row.id) for row in made]


async def rewrite(id: int, found: SourceMetadata) -> None:
    """Replace the content of one row in the caller's transaction."""
    table = SourceMetadataRow
    await table.update({**_values(found), "read_at": NOW}).where(table.id == id)


def _values(found: SourceMetadata) -> dict[Any, Any]:
    """Return the columns by name."""
    facts = {name: value for name, value in msgspec.to_builtins(found).items() if name not in IN_COLUMNS}
    return {
        "schema_version": source_metadata.VERSION,
        "published_at": found.published,
        "published_precision": found.published_precision,
        "channel": found.channel_id,
        "channel_name": found.channel_name,
        "channel_url": found.channel_url,
        "live_status": found.live_status,
        "availability": found.availability,
        "facts": json.dumps(facts, ensure_ascii=False),
        "channel_site": _site(found),
    }


def _site(found: SourceMetadata) -> str | None:
    link = found.channel_url or found.webpage_url
    return urls.site(link) if found.channel_id and link else None


async def postpone_refresh(owner: int, item: int, url: str, seconds: float | None) -> None:
    """Leave the link of an item alone for so long, for all items of the user with it; None: no longer."""
    table = LibraryItem
    same: Combinable = (table.id == item) | (table.source_url == url)
    changed = table.update({table.refresh_after: None if seconds is None else after(seconds)})
    changed = changed.where(table.owner == owner, same)
    await (changed.where(table.refresh_after.is_not_null()) if seconds is None else changed)


async def remove_unused() -> int:
    """Remove rows that no source and no item refers to. Returns: how many."""
    table = SourceMetadataRow
    unused = table.delete().where(
        WhereRaw("not exists (select from source s where s.metadata = source_metadata.id)"),
        WhereRaw("not exists (select from library_item i where i.metadata = source_metadata.id)"),
    )
    return len(await unused.returning(table.id))
