"""Known sources, and the users who may know them: a source that was fetched once is not fetched again.

A source is known by keys: its link's, and the one that its site gives it (fetch/client.py). A source that needed a
user's own cookies, or came by the user's own proxy or by plain http, has keys of that user alone.
"""

from urllib.parse import urlsplit

from piccolo.querystring import QueryString

from mediafetcher.core import errors, settings, source_metadata
from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.db import engine
from mediafetcher.db.expressions import among, same
from mediafetcher.db.tables import LibraryItem, Source
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import blocklist, items, metadata
from mediafetcher.net import egress, urls


def private(owner: int, keys: list[str]) -> list[str]:
    """Return the keys of a source for this user alone: a source opened by a user's cookies is private."""
    return [f"{owner}:{key}" for key in keys]


def is_private(claim_url: str, page: str, options: Options, *, cookies: bool) -> bool:
    """Return whether a fetched source is known to this user alone.

    Cookies open content that others may not see. A user's own proxy, and any machine on the path of plain http, can
    answer with other bytes, which no other user may get. The administrator's `allow_hosts` may use plain http.
    """
    return cookies or options.proxy is not None or not (_is_trusted(claim_url) and _is_trusted(page))


def _is_trusted(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or egress.excepted(
        parts.hostname or "", parts.port or 80, settings.get().allow_hosts
    )


# The source with its title and uploader, in one round trip: each submitted link asks for it. The title is the site's:
# those that users gave their items, or that lists gave them, are private. Sources of 0.1.0 have it in a download only.
_KNOWN = """
select s.id, s.media_file, s.metadata,
  coalesce((select x.facts ->> 'title' from source_metadata x where x.id = s.metadata),
    (select d.title from library_item i join download d on d.item = i.id where i.media_file = s.media_file
      and i.source = s.id and d.state = 'done' order by d.id limit 1)) as title,
  (select uploader from library_item
    where media_file = s.media_file and source = s.id order by id limit 1) as uploader
  from source s
  where s.key = any($1::text[] || $2::text[]) and s.media_file is not null
  order by s.metadata is null, s.id limit 1
"""


async def known(
    owner: int,
    folder: int | None,
    keys: list[str],
    url: str,
    site: str,
    *,
    title: str | None = None,
    listed: SourceMetadata | None = None,
) -> int | None:
    """Return the item of a source that was fetched before: the one this user has in this folder, else a new one.

    `title`, `listed`: what a list of this user says of it; it counts for a new item if the source is a plain file.
    None if this user knows no key of it, or if its file no longer exists.
    """
    found = await engine.fetchrow(_KNOWN, keys, private(owner, keys))
    if found is None:
        return None
    table = LibraryItem
    mine = table.select(table.id).where(table.owner == owner, table.media_file == found["media_file"])
    mine = mine.where(table.trashed_at.is_null(), same(table.folder, folder))
    of_source = QueryString("source is not distinct from {}", found["id"])
    row = await mine.order_by(of_source, ascending=False).order_by(table.id).first()
    if row is not None:
        return int(row["id"])
    own = await metadata.read(found["metadata"]) if title or listed else None
    plain = own is not None and source_metadata.is_plain_file(own)
    entry = items.Entry(
        title=(title if plain else None) or found["title"] or url.rsplit("/", 1)[-1] or site,
        folder_id=folder,
        source_id=found["id"],
        source_url=url,
        site=site,
        uploader=found["uploader"],
        metadata=found["metadata"],
    )
    item = await items.link(owner, found["media_file"], entry)
    if item is not None and listed is not None and plain:
        await metadata.complete(item, listed)
    return item


async def mark_never(owner: int, url: str) -> int:
    """Never fetch this link again for this user. Returns: its source. Raises: `InvalidUrl`, `UnsupportedScheme`."""
    url = urls.parse(url)
    return await blocklist.block_link(owner, url, urls.source_key(url, Options().recipe()))


async def unmark_never(owner: int, url: str) -> int:
    """Remove that mark. Returns: its source."""
    url = urls.parse(url)
    async with engine.transaction():
        source = await blocklist.find(owner, [urls.source_key(url, Options().recipe())])
        if source is None:
            raise errors.NotFound("This link is not blocked.")
        await blocklist.unblock(source, owner)
    return source


async def owned(owner: int, keys: list[str]) -> int | None:
    """Return the item of this user's library that already shows a source, or None. Nothing is created."""
    table = LibraryItem
    files = Source.select(Source.media_file).where(among(Source.key, [*keys, *private(owner, keys)]))
    shown = table.select(table.id).where(table.owner == owner, table.trashed_at.is_null())
    row = await shown.where(table.media_file.is_in(files)).order_by(table.id).first()
    return None if row is None else int(row["id"])
