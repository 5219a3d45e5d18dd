"""Storage charges: a user is charged for every file they hold, its size divided by the number of its holders.

The trash counts, and a second entry of the same user counts once. The charges of all users therefore add up to the
referenced bytes of the store, and to the tagged copies in exported trees, which count for the user of the item.
"""

from typing import Any

from piccolo.querystring import QueryString

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.db.expressions import NOW
from mediafetcher.db.tables import Download, User

# The charge of a file depends on its other holders: grouped twice.
_USAGE = """
with mine as (select owner, media_file, count(*) as n from library_item
  where $1::bigint is null or owner = $1 group by owner, media_file),
files as (select mine.owner, mine.n, m.size, case when m.ref_count = mine.n then 1 else
    (select count(distinct i.owner) from library_item i where i.media_file = m.id) end as people
  from mine join media_file m on m.id = mine.media_file)
select f.owner, sum(f.n)::bigint as items, (sum(f.size) + coalesce(max(c.bytes), 0))::bigint as bytes,
  (round(sum(f.size::numeric / f.people)) + coalesce(max(c.bytes), 0))::bigint as charged
from files f left join (select i.owner, sum(x.size) as bytes from export_file x join library_item i on i.id = x.item
    where x.size is not null and ($1::bigint is null or i.owner = $1) group by i.owner) c
  on c.owner = f.owner group by f.owner
"""
# The charge of an item's present file.
_CHARGE_OF_ITEM = """
select m.sha256, m.size / (select count(distinct o.owner) from library_item o where o.media_file = m.id) as charged
from library_item i join media_file m on m.id = i.media_file where i.id = $1 and i.owner = $2
"""
_AGAIN = 30.0  # seconds until a download that may not fit beside others looks again
_NOTHING = {"items": 0, "bytes": 0, "charged": 0}


async def usage(owner: int) -> dict[str, int | None]:
    """Return a user's usage: `items` including the trash, `bytes` of their files, `charged`: their share of these.

    And `quota`: the limit of `charged`, or None.
    """
    row = await engine.fetchrow(_USAGE, owner)
    return {name: row[name] if row else 0 for name in _NOTHING} | {"quota": await _quota(owner)}


async def usage_by_user() -> dict[int, dict[str, int]]:
    """Return the same by user, for all users with items."""
    return {row.pop("owner"): row for row in await engine.fetch(_USAGE, None)}


async def check_quota(owner: int, more: int = 0) -> None:
    """Raise `QuotaExceeded` if a user's quota is used up, or would be by `more` bytes."""
    quota = await _quota(owner)
    if quota is None:
        return
    charged = (await usage(owner))["charged"] or 0
    if charged + more > quota or charged >= quota:
        raise errors.QuotaExceeded(charged=charged, quota=quota)


async def reserve(owner: int, download: int, size: int) -> None:
    """Reserve `size` bytes for an active download, in the transaction that writes its size into its row.

    Raises: `QuotaExceeded` if it does not fit, and `QuotaReserved` if it may not fit beside the user's other active
    downloads.
    """
    quota = await _locked_quota(owner)
    if quota is None:
        return
    await check_quota(owner, size)
    charged = (await usage(owner))["charged"] or 0
    if charged + await _running(owner, download) + size > quota:
        raise errors.QuotaReserved(retry_after=_AGAIN)


async def _running(owner: int, download: int) -> int:
    """Return the bytes of a user's other active downloads."""
    table, total = Download, QueryString("coalesce(sum(size), 0)::bigint").as_alias("bytes")
    row = (
        await table.select(total)
        .where(
            table.owner == owner,
            table.id != download,
            table.operation == "fetch",
            table.state == "running",
            table.stage != "extract",
            table.lease_expires_at > NOW,
        )
        .first()
    )
    return int(row["bytes"]) if row is not None else 0


async def check_quota_after(owner: int) -> None:
    """Check, in the transaction that added a file, that its user is still within their quota.

    Only one such check of a user runs at a time, so that several downloads that end together cannot exceed it. Raises:
    `QuotaExceeded`.
    """
    quota = await _locked_quota(owner)
    if quota is None:
        return
    charged = (await usage(owner))["charged"] or 0
    if charged > quota:
        raise errors.QuotaExceeded(charged=charged, quota=quota)


async def _locked_quota(owner: int) -> int | None:
    """Lock the user's row. Returns: the quota.

    The lock is a separate statement, so the next ones see the rows that its last holder committed.
    """
    if await _quota(owner) is None:
        return None
    row = await User.select(User.quota).where(User.id == owner).lock_rows("NO KEY UPDATE").first()
    return None if row is None else row["quota"]


async def _quota(owner: int) -> int | None:
    row = await User.select(User.quota).where(User.id == owner).first()
    return None if row is None else row["quota"]


async def check_quota_replacing(owner: int, item: int, sha256: bytes, size: int) -> None:
    """Raise `QuotaExceeded` if replacing an item's file by this one would exceed the user's quota.

    The same bytes, as after damage, and smaller ones are always accepted.
    """
    old = await engine.fetchrow(_CHARGE_OF_ITEM, item, owner)
    if old is not None and old["sha256"] != sha256 and size > old["charged"]:
        await check_quota(owner, size - old["charged"])


def with_usage(rows: list[dict[str, Any]], usage: dict[int, dict[str, int]]) -> list[dict[str, Any]]:
    """Add their usage to rows of users."""
    return [{**row, "usage": usage.get(row["id"], _NOTHING)} for row in rows]
