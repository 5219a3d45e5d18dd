"""The start page of a library: a few short rows of items."""

from collections.abc import Sequence
from typing import Any

from mediafetcher.library.catalog import queries

ROW = 10  # items of each row: two lines of five on a wide screen
BEGUN = 4  # items of `continue`, which are larger: one line


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
