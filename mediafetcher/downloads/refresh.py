"""Look at sources again without a download, for metadata that is missing or old.

Gentle: one source at a time, with a random pause between two looks at one site, and none while the site asks to slow
down. An interrupted run resumes: what was read within a day is not looked at again, and what was read the longest time
ago comes first, so that later runs reach the rest of a large library. A link that failed is left alone for a day, one
that no longer exists or cannot be read for a month.
"""

import asyncio
import random
from collections import Counter, deque
from collections.abc import AsyncGenerator
from typing import Any, NamedTuple

from piccolo.custom_types import Combinable
from piccolo.querystring import QueryString

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import clock, errors, logging
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW
from mediafetcher.db.tables import LibraryItem, SiteBackoff, Source
from mediafetcher.downloads import dedup, preview, site_backoff, site_rules
from mediafetcher.fetch.client import Fetch
from mediafetcher.fetch.models import Info, Listing
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import metadata, queries, search_terms
from mediafetcher.net import urls

PAUSE = (4.0, 8.0)  # seconds between two looks at one site
_FRESH_SECONDS = 86_400.0
_AGAIN = 86_400.0  # seconds after which a link that failed is asked again
_AGAIN_LASTING = 30 * 86_400.0  # the same if another look will hardly help
_LOOK_SECONDS = 120.0
_MAX_WAIT = 900.0  # seconds; a site that asks for more is left for the next run
_sleep = asyncio.sleep
_MAX_LIMITED = 3  # answers in a row that ask to slow down; then the rest of the site is left for the next run

_log = logging.get("refresh")

# One item for each link: the others with the same metadata change with it.
_WANTED = """
select distinct on (link) i.id, i.title, link, link is distinct from i.source_url as imported, x.read_at
  from library_item i
  left join source_metadata x on x.id = i.metadata
  cross join lateral (select case when i.source_url ~ '^https?://' then i.source_url
    else x.facts ->> 'webpage_url' end as link) l
where i.owner = $1 and i.trashed_at is null and link ~ '^https?://'
  and ($2::text is null or i.search @@ $2::text::tsquery)
  and ($3::bigint is null or i.id = $3)
  and (i.metadata is null or not $4 and ($3 is not null or x.read_at < now() - make_interval(secs => $5)))
  and ($3 is not null or i.refresh_after is null or i.refresh_after <= now())
order by link, i.id
"""


class Outcome(NamedTuple):
    """The result for one item. `problem`: why its source could not be read. `postponed`: its site asks to wait."""

    item: int
    title: str
    url: str
    problem: errors.Problem | None = None
    postponed: bool = False


class _Source(NamedTuple):
    item: int
    title: str
    url: str
    imported: bool  # no source of this installation: only this user has it


async def refresh(owner: int, q: str = "", *, missing: bool = False) -> AsyncGenerator[Outcome, None]:
    """Look at the sources of a user's items. Yields: the outcome of each.

    `q`: only items that this search finds; `missing`: only items without metadata.
    """
    wanted = search_terms.wanted(q) if q.strip() else None
    if q.strip() and wanted is None:
        return
    waiting: dict[str, deque[_Source]] = {}
    for source in await _sources(owner, wanted, missing=missing):
        waiting.setdefault(urls.site(source.url), deque()).append(source)
    ready = dict.fromkeys(waiting, 0.0)
    limited = Counter[str]()  # answers in a row that ask to slow down
    while waiting:
        site = min(waiting, key=lambda one: ready[one])
        pause = max(ready[site] - clock.monotonic(), await _paused(site))
        if pause > _MAX_WAIT or limited[site] >= _MAX_LIMITED:
            for source in waiting.pop(site):
                yield Outcome(source.item, source.title, source.url, postponed=True)
            continue
        if pause > 0 and len(waiting) > 1 and ready[site] <= clock.monotonic():
            ready[site] = clock.monotonic() + pause  # another site may be ready earlier
            continue
        await _sleep(pause)
        source = waiting[site].popleft()
        outcome = await _refresh(owner, source)
        if isinstance(outcome.problem, errors.RateLimited):
            waiting[site].appendleft(source)
            limited[site] += 1
        else:
            limited[site] = 0
            yield outcome
        ready[site] = clock.monotonic() + random.uniform(*PAUSE)  # noqa: S311
        if not waiting[site]:
            del waiting[site]


