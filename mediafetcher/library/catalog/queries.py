"""Read queries of the library: keyset pages of items, search, one item, the trash.

A page is selected by comparing rows, `(key, id) < (last key, last id)`, on an index in that order, so the hundredth
page costs as much as the first. `next` is an opaque cursor.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from piccolo.query.functions.aggregate import Sum
from piccolo.querystring import QueryString

from mediafetcher.core import clock, dates, errors
from mediafetcher.db import engine
from mediafetcher.db.tables import LibraryItem, MediaFile
from mediafetcher.library.catalog import channels, folders, search_terms, watching

LIMIT = 200  # maximum of items in one page

# Lists and search of the library.
_SELECT = """
select i.id, i.title, i.folder as folder_id, coalesce(i.source_url, x.facts ->> 'webpage_url') as source_url, i.site,
  i.uploader, i.created_at, i.trashed_at, i.source, i.keep,
  exists (select from blocked_source n where n.owner = i.owner and n.source = i.source) as never,
  m.playable, m.damaged_at,
  m.sha256, m.size, m.kind, m.ext, m.duration, m.width, m.height, m.video_codec, m.audio_codec, m.poster,
  m.cut_at_origin, m.subtitles, m.ref_count, w.position,
  (select array[e.list, e.position] from source_list_entry e join source_list l on l.id = e.list
    where e.url = i.source_url and l.owner = i.owner order by e.list limit 1) as listed,
  i.published_at, x.channel, x.channel_name, x.channel_url, x.channel_site, {key} as key
from library_item i join media_file m on m.id = i.media_file
  left join source_metadata x on x.id = i.metadata
  left join watch w on w.media_file = i.media_file and w.owner = i.owner
"""
# The rows with the paths of their folders in one query. A page has few folders, and each is looked up once.
_WITH_PATHS = """
with recursive page as materialized ({rows}), up as (
  select id as wanted, parent, name as path from folder where id in (select folder_id from page)
  union all select up.wanted, f.parent, f.name || '/' || up.path from folder f join up on f.id = up.parent)
select page.*, coalesce(up.path, '') as folder from page
  left join up on up.wanted = page.folder_id and up.parent is null order by key {way}, id {way}
"""


@dataclass(frozen=True)
class _Order:
    """A sort order: the key, its type in SQL, and whether it is a column of `media_file`."""

    key: str
    kind: str
    of_file: bool = False


_ORDERS = {
    "created": _Order("i.created_at", "timestamptz"),
    "title": _Order('coalesce(i.sort_key, lower(i.title) collate "C")', "text"),
    "duration": _Order("coalesce(m.duration, 0)", "double precision", of_file=True),
    "size": _Order("m.size", "bigint", of_file=True),
    "trashed": _Order("i.trashed_at", "timestamptz"),
    "published": _Order("coalesce(i.published_at, '9999-12-31 00:00:00+00'::timestamptz)", "timestamptz"),
}
# Items without a date are the last in both directions. asyncpg reads the first moment of year 1 as minus infinity.
_DOWN = _ORDERS | {
    "published": _Order("coalesce(i.published_at, '0002-01-01 00:00:00+00'::timestamptz)", "timestamptz")
}
SORTS = tuple(sign + name for name in ("created", "published", "title", "duration", "size") for sign in ("", "-"))
# As in the index `source_metadata_tags`.
_HAS_TAG = "lower(x.facts ->> 'tags')::jsonb @> to_jsonb(lower({}::text))"
# Columns that are read for a single item alone.
_DETAILS = """
jsonb_build_object('chapters', m.chapters, 'description', x.facts -> 'description', 'tags', x.facts -> 'tags',
  'audio_languages', x.facts -> 'audio_languages', 'audio_tracks', m.audio_tracks, 'year', x.facts -> 'year',
  'categories', x.facts -> 'categories', 'views', x.facts -> 'view_count')::text
