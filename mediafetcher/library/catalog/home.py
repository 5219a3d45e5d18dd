"""The start page of a library: a few short rows of items, and shelves of channels and playlists."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from mediafetcher.db.tables import LibraryItem, SourceListEntry
from mediafetcher.library.catalog import queries

ROW = 10  # items of each row: two lines of five on a wide screen
BEGUN = 4  # items of `continue`, which are larger: one line
SHELF = 5  # items of a shelf: one line
CHANNELS = 3  # shelves of channels
LISTS = 2  # shelves of playlists
NEWEST = 200  # items whose channels and playlists are looked at
FEWEST = 2  # items that make a shelf


async def rows(owner: int, *, followed: Sequence[int] = ()) -> dict[str, list[dict[str, Any]]]:
    """Read the rows of the start page. `followed`: the items of that row, in their order.

    Returns:
        Items by row: `continue` (begun, the last watched first), `followed`, `recent` (newest first) and `unwatched`
        (not begun, oldest first, without those of `recent`).
    """
    recent = (await queries.page(owner, limit=ROW))["items"]
    shown = {item["id"] for item in recent}
    unwatched = (await queries.page(owner, unwatched=True, sort="created", limit=ROW * 3))["items"]
    return {
        "continue": await queries.begun(owner, BEGUN),
        "followed": await _in_order(owner, followed),
        "recent": recent,
        "unwatched": [item for item in unwatched if item["id"] not in shown and not item["position"]][:ROW],
    }


async def _in_order(owner: int, ids: Sequence[int]) -> list[dict[str, Any]]:
    found = {item["id"]: item for item in await queries.by_ids(owner, list(ids))} if ids else {}
    return [found[id] for id in ids if id in found]


async def shelves(owner: int) -> list[dict[str, Any]]:
    """Read the shelves: the channels and playlists that the newest items are from.

    However large the library is, only its newest items are looked at.

    Returns:
        Shelves with `title`, `items`, and `channel` with its `site`, or `playlist`: which one it is.
    """
    table = LibraryItem
    newest = (
        await table.select(table.id, table.channel, table.channel_site, table.source_url)
        .where(table.owner == owner, table.trashed_at.is_null())
        .order_by(table.created_at, table.id, ascending=False)
        .limit(NEWEST)
    )
    return [*await _of_channels(owner, newest), *await _of_lists(owner, newest)]


async def _of_channels(owner: int, newest: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The channels of these items, the one of the newest item first, with their last published items."""
    counts = Counter((row["channel"], row["channel_site"]) for row in newest if row["channel"] is not None)
    found = []
    for channel, site in [channel for channel, count in counts.items() if count >= FEWEST][:CHANNELS]:
        items = (await queries.page(owner, channel=channel, site=site, sort="-published", limit=SHELF))["items"]
        if items:
            title = (items[0]["channel"] or {}).get("name") or channel
            found.append({"title": title, "channel": channel, "site": site, "playlist": None, "items": items})
    return found


async def _of_lists(owner: int, newest: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The playlists of these items, the one of the newest item first, with those of the items in their order."""
    held = {row["source_url"]: row["id"] for row in reversed(newest) if row["source_url"]}  # the newest of each link
    if not held:
        return []
    entry = SourceListEntry
    rows = (
        await entry.select(entry.list.id.as_alias("id"), entry.list.title.as_alias("title"), entry.url)
        .where(entry.list.owner == owner, entry.url.is_in(list(held)))
        .order_by(entry.list, entry.position)
    )
    lists: dict[int, tuple[str, list[int]]] = {}
    for row in rows:
        lists.setdefault(row["id"], (row["title"], []))[1].append(held[row["url"]])
    found = []
    last_added = sorted(lists.items(), key=lambda each: -max(each[1][1]))
    for id, (title, items) in [each for each in last_added if len(each[1][1]) >= FEWEST][:LISTS]:
        shown = await _in_order(owner, items[:SHELF])
        found.append({"title": title, "channel": None, "site": None, "playlist": id, "items": shown})
    return found
