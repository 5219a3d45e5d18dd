"""Merge of what users keep beside their items: lists of sites, blocked links and watch positions.

A row of the database and one of the journal are the same if id and time of creation are equal, or else if they belong
to the same user and name the same thing. The links of the database stay, because the journal's have no credentials.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from piccolo.querystring import QueryString
from piccolo.table import Table

from mediafetcher.db.expressions import among
from mediafetcher.db.tables import BlockedSource, Source, SourceList, SourceListEntry, Watch
from mediafetcher.library.catalog import lists as catalog_lists
from mediafetcher.library.recovery import journal_file, journal_rows

if TYPE_CHECKING:
    from mediafetcher.library.recovery.merge import Merge

_PRIVATE = re.compile(r"^[0-9]+:")  # the keys of one user's own sources begin with the user's id


async def lists(merge: "Merge") -> None:
    """Make the lists what the journal says, each with its entries."""
    table = SourceList
    there = await table.select(table.id, table.owner, table.url, table.created_at).order_by(table.id)
    rows = merge.library.rows["list"]
    known = await matches(merge, "list", there, lambda row: journal_file.without_credentials(row["url"]))
    for id, row in rows.items():
        found = known.get(id)
        if found is None:
            found = await _add_list(await merge.owner(row["owner"]), row)
        entries = SourceListEntry
        links = await entries.select(entries.url).where(entries.list == found)
        full = {journal_file.without_credentials(entry["url"]): entry["url"] for entry in links}
        await entries.delete().where(entries.list == found)
        kept = [(full.get(entry["url"], entry["url"]), entry["title"], entry["duration"]) for entry in row["entries"]]
        await catalog_lists.insert_entries(found, [catalog_lists.Entry(*entry) for entry in kept])
        await table.update(
            {table.title: row["title"], table.site: row["site"], table.updated_at: time_of(row["updated_at"])}
        ).where(table.id == found)
    await delete(merge, "list", SourceList, there, set(known.values()))


async def _add_list(owner: int, row: Mapping[str, Any]) -> int:
    table, made = SourceList, time_of(row["created_at"])
    added = table.insert(table(owner=owner, url=row["url"], title=row["title"], site=row["site"], created_at=made))
    rows = await added.on_conflict((table.owner, table.url), "DO UPDATE", (table.title,)).returning(table.id)
    return int(rows[0]["id"])


def time_of(text: str | None) -> QueryString:
    """Return a time of the journal as a value, with the precision that the database has."""
    return QueryString("{}::text::timestamptz", text)


async def blocked_sources(merge: "Merge") -> None:
    """Make the blocked links what the journal says."""
    table = BlockedSource
    columns = (table.id, table.owner, table.key, table.since.as_alias("created_at"))
    there = await table.select(*columns).order_by(table.id)
    known = await matches(merge, "block", there, lambda row: journal_rows.key_without_credentials(row["key"]))
    await delete(merge, "block", table, there, set(known.values()))
    for id, row in merge.library.rows["block"].items():
        if id not in known:
            owner = await merge.owner(row["owner"])
            key = _PRIVATE.sub(f"{owner}:", row["source_key"])
            added = Source.insert(Source(key=key, url=row["url"]))
            rows = await added.on_conflict(Source.key, "DO UPDATE", (Source.key,)).returning(Source.id)
            blocked = table(owner=owner, source=rows[0]["id"], key=row["key"], since=time_of(row["created_at"]))
            await table.insert(blocked).on_conflict(action="DO NOTHING")


async def watch_positions(merge: "Merge") -> None:
    """Make the watch positions what the journal says. Positions in files that no longer exist are left out."""
    table = Watch
    columns = (table.id, table.owner, table.media_file, table.updated_at.as_alias("created_at"))
    there = await table.select(*columns).order_by(table.id)
    kept = set()
    ids = {(row["owner"], row["media_file"]): row["id"] for row in there}
    ready = []
    for row in merge.library.rows["watch"].values():
        file = merge.media_files.get(row["file"])
        if file is not None:
            owner = await merge.owner(row["owner"])
            kept.add(ids.get((owner, file)))
            ready.append((owner, file, row["position"], row["updated_at"]))
    await delete(merge, "watch", table, there, kept)
    for owner, file, position, at in ready:
        watched = table.insert(table(owner=owner, media_file=file, position=position, updated_at=time_of(at)))
        changed = (table.position, table.updated_at)
        await watched.on_conflict((table.owner, table.media_file), "DO UPDATE", changed)


async def matches(merge: "Merge", kind: str, there: list[Any], name: Any) -> dict[int, int]:
    """Return which row of the database is that of the journal: by id and time, else by owner and name."""
    known = {row["id"]: row["id"] for row in there if merge.same(kind, row)}
    free: dict[tuple[int, str], int] = {
        (row["owner"], name(row)): row["id"] for row in reversed(there) if row["id"] not in known
    }
    for id, row in merge.library.rows[kind].items():
        if id not in known:
            found = free.pop((await merge.owner(row["owner"]), name(row)), None)
            if found is not None:
                known[id] = found
    return known


async def delete(
    merge: "Merge", kind: str, table: type[Table], there: Sequence[Mapping[str, Any]], kept: set[Any]
) -> None:
    """Delete the rows that were deleted after the backup."""
    gone = [row["id"] for row in there if row["id"] not in kept and merge.gone(kind, row)]
    await table.delete().where(among(table._meta.primary_key, gone))
