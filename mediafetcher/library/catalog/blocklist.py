"""Never again: a person's mark on a source. It is not fetched for them again, until the mark is taken away.

The mark is on what a source is, not on how it was wished for: it holds in every quality, for the link and for the
site's own id alike. Other people's marks are their own. Items and files stay as they are.
"""

import re
from typing import Any

from mediafetcher.core import errors
from mediafetcher.db import engine

_KEY = re.compile(r"^(?:\d+:)?(?:(url|id) \S+ )?(.*)$", re.DOTALL)

# A source is a person's to mark where they have its item, or asked for it; somebody else's is not even there.
_MINE = """
(exists (select from library_item i where i.owner = $1 and i.source = s.id)
 or exists (select from download d where d.owner = $1 and s.key in (d.source_key, $1::text || ':' || d.source_key))
 or exists (select from never_again n where n.owner = $1 and n.source = s.id))
"""


def bare(key: str) -> str:
    """The key of a source without its owner and its recipe: what it is, however it was wished for."""
    match = _KEY.match(key)
    assert match
    return f"{match[1] or 'other'} {match[2]}"


async def find(owner: int, keys: list[str]) -> int | None:
    """The source that this person marked among those of these keys, or None."""
    found = await engine.fetchval(
        "select source from never_again where owner = $1 and key = any($2::text[]) order by id limit 1",
        owner,
        [bare(key) for key in keys],
    )
    return None if found is None else int(found)


async def require(owner: int, keys: list[str]) -> None:
    """Raises `NeverAgain`, with the source in its facts, where this person marked one of these."""
    source = await find(owner, keys)
    if source is not None:
        raise errors.NeverAgain(source=source)


async def mark(source: int, owner: int) -> None:
    """Never again. Twice is as good as once. Raises `NotFound`."""
    async with engine.transaction():
        url = (await _own(source, owner))["url"]
        # The link, the site's own id, and every quality of both: they share the address.
        for row in await _siblings(url, owner):
            await engine.execute(
                "insert into never_again (owner, source, key) values ($1, $2, $3) on conflict do nothing",
                owner,
                row["id"],
                bare(row["key"]),
            )
        await engine.notify("library", {"owner": owner})


async def unmark(source: int, owner: int) -> None:
    """It may be fetched again. One without a mark is as good. Raises `NotFound`."""
    async with engine.transaction():
        url = (await _own(source, owner))["url"]
        await engine.execute(
            "delete from never_again n using source s where s.id = n.source and n.owner = $1 and s.url = $2", owner, url
        )
        await engine.notify("library", {"owner": owner})


async def get(source: int, owner: int) -> dict[str, Any]:
    """`never`, and `since` when. Raises `NotFound`."""
    await _own(source, owner)
    since = await engine.fetchval("select since from never_again where owner = $1 and source = $2", owner, source)
    return {"never": since is not None, "since": since}


async def page(owner: int) -> list[dict[str, Any]]:
    """What a person never wants again, last marked first -> `id, url, site, title, since` of each."""
    return await engine.fetch(
        "select * from (select distinct on (s.url) s.id, s.url, n.since,"
        "  coalesce(i.site, d.site, substring(s.url from '^https?://(?:www[.])?([^/:]+)'), '') as site,"
        "  coalesce(i.title, d.title) as title"
        " from never_again n join source s on s.id = n.source"
        "  left join lateral (select site, title from library_item where owner = n.owner and source = s.id"
        "   order by id limit 1) i on true"
        "  left join lateral (select site, title from download where owner = n.owner and url = s.url"
        "   and title is not null order by id desc limit 1) d on true"
        " where n.owner = $1 order by s.url, title nulls last, s.id) as marked order by since desc, id desc",
        owner,
    )


async def of_link(owner: int, url: str, key: str) -> int:
    """The source of a link that this person speaks of, made where nobody asked for it yet -> its id."""
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


async def mark_link(owner: int, url: str, key: str) -> int:
    """Never again, also for a link that was never asked for -> the source."""
    async with engine.transaction():
        source = await of_link(owner, url, key)
        await engine.execute(
            "insert into never_again (owner, source, key) values ($1, $2, $3) on conflict do nothing",
            owner,
            source,
            bare(key),
        )
        await mark(source, owner)
    return source


async def _own(source: int, owner: int) -> dict[str, Any]:
    row = await engine.fetchrow(f"select s.id, s.url from source s where s.id = $2 and {_MINE}", owner, source)
    if row is None:
        raise errors.NotFound("There is no such source.")
    return row


async def _siblings(url: str, owner: int) -> list[dict[str, Any]]:
    """The sources of an address that this person may know of: not those that others' cookies opened."""
    return await engine.fetch(
        "select id, key from source where url = $1 and (key !~ '^[0-9]+:' or starts_with(key, $2 || ':')) order by id",
        url,
        str(owner),
    )