"""


async def get(id: int, owner: int) -> dict[str, Any]:
    """Return one item as the API shows it, also from the trash, with its chapters and what its site says of it.

    Raises: `NotFound`.
    """
    one = _SELECT.format(key=_DETAILS) + " where i.id = $1 and i.owner = $2"
    rows = await engine.records(_WITH_PATHS.format(rows=one, way=""), id, owner)
    if not rows:
        raise errors.NotFound("This item does not exist.")
    details = json.loads(rows[0]["key"])
    chapters = [{"start": start, "title": title} for start, title in details["chapters"]]
    said = {"description": details["description"], "tags": details["tags"] or []}
    said["audio_languages"] = details["audio_languages"] or []
    said |= {"audio_tracks": details["audio_tracks"], "year": details["year"], "views": details["views"]}
    said["categories"] = details["categories"] or []
    return _item(rows[0]) | {"chapters": chapters} | said


# Each piece of a film that a player requests.
_KEPT = """
select m.sha256, m.kind, m.ext, i.title, m.poster, m.subtitles from library_item i
  join media_file m on m.id = i.media_file where i.id = $1 and i.owner = $2
"""


async def kept(id: int, owner: int) -> dict[str, Any]:
    """Return the facts for sending bytes: `sha256, kind, ext, title, poster, subtitles`. Raises: `NotFound`.

    A player requests this with every piece of a film, so it is one row by its primary key.
    """
    row = await engine.fetchrow(
        _KEPT,
        id,
        owner,
    )
    if row is None:
        raise errors.NotFound("This item does not exist.")
    return row


async def page(
    owner: int,
    *,
    folder: str | None = None,
    deep: bool = False,
    q: str | None = None,
    kind: str | None = None,
    site: str | None = None,
    channel: str | None = None,
    tag: str | None = None,
    since: str | None = None,
    until: str | None = None,
    unwatched: bool = False,
    sort: str = "-created",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Return a page of a library: `items`, and `next`: the cursor of the next page or None.

    `folder`: a path, "" only the top, None everything; `deep` includes subfolders. `q`: every word must begin a word of
    title, uploader, site, channel, tags or description, or lie inside one in a script without spaces. `kind`: "video"
    or "audio"; `channel`: its id or its name; `site`: of the items, or that of the channel; `tag`: one of the source,
    case ignored; `since`, `until`: published since a day, until the end of a day (core/dates.py); `unwatched`: only
    items not watched to the end. Raises: `Invalid` (sort, cursor or day), `NotFound` (folder).
    """
    if sort not in SORTS:
        raise errors.Invalid(f"{sort!r} is not a valid sort order. Use one of {', '.join(SORTS)}.")
    chosen = _Conditions(owner)
    if folder is not None and not (deep and not folders.parts(folder)):
        await chosen.in_folder(folder, deep=deep)
    if q and q.strip():
        wanted = search_terms.wanted(q)
        if wanted is None:
            return {"items": [], "next": None}
        chosen.add("i.search @@ {}::text::tsquery", wanted)
    if kind is not None:
        chosen.add("m.kind like {}", kind + "/%")
    await chosen.of_source(channel, site, tag)
    chosen.published(since, until)
    if unwatched:
        chosen.where.append(f"(w.position is null or not {watching.IS_SEEN})")
    down = sort.startswith("-")
    order = (_DOWN if down else _ORDERS)[sort.removeprefix("-")]
    return await _page(order, chosen.where, chosen.values, cursor, limit, down=down)


