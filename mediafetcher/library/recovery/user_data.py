"""Merge of what users keep beside their items: lists of sites, blocked links and watch positions.

A row of the database and one of the journal are the same if id and time of creation are equal, or else if they belong
to the same user and name the same thing. The links of the database stay, because the journal's have no credentials.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mediafetcher.db import engine
from mediafetcher.library.recovery import journal_file, journal_rows

if TYPE_CHECKING:
    from mediafetcher.library.recovery.merge import Merge

_PRIVATE = re.compile(r"^[0-9]+:")  # the keys of one user's own sources begin with the user's id

_LISTS = "select id, owner, url, created_at from source_list order by id"
_ADD_LIST = """
insert into source_list (owner, url, title, site, created_at) values ($1, $2, $3, $4, $5::text::timestamptz)
on conflict (owner, url) do update set title = excluded.title returning id
"""
_UPDATE_LIST = """
update source_list set title = $2, site = $3, updated_at = $4::text::timestamptz where id = $1
"""
_ADD_ENTRIES = """
insert into source_list_entry (list, position, url, title, duration)
select $1, position, coalesce($3::jsonb ->> (entry ->> 'url'), entry ->> 'url'), entry ->> 'title',
  (entry ->> 'duration')::float8
from jsonb_array_elements($2::jsonb) with ordinality as entries (entry, position)
"""
_BLOCKED = "select id, owner, key, since as created_at from blocked_source order by id"
_ADD_SOURCE = """
insert into source (key, url) values ($1, $2) on conflict (key) do update set key = excluded.key returning id
"""
_ADD_BLOCKED = """
insert into blocked_source (owner, source, key, since) values ($1, $2, $3, $4::text::timestamptz) on conflict do nothing
"""
_WATCHED = "select id, owner, media_file, updated_at as created_at from watch order by id"
_ADD_WATCHED = """
insert into watch (owner, media_file, position, updated_at) values ($1, $2, $3, $4::text::timestamptz)
on conflict (owner, media_file) do update set position = excluded.position, updated_at = excluded.updated_at
"""


async def lists(merge: "Merge") -> None:
    """Make the lists what the journal says, each with its entries."""
    there = await engine.records(_LISTS)
    rows = merge.library.rows["list"]
    known = await _matches(merge, "list", there, lambda row: journal_file.without_credentials(row["url"]))
    for id, row in rows.items():
        found = known.get(id)
        if found is None:
            owner = await merge.owner(row["owner"])
            found = await engine.fetchval(_ADD_LIST, owner, row["url"], row["title"], row["site"], row["created_at"])
        links = await engine.records("select url from source_list_entry where list = $1", found)
        full = {journal_file.without_credentials(entry["url"]): entry["url"] for entry in links}
        await engine.execute("delete from source_list_entry where list = $1", found)
        await engine.execute(_ADD_ENTRIES, found, row["entries"], full)
        await engine.execute(_UPDATE_LIST, found, row["title"], row["site"], row["updated_at"])
    await _delete(merge, "list", "source_list", there, set(known.values()))


async def blocked_sources(merge: "Merge") -> None:
    """Make the blocked links what the journal says."""
    there = await engine.records(_BLOCKED)
    known = await _matches(merge, "block", there, lambda row: journal_rows.key_without_credentials(row["key"]))
    await _delete(merge, "block", "blocked_source", there, set(known.values()))
    for id, row in merge.library.rows["block"].items():
        if id not in known:
            owner = await merge.owner(row["owner"])
            key = _PRIVATE.sub(f"{owner}:", row["source_key"])
            source = await engine.fetchval(_ADD_SOURCE, key, row["url"])
            await engine.execute(_ADD_BLOCKED, owner, source, row["key"], row["created_at"])


async def watch_positions(merge: "Merge") -> None:
    """Make the watch positions what the journal says. Positions in files that no longer exist are left out."""
    there = await engine.records(_WATCHED)
    kept = set()
    ids = {(row["owner"], row["media_file"]): row["id"] for row in there}
    ready = []
    for row in merge.library.rows["watch"].values():
        file = merge.media_files.get(row["file"])
        if file is not None:
            owner = await merge.owner(row["owner"])
            kept.add(ids.get((owner, file)))
            ready.append((owner, file, row["position"], row["updated_at"]))
    await _delete(merge, "watch", "watch", there, kept)
    for values in ready:
        await engine.execute(_ADD_WATCHED, *values)


async def _matches(merge: "Merge", kind: str, there: list[Any], name: Any) -> dict[int, int]:
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


async def _delete(merge: "Merge", kind: str, table: str, there: list[Mapping[str, Any]], kept: set[Any]) -> None:
    """Delete the rows that were deleted after the backup."""
    gone = [row["id"] for row in there if row["id"] not in kept and merge.gone(kind, row)]
    await engine.execute(f"delete from {table} where id = any($1::bigint[])", gone)
