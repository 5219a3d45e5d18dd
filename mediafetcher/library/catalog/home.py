"""The start page of a library: a few short rows of items."""

from typing import Any

from mediafetcher.library.catalog import queries

ROW = 12  # items of each row


async def rows(owner: int) -> dict[str, list[dict[str, Any]]]:
    """Read the rows of the start page.

    Returns:
        Items by row: `continue` (begun, the last watched first), `followed`, `recent` (newest first) and `unwatched`
        (not begun, oldest first, without those of `recent`).
    """
    recent = (await queries.page(owner, limit=ROW))["items"]
    shown = {item["id"] for item in recent}
    unwatched = (await queries.page(owner, unwatched=True, sort="created", limit=ROW * 3))["items"]
    return {
        "continue": await queries.begun(owner, ROW),
        "followed": [],
        "recent": recent,
        "unwatched": [item for item in unwatched if item["id"] not in shown and not item["position"]][:ROW],
    }
