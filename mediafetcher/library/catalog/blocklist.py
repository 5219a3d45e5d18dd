"""Blocked sources of a user. A blocked source is not fetched for that user until it is unblocked.

The block applies to the source in every quality, for the link and for the site's own id alike. It does not affect other
users, and existing items and files remain.
"""

import re
from typing import Any

from mediafetcher.core import errors
from mediafetcher.db import engine

_KEY = re.compile(r"^(?:\d+:)?(?:(url|id) \S+ )?(.*)$", re.DOTALL)

# A user may block a source if they have its item or submitted it. Sources of other users are not visible.
_MINE = """
(exists (select from library_item i where i.owner = $1 and i.source = s.id)
 or exists (select from download d where d.owner = $1 and s.key in (d.source_key, $1::text || ':' || d.source_key))
 or exists (select from blocked_source n where n.owner = $1 and n.source = s.id))
"""


def bare(key: str) -> str:
    """Return the key of a source without its owner and its recipe."""
    match = _KEY.match(key)
    assert match
    return f"{match[1] or 'other'} {match[2]}"


async def find(owner: int, keys: list[str]) -> int | None:
    """Return the blocked source of this user among these keys, or None."""
    found = await engine.fetchval(
        "select source from blocked_source where owner = $1 and key = any($2::text[]) order by id limit 1",
        owner,
        [bare(key) for key in keys],
    )
    return None if found is None else int(found)


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
            await engine.execute(
                "insert into blocked_source (owner, source, key) values ($1, $2, $3) on conflict do nothing",
                owner,
                row["id"],
                bare(row["key"]),
            )
        await engine.notify("library", {"owner": owner})


async def unblock(source: int, owner: int) -> None:
    """Unblock a source. Idempotent. Raises: `NotFound`."""
    async with engine.transaction():
        url = (await _own(source, owner))["url"]
        await engine.execute(
            "delete from blocked_source n using source s where s.id = n.source and n.owner = $1 and s.url = $2",
            owner,
            url,
        )
        await engine.notify("library", {"owner": owner})


async def get(source: int, owner: int) -> dict[str, Any]:
    """Return `never`, and `since` when. Raises: `NotFound`."""
    await _own(source, owner)
    since = await engine.fetchval("select since from blocked_source where owner = $1 and source = $2", owner, source)
    return {"never": since is not None, "since": since}


async def page(owner: int) -> list[dict[str, Any]]:
    """List the sources that a user blocked, last blocked first: `id, url, site, title, since`."""
    return await engine.fetch(
        "select * from (select distinct on (s.url) s.id, s.url, n.since,"
        "  coalesce(i.site, d.site, substring(s.url from '^https?://(?:www[.])?([^/:]+)'), '') as site,"
        "  coalesce(i.title, d.title) as title"
        " from blocked_source n join source s on s.id = n.source"
        "  left join lateral (select site, title from library_item where owner = n.owner and source = s.id"
        "   order by id limit 1) i on true"
        "  left join lateral (select site, title from download where owner = n.owner and url = s.url"
        "   and title is not null order by id desc limit 1) d on true"
        " where n.owner = $1 order by s.url, title nulls last, s.id) as marked order by since desc, id desc",
        owner,
    )


async def of_link(owner: int, url: str, key: str) -> int:
    """Return the source of a user's link. It is created if the link was never submitted."""
    rows = await _siblings(url, owner)
    same = [row["id"] for row in rows if bare(row["key"]) == bare(key)]
    if same:
        return int(same[0])
    made = await engine.fetchval(
        "insert into source (key, url) values ($1, $2) on conflict (key) do update set key = excluded.key returning id",
        key,
        url,
    )
    return int(made)


async def block_link(owner: int, url: str, key: str) -> int:
    """Block a link, also if it was never submitted. Returns: the source."""
    async with engine.transaction():
        source = await of_link(owner, url, key)
        await engine.execute(
            "insert into blocked_source (owner, source, key) values ($1, $2, $3) on conflict do nothing",
            owner,
            source,
            bare(key),
        )
        await block(source, owner)
    return source


async def _own(source: int, owner: int) -> dict[str, Any]:
    row = await engine.fetchrow(f"select s.id, s.url from source s where s.id = $2 and {_MINE}", owner, source)
    if row is None:
        raise errors.NotFound("This link is unknown.")
    return row


async def _siblings(url: str, owner: int) -> list[dict[str, Any]]:
    """List the sources of an address that are visible to this user, without those fetched with others' cookies."""
    return await engine.fetch(
        "select id, key from source where url = $1 and (key !~ '^[0-9]+:' or starts_with(key, $2 || ':')) order by id",
        url,
        str(owner),
    )
