"""Blocked sources of a user. A blocked source is not fetched for that user until it is unblocked.

The block applies to the source in every quality, for the link and for the site's own id alike. It does not affect other
users, and existing items and files remain.
"""

import re
from typing import Any

from piccolo.columns.combination import WhereRaw

from mediafetcher.core import errors
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import among
from mediafetcher.db.tables import BlockedSource, Source

_KEY = re.compile(r"^(?:\d+:)?(?:(url|id) \S+ )?(.*)$", re.DOTALL)

# A user may block a source if they have its item or submitted it. Sources of other users are not visible.
_FIND_MINE = """
select s.id, s.url from source s where s.id = $2
  and (exists (select from library_item i where i.owner = $1 and i.source = s.id)
    or exists (select from download d where d.owner = $1 and s.key in (d.source_key, $1::text || ':' || d.source_key))
    or exists (select from blocked_source n where n.owner = $1 and n.source = s.id))
"""
# One row for each address, with the newest title of the user's items and downloads: lateral joins.
_PAGE = """
select * from (select distinct on (s.url) s.id, s.url, n.since,
    coalesce(i.site, d.site, substring(s.url from '^https?://(?:www[.])?([^/:]+)'), '') as site,
    coalesce(i.title, d.title) as title
  from blocked_source n join source s on s.id = n.source
    left join lateral (select site, title from library_item where owner = n.owner and source = s.id
      order by id limit 1) i on true
    left join lateral (select site, title from download where owner = n.owner and url = s.url
      and title is not null order by id desc limit 1) d on true
  where n.owner = $1 order by s.url, title nulls last, s.id) as marked order by since desc, id desc
"""


def bare(key: str) -> str:
    """Return the key of a source without its owner and its recipe."""
    match = _KEY.match(key)
    assert match
    return f"{match[1] or 'other'} {match[2]}"


async def find(owner: int, keys: list[str]) -> int | None:
    """Return the blocked source of this user among these keys, or None."""
    table = BlockedSource
    blocked = table.select(table.source).where(table.owner == owner, among(table.key, [bare(key) for key in keys]))
    row = await blocked.order_by(table.id).first()
    return None if row is None else int(row["source"])


async def ensure_allowed(owner: int, keys: list[str]) -> None:
    """Raise `SourceBlocked`, with the source in its facts, if this user blocked one of these keys."""
    source = await find(owner, keys)
    if source is not None:
        raise errors.SourceBlocked(source=source)


async def block(source: int, owner: int) -> None:
    """Block a source. Idempotent. Raises: `NotFound`."""
    async with engine.transaction():
        url = (await _own(source, owner))["url"]
        # The link, the site's own id, and every quality of both have the same address.
        for row in await _siblings(url, owner):
            await _insert(owner, row["id"], row["key"])
        await notifications.notify("library", {"owner": owner})


async def _insert(owner: int, source: int, key: str) -> None:
    table = BlockedSource
    await table.insert(table(owner=owner, source=source, key=bare(key))).on_conflict(action="DO NOTHING")


async def unblock(source: int, owner: int) -> None:
    """Unblock a source. Idempotent. Raises: `NotFound`."""
    async with engine.transaction():
        url = (await _own(source, owner))["url"]
        same = Source.select(Source.id).where(Source.url == url)
        await BlockedSource.delete().where(BlockedSource.owner == owner, BlockedSource.source.is_in(same))
        await notifications.notify("library", {"owner": owner})


async def get(source: int, owner: int) -> dict[str, Any]:
    """Return `never`, and `since` when. Raises: `NotFound`."""
    await _own(source, owner)
    table = BlockedSource
    row = await table.select(table.since).where(table.owner == owner, table.source == source).first()
    return {"never": row is not None, "since": row["since"] if row is not None else None}


async def page(owner: int) -> list[dict[str, Any]]:
    """List the sources that a user blocked, last blocked first: `id, url, site, title, since`."""
    return await engine.fetch(_PAGE, owner)


async def of_link(owner: int, url: str, key: str) -> int:
    """Return the source of a user's link. It is created if the link was never submitted."""
    rows = await _siblings(url, owner)
    same = [row["id"] for row in rows if bare(row["key"]) == bare(key)]
    if same:
        return int(same[0])
    source = Source.insert(Source(key=key, url=url))
    made = await source.on_conflict(Source.key, "DO UPDATE", (Source.key,)).returning(Source.id)
    return int(made[0]["id"])


async def block_link(owner: int, url: str, key: str) -> int:
    """Block a link, also if it was never submitted. Returns: the source."""
    async with engine.transaction():
        source = await of_link(owner, url, key)
        await _insert(owner, source, key)
        await block(source, owner)
    return source


async def _own(source: int, owner: int) -> dict[str, Any]:
    row = await engine.fetchrow(_FIND_MINE, owner, source)
    if row is None:
        raise errors.NotFound("This link is unknown.")
    return row


async def _siblings(url: str, owner: int) -> list[dict[str, Any]]:
    """List the sources of an address that are visible to this user, without those fetched with others' cookies."""
    visible = WhereRaw("(key !~ '^[0-9]+:' or starts_with(key, {}))", f"{owner}:")
    return await Source.select(Source.id, Source.key).where(Source.url == url, visible).order_by(Source.id)
