"""Channels of a user: those that the sites of the user's items name, with the items of each.

A channel is the site's id of it together with the site, because two sites may use the same id. A user does not see
channels of which they have no item.
"""

import base64
import json
from typing import Any

from mediafetcher.core import errors, shared_calls
from mediafetcher.db import engine
from mediafetcher.db.tables import SourceMetadata

LIMIT = 200  # maximum of channels in one page

# Name, link and date are those of the newest item. The names of a site change, the id stays. Each channel is one step
# in an index, and only the items of those that are shown are counted, in an index that has nothing else.
_CHANNELS = """
with recursive own as (
  (select channel, channel_site from library_item where owner = $1 and trashed_at is null and channel is not null
    and ($2::text is null or channel = $2) order by channel, channel_site limit 1)
  union all
  select n.channel, n.channel_site from own cross join lateral (
    (select i.channel, i.channel_site from library_item i where i.owner = $1 and i.trashed_at is null
      and i.channel = own.channel and i.channel_site > own.channel_site order by i.channel_site limit 1)
    union all
    (select i.channel, i.channel_site from library_item i where i.owner = $1 and i.trashed_at is null
      and i.channel = own.channel and i.channel_site is null and own.channel_site is not null limit 1)
    union all
    (select i.channel, i.channel_site from library_item i where i.owner = $1 and i.trashed_at is null
      and i.channel > own.channel and $2::text is null order by i.channel, i.channel_site limit 1)
    limit 1) n),
named as (
  select own.channel as id, coalesce(x.channel_name, own.channel) as name, x.channel_url as url,
    own.channel_site as site, x.published_at, x.newest,
    lower(coalesce(x.channel_name, own.channel)) collate "C" as key from own
  cross join lateral (
    select i.id as newest, i.published_at, m.channel_name, m.channel_url
    from library_item i join source_metadata m on m.id = i.metadata
    where i.owner = $1 and i.trashed_at is null and i.channel = own.channel
      and i.channel_site is not distinct from own.channel_site
    order by coalesce(i.published_at, '0002-01-01 00:00:00+00'::timestamptz) desc, i.id desc limit 1) x
  where $3::text is null or own.channel_site = $3)
select p.*, case when p.site is null
  then (select count(*) from library_item i where i.owner = $1 and i.trashed_at is null and i.channel = p.id
    and i.channel_site is null)
  else (select count(*) from library_item i where i.owner = $1 and i.trashed_at is null and i.channel = p.id
    and i.channel_site = p.site) end as items
"""
_PAGE = (
    _CHANNELS
    + """
from (select * from named
  where $4::text is null or (key, id, coalesce(site, '')) > ($4 collate "C", $5::text, $6::text)
  order by key, id, coalesce(site, '') limit $7) p
order by key, id, coalesce(site, '')
"""
)
_ONE = _CHANNELS + "from named p order by items desc, key, coalesce(site, '') limit 1"


async def page(owner: int, *, site: str | None = None, cursor: str | None = None, limit: int = 50) -> dict[str, Any]:
    """Return a page of a user's channels by name: `channels`, and `next`: the cursor of the next page or None.

    Each has `id`, `name`, `url`, `site`, the number of `items`, the newest `published_at` and the `newest` item.
    Raises: `Invalid` (cursor).
    """
    after = tuple(_decode(cursor)) if cursor is not None else (None, None, None)
    limit = max(1, min(limit, LIMIT))
    asked = (owner, None, site, *after, limit + 1)
    rows = await shared_calls.join(("channels", *asked), lambda: engine.fetch(_PAGE, *asked))
    last = rows[limit - 1] if len(rows) > limit else None
    return {"channels": rows[:limit], "next": _encode([last["key"], last["id"], last["site"] or ""]) if last else None}


async def get(id: str, owner: int, *, site: str | None = None) -> dict[str, Any]:
    """Return one channel of a user, as in a page. Without `site`, the one with most items of that id.

    Raises: `NotFound`.
    """
    rows = await engine.fetch(_ONE, owner, id, site)
    if not rows:
        raise errors.NotFound("None of your items is from this channel.")
    return rows[0]


async def ids(wanted: str) -> list[str]:
    """Return the ids of channels that have this id or this name.

    A channel has thousands of sources, so each id is one step in an index.
    """
    table = SourceMetadata
    found = [wanted] if await table.exists().where(table.channel == wanted) else []
    named = table.select(table.channel).where(table.channel_name == wanted, table.channel.is_not_null())
    row = await named.order_by(table.channel).first()
    while row is not None:
        found.append(row["channel"])
        row = await named.where(table.channel > row["channel"]).order_by(table.channel).first()
    return list(dict.fromkeys(found))


def _encode(key: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def _decode(cursor: str) -> list[str]:
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError) as error:
        raise errors.Invalid("The cursor does not belong to this list.") from error
    if not isinstance(found, list) or len(found) != 3 or not all(_is_plain(one) for one in found):
        raise errors.Invalid("The cursor does not belong to this list.")
    return found


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and "\x00" not in value and value.isprintable()
