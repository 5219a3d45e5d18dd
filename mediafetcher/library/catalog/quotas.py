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
_AGAIN = 30.0  # seconds until a download that may not fit beside others looks again
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


async def reserve(owner: int, download: int, size: int) -> None:
    """Set `size` bytes aside for a running download, in the transaction that writes its size into its row.

    Raises `QuotaExceeded` where it does not fit, and `QuotaReserved` where it may not fit beside the person's other
    running downloads.
    """
    quota = await _locked_quota(owner)
    if quota is None:
        return
    await require(owner, size)
    charged = (await of(owner))["charged"] or 0
    others = await engine.fetchval(
        "select coalesce(sum(size), 0)::bigint from download where owner = $1 and id <> $2 and task = 'fetch'"
        " and state = 'running' and stage <> 'extract' and lease_until > now()",
        owner,
        download,
    )
    if charged + others + size > quota:
        raise errors.QuotaReserved(retry_after=_AGAIN)


async def require_kept(owner: int) -> None:
    """Prove, in the transaction that added a file, that its person is still within their quota.

    One at a time of each person, so that several that end together cannot pass it. Raises `QuotaExceeded`.
    """
    quota = await _locked_quota(owner)
    if quota is None:
        return
    charged = (await of(owner))["charged"] or 0
    if charged > quota:
        raise errors.QuotaExceeded(charged=charged, quota=quota)


async def _locked_quota(owner: int) -> int | None:
    """The quota, under the lock of the person's row. The lock is a statement of its own: what follows sees the rows
    that its last holder committed."""
    quota = await engine.fetchval("select quota from account where id = $1", owner)
    if quota is None:
        return None
    return await engine.fetchval("select quota from account where id = $1 for no key update", owner)


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