async def refresh_item(item: int, owner: int) -> dict[str, Any]:
    """Look at the source of one item now. Returns: the item.

    Raises: `NotFound`, `InvalidState` if the item has no link, and the errors of error_mapping.py.
    """
    await queries.get(item, owner)
    found = await _sources(owner, None, missing=False, item=item)
    if not found:
        raise errors.InvalidState("This item has no link whose site could be asked. Items in the trash are not asked.")
    if problem := (await _refresh(owner, found[0])).problem:
        raise problem
    return await queries.get(item, owner)


async def _sources(owner: int, wanted: str | None, *, missing: bool, item: int | None = None) -> list[_Source]:
    """Return what is to be read: what was never read, then what was read the longest time ago."""
    rows = await engine.fetch(_WANTED, owner, wanted, item, missing, _FRESH_SECONDS)
    rows.sort(key=lambda row: (row["read_at"] is not None, row["read_at"] or 0, row["id"]))
    return [_Source(row["id"], row["title"], row["link"], row["imported"]) for row in rows]


async def _refresh(owner: int, source: _Source) -> Outcome:
    site = urls.site(source.url)
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            info, own = await _look(owner, source.url)
    except TimeoutError:
        problem = errors.Stalled("The site took too long to answer.")
        await _postpone(owner, source, problem)
        return Outcome(source.item, source.title, source.url, problem)
    except errors.Problem as problem:
        _log.info("a source was not read again", item=source.item, site=site, reason=problem.code)
        async with engine.transaction():
            await site_backoff.record_failure(site, problem)
        await _postpone(owner, source, problem)
        return Outcome(source.item, source.title, source.url, problem)
    await _postpone(owner, source, None)
    if info.metadata is not None:
        await engine.retrying(lambda: _keep(owner, source, info, own=own or source.imported))
    return Outcome(source.item, source.title, source.url)


async def _postpone(owner: int, source: _Source, problem: errors.Problem | None) -> None:
    """Remember that a link failed, for all items of the user with it; None: it works."""
    if isinstance(problem, errors.RateLimited | errors.Unavailable):
        return  # it says nothing about the link
    lasting = problem is not None and not isinstance(problem, errors.Transient) and not problem.needs_user
    seconds = (_AGAIN_LASTING if lasting else _AGAIN) if problem else None
    await metadata.postpone_refresh(owner, source.item, source.url, seconds)


async def _look(owner: int, url: str) -> tuple[Info, bool]:
    """Return what the site says, and whether it says so to this user alone."""
    login = await cookie_jars.login_for(owner, url)
    async with (
        preview.scratch() as folder,
        cookie_jars.borrow(owner, url) as jar,
        Fetch(
            url,
            await site_rules.for_request(owner, url, Options(), signed_in=bool(jar or login)),
            folder,
            jar.text if jar else None,
            login=login,
        ) as source,
    ):
        found = await source.look()
        if isinstance(found, Listing):
            raise errors.IsPlaylist()
        return found, dedup.is_private(url, found.webpage_url, source.options, cookies=bool(jar or login))


async def _paused(site: str) -> float:
    """Return for how many seconds the site is left alone."""
    table, seconds = SiteBackoff, QueryString("extract(epoch from until - now())::float8").as_alias("seconds")
    row = await table.select(seconds).where(table.site == site, table.until > NOW).first()
    return float(row["seconds"]) if row is not None else 0.0


async def _keys(source: _Source) -> list[str]:
    """Return the keys of the sources of an item's file that have the link, or the metadata, of the item."""
    item, table = LibraryItem, Source
    row = await item.select(item.media_file, item.source, item.metadata).where(item.id == source.item).first()
    if row is None:
        return []
    same: Combinable = (table.url == source.url) | (table.id == row["source"])
    if row["metadata"] is not None:
        same = same | (table.metadata == row["metadata"])
    return [found["key"] for found in await table.select(table.key).where(table.media_file == row["media_file"], same)]


async def _keep(owner: int, source: _Source, info: Info, *, own: bool) -> None:
    """Store what was read. A look of one user alone changes neither the keys nor the metadata of others."""
    async with engine.transaction():
        keys = await _keys(source)
        mine = [key for key in keys if key.startswith((f"{owner}:", f"import {owner} "))]
        shared = [key for key in keys if not key.startswith("import ") and not key.partition(":")[0].isdigit()]
        await metadata.attach(source.item, mine if own else shared, info.metadata, private=own)
        await notifications.notify("library", {"owner": owner})
