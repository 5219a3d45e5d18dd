"""What each person is charged: of every file they hold, its size divided by the people who hold it.

What is in the trash counts, and so does a second entry of the same person only once. So the charges of all people are
the bytes of the store that somebody holds.
"""

from typing import Any

from mediafetcher.core import errors
from mediafetcher.db import engine

_USAGE = """
with mine as (select owner, media_file, count(*) as n from library_item
  where $1::bigint is null or owner = $1 group by owner, media_file),
files as (select mine.owner, mine.n, m.size, case when m.ref_count = mine.n then 1 else
    (select count(distinct i.owner) from library_item i where i.media_file = m.id) end as people
  from mine join media_file m on m.id = mine.media_file)
select owner, sum(n)::bigint as items, sum(size)::bigint as bytes, round(sum(size::numeric / people))::bigint as charged
from files group by owner
"""
_NOTHING = {"items": 0, "bytes": 0, "charged": 0}


async def of(owner: int) -> dict[str, int | None]:
    """`items`: a person's entries, the trash too; `bytes` of the files they name; `charged`: their share of these.

    And `quota`: how much that may be, or None.
    """
    row = await engine.fetchrow(_USAGE, owner)
    quota = await engine.fetchval("select quota from account where id = $1", owner)
    return {name: row[name] if row else 0 for name in _NOTHING} | {"quota": quota}


async def everyone() -> dict[int, dict[str, int]]:
    """The same of everybody who has something, by person."""
    return {row.pop("owner"): row for row in await engine.fetch(_USAGE, None)}


async def require(owner: int, more: int = 0) -> None:
    """Raises `QuotaExceeded` where a person has a quota, and it is used up or would be by `more` bytes."""
    quota = await engine.fetchval("select quota from account where id = $1", owner)
    if quota is None:
        return
    charged = (await of(owner))["charged"] or 0
    if charged + more > quota or charged >= quota:
        raise errors.QuotaExceeded(charged=charged, quota=quota)


async def require_instead(owner: int, item: int, sha256: bytes, size: int) -> None:
    """Raises `QuotaExceeded` where this file, in the place of an item's, would charge a person more than they may be.

    The same bytes, as after damage, and smaller ones are always taken.
    """
    old = await engine.fetchrow(
        "select m.sha256, m.size / (select count(distinct o.owner) from library_item o where o.media_file = m.id)"
        " as charged from library_item i join media_file m on m.id = i.media_file where i.id = $1 and i.owner = $2",
        item,
        owner,
    )
    if old is not None and old["sha256"] != sha256 and size > old["charged"]:
        await require(owner, size - old["charged"])


def with_usage(rows: list[dict[str, Any]], usage: dict[int, dict[str, int]]) -> list[dict[str, Any]]:
    """People with what they use."""
    return [{**row, "usage": usage.get(row["id"], _NOTHING)} for row in rows]