class _Conditions:
    """The conditions of a page of a library, and their values."""

    def __init__(self, owner: int) -> None:
        self._owner = owner
        self.values: list[Any] = [owner]
        self.where = ["i.owner = $1", "i.trashed_at is null"]

    def add(self, condition: str, value: Any) -> None:
        self.values.append(value)
        self.where.append(condition.format(f"${len(self.values)}"))

    async def in_folder(self, path: str, *, deep: bool) -> None:
        """`deep` includes subfolders. Raises: `NotFound`."""
        found = await folders.find(self._owner, path)
        if found is None:
            self.where.append("i.folder is null")
        elif deep:
            self.add("i.folder = any({}::bigint[])", await folders.below(found))
        else:
            self.add("i.folder = {}::bigint", found)

    async def of_source(self, channel: str | None, site: str | None, tag: str | None) -> None:
        if channel is not None:
            ids = await channels.ids(channel)
            # The order of the index holds for a single one.
            self.add("i.channel = {}", ids[0]) if len(ids) == 1 else self.add("i.channel = any({}::text[])", ids)
        if site is not None:
            self.add("i.site = {}" if channel is None else "(i.site = {0} or i.channel_site = {0})", site)
        if tag is not None:
            self.add(_HAS_TAG, tag.replace("\x00", ""))

    def published(self, since: str | None, until: str | None) -> None:
        """Add each bound in both forms of the date, so that every index of it begins there.

        One form leaves out unknown dates. Raises: `Invalid` (day).
        """
        for sign, bound in ((">=", _bound(since)), ("<", _bound(until, end=True))):
            if bound is not None:
                for form in (_ORDERS["published"].key, _DOWN["published"].key):
                    self.add(form + f" {sign} {{}}", bound)


async def begun(owner: int, limit: int) -> list[dict[str, Any]]:
    """Items that were begun and not watched to the end, the last watched first."""
    rows = (
        _SELECT.format(key="w.updated_at") + " where i.owner = $1 and i.trashed_at is null and w.position >= $2"
        f" and not {watching.IS_SEEN} order by w.updated_at desc, i.id desc limit $3"
    )
    found = await engine.records(_WITH_PATHS.format(rows=rows, way="desc"), owner, watching.BEGUN, limit)
    return [_item(row) for row in found]


async def by_ids(owner: int, ids: list[int]) -> list[dict[str, Any]]:
    """These items of a user, those that exist, in any order."""
    rows = _SELECT.format(key="i.id") + " where i.owner = $1 and i.id = any($2::bigint[])"
    found = await engine.records(_WITH_PATHS.format(rows=rows, way="asc"), owner, ids)
    return [_item(row) for row in found]


async def history(owner: int, limit: int) -> list[dict[str, Any]]:
    """Items that were watched, the last watched first."""
    rows = (
        _SELECT.format(key="w.updated_at") + " where i.owner = $1 and i.trashed_at is null and w.position > 0"
        " order by w.updated_at desc, i.id desc limit $2"
    )
    found = await engine.records(_WITH_PATHS.format(rows=rows, way="desc"), owner, limit)
    return [_item(row) for row in found]


async def sites(owner: int) -> list[dict[str, Any]]:
    """List the sites of a user's items: `site` and number of `items`; the most frequent first, at most 200."""
    table, count = LibraryItem, QueryString("count(*)").as_alias("items")
    shown = (table.owner == owner) & table.trashed_at.is_null() & table.site.is_not_null()
    found = table.select(table.site, count).where(shown).group_by(table.site)
    return await found.order_by(QueryString("items"), ascending=False).order_by(table.site).limit(200)


async def search(owner: int, q: str, *, cursor: str | None = None, limit: int = 50) -> dict[str, Any]:
    """Search a user's items, newest first."""
    return await page(owner, q=q, cursor=cursor, limit=limit)


# Files whose references are all in this trash: grouped.
_FREED = """
select coalesce(sum(m.size), 0)::bigint from media_file m join (select media_file, count(*) as n
  from library_item where owner = $1 and trashed_at is not null group by media_file) mine
  on mine.media_file = m.id where m.ref_count = mine.n
"""


async def trashed(owner: int, *, cursor: str | None = None, limit: int = 50) -> dict[str, Any]:
    """Return a page of a user's trash, last trashed first: `items`, `next`, and `frees`: bytes freed by purging."""
    where = ["i.owner = $1", "i.trashed_at is not null"]
    found = await _page(_ORDERS["trashed"], where, [owner], cursor, limit, down=True)
    # A file is freed if all of its references are in this trash.
    found["frees"] = await engine.fetchval(
        _FREED,
        owner,
    )
    return found


async def count(owner: int) -> int:
    """Return the number of a user's items outside the trash."""
    item = LibraryItem
    return int(await item.count().where(item.owner == owner, item.trashed_at.is_null()))


