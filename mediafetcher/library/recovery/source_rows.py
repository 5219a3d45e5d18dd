"""Merge of the metadata of sources: a row is the same if id and time of creation are equal.

The journal has links without credentials, so a row of the database that says the same is left as it is. Any program
with access to the share can write any line, so what it says is read as carefully as what a site says.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.db import engine, many
from mediafetcher.db.expressions import among
from mediafetcher.db.tables import LibraryItem
from mediafetcher.db.tables import SourceMetadata as SourceMetadataRow
from mediafetcher.library.catalog import metadata
from mediafetcher.library.recovery import journal_rows
from mediafetcher.library.recovery.journal_file import Row

if TYPE_CHECKING:
    from mediafetcher.library.recovery.merge import Merge


async def rows(merge: "Merge") -> dict[int, int]:
    """Make the metadata what the journal says. Returns: which row of the database is that of the journal."""
    table = SourceMetadataRow
    there = await table.select(table.id, table.created_at).order_by(table.id)
    known = {row["id"]: row["id"] for row in there if merge.same("metadata", row)}
    gone = [row["id"] for row in there if row["id"] not in known and merge.gone("metadata", row)]
    await table.delete().where(among(table.id, gone))
    used = {row["id"] for row in there}
    for id, row in merge.library.rows["metadata"].items():
        found = _said(row)
        if id not in known:
            known[id] = await _add(found, row["created_at"], None if id in used else id)
        elif found != await _stored(id):
            await metadata.rewrite(id, found)
    return known


async def show(merge: "Merge", known: dict[int, int]) -> None:
    """Let each item have the metadata that the journal says. A journal of an earlier version says nothing about it."""
    if "metadata" not in merge.library.complete_kinds:
        return
    items = {id: row.get("metadata") for id, row in merge.library.rows["item"].items()}
    referred = [known.get(row) if isinstance(row, int) else None for row in items.values()]
    table = LibraryItem
    changed: many.Values = {table.metadata: referred, table.text_version: [0] * len(items)}
    await many.update(table.id, list(items), changed, condition="t.metadata is distinct from r.metadata")


async def _add(found: SourceMetadata, created_at: str, id: int | None) -> int:
    made = await metadata.insert([found])
    wanted = made[0] if id is None else id
    table = SourceMetadataRow
    moved = table.update({table.id: wanted, table.created_at: datetime.fromisoformat(created_at)})
    await moved.where(table.id == made[0])
    return wanted


async def _stored(id: int) -> SourceMetadata:
    found = await engine.records(journal_rows.SELECT["metadata"].format(where="id = $1"), id)
    return _said(journal_rows.plain(found[0]))


def _said(row: Row) -> SourceMetadata:
    """Return the metadata of a line, in its normal form."""
    return metadata.of_row(row | {"published_at": _moment(row.get("published_at"))})


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return None