async def totals() -> dict[str, int]:
    """Return `items` outside the trash, of all users, and the `size` of all files in bytes."""
    items = await LibraryItem.count().where(LibraryItem.trashed_at.is_null())
    row = await MediaFile.select(Sum(MediaFile.size, alias="size")).where(MediaFile.ref_count > 0).first()
    return {"items": items, "size": int(row["size"] or 0) if row is not None else 0}


async def _page(
    order: _Order, where: list[str], values: list[Any], cursor: str | None, limit: int, *, down: bool
) -> dict[str, Any]:
    way, sign = ("desc", "<") if down else ("asc", ">")
    if cursor is not None:
        key, last = _decode(cursor, order)
        values += [key, last]
        at, id_at = f"${len(values) - 1}::{order.kind}", f"${len(values)}::bigint"
        where.append(f"({order.key}, i.id) {sign} ({at}, {id_at})")
        if order.of_file:
            # The pair spans two tables, so no index covers it. This finds the position in the index of media_file.
            where.append(f"{order.key} {sign}= {at}")
    limit = max(1, min(limit, LIMIT))
    found = (
        _SELECT.format(key=order.key)
        + f" where {' and '.join(where)} order by {order.key} {way}, i.id {way} limit {limit + 1}"
    )
    rows = await engine.records(_WITH_PATHS.format(rows=found, way=way), *values)
    shown = rows[:limit]
    more = _encode(shown[-1]["key"], shown[-1]["id"]) if len(rows) > limit else None
    return {"items": [_item(row) for row in shown], "next": more}


def _bound(text: str | None, *, end: bool = False) -> datetime | None:
    try:
        return None if text is None else dates.bound(text, clock.now(), end=end)
    except ValueError as error:
        raise errors.Invalid(str(error)) from error


def _encode(key: Any, id: int) -> str:
    text = json.dumps([key.isoformat() if isinstance(key, datetime) else key, id], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, order: _Order) -> tuple[Any, int]:
    try:
        key, last = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        convert: Any = {"timestamptz": datetime.fromisoformat, "text": str, "bigint": int}.get(order.kind, float)
        value = convert(key)
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError(key)
        return value, int(last)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise errors.Invalid("The cursor does not belong to this list.") from error


# Types that browsers play, for files that were never checked with FFmpeg.
_PLAYED = {("video/mp4", "h264"), ("audio/mp4", None), ("audio/mpeg", None)}


def _item(row: Mapping[str, Any]) -> dict[str, Any]:
    # Written out: this runs for each row of every page, and a loop over names takes twice the time.
    kind, video_codec, playable = row["kind"], row["video_codec"], row["playable"]
    return {
        "id": row["id"],
        "title": row["title"],
        "folder": row["folder"],
        "duration": row["duration"],
        "position": row["position"],
        "list": {"id": row["listed"][0], "position": row["listed"][1]} if row["listed"] else None,
        "watched": watching.is_seen(row["position"], row["duration"]),
        "source": row["source"],
        "never": row["never"],
        "keep": row["keep"],
        "playable": (kind, video_codec) in _PLAYED if playable is None else playable,
        "damaged": row["damaged_at"] is not None,
        "source_url": row["source_url"],
        "site": row["site"],
        "uploader": row["uploader"],
        "published_at": row["published_at"],
        "channel": (
            {
                "id": row["channel"],
                "name": row["channel_name"] or row["channel"],
                "url": row["channel_url"],
                "site": row["channel_site"],
            }
            if row["channel"]
            else None
        ),
        "created_at": row["created_at"],
        "trashed_at": row["trashed_at"],
        "poster": row["poster"],
        "subtitles": row["subtitles"],
        "media": {
            "sha256": row["sha256"].hex(),
            "size": row["size"],
            "kind": kind,
            "ext": row["ext"],
            "duration": row["duration"],
            "width": row["width"],
            "height": row["height"],
            "video_codec": video_codec,
            "audio_codec": row["audio_codec"],
            "ref_count": row["ref_count"],
            "cut_at_origin": row["cut_at_origin"],
        },
    }
