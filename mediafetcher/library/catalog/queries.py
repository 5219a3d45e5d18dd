"""What the page and the commands read of the library: pages of items by keyset, search, one item, the trash.

A page is found by comparing rows, `(key, id) < (last key, last id)`, on an index that has them in that order, so the
hundredth page costs what the first does. `next` is an opaque cursor.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.catalog import folders

LIMIT = 200  # items of one page, at the most
SEEN = 0.95  # watched to this part is watched to the end
_WORD = re.compile(r"\w+")
_WORDS = 12

_SELECT = """
select i.id, i.title, i.folder as folder_id, i.source_url, i.site, i.uploader, i.created_at, i.trashed_at, i.source,
  exists (select from never_again n where n.owner = i.owner and n.source = i.source) as never, m.playable, m.damaged_at,
  m.sha256, m.size, m.kind, m.ext, m.duration, m.width, m.height, m.video_codec, m.audio_codec, m.poster,
  m.subtitles, m.ref_count, w.position, {key} as key
from library_item i join media_file m on m.id = i.media_file
  left join watch w on w.media_file = i.media_file and w.owner = i.owner
"""
# The rows with the paths of their folders, in one question: a page's folders are few, and each is looked up once.
_WITH_PATHS = """
with recursive page as materialized ({rows}), up as (
  select id as wanted, parent, name as path from folder where id in (select folder_id from page)
  union all select up.wanted, f.parent, f.name || '/' || up.path from folder f join up on f.id = up.parent)
select page.*, coalesce(up.path, '') as folder from page
  left join up on up.wanted = page.folder_id and up.parent is null order by key {way}, id {way}
"""


@dataclass(frozen=True)
class _Order:
    """How a list is sorted: the key, its type in SQL, and whether it lies in `media_file`."""

    key: str
    kind: str
    of_file: bool = False


_ORDERS = {
    "created": _Order("i.created_at", "timestamptz"),
    "title": _Order("lower(i.title)", "text"),
    "duration": _Order("coalesce(m.duration, 0)", "double precision", of_file=True),
    "size": _Order("m.size", "bigint", of_file=True),
    "trashed": _Order("i.trashed_at", "timestamptz"),
}
SORTS = tuple(sign + name for name in ("created", "title", "duration", "size") for sign in ("", "-"))


async def get(id: int, owner: int) -> dict[str, Any]:
    """One item as the API shows it, also one in the trash, with its chapters. Raises `NotFound`."""
    one = _SELECT.format(key="m.chapters::text") + " where i.id = $1 and i.owner = $2"
    rows = await engine.records(_WITH_PATHS.format(rows=one, way=""), id, owner)
    if not rows:
        raise errors.NotFound("There is no such item.")
    chapters = [{"start": start, "title": title} for start, title in json.loads(rows[0]["key"])]
    return _item(rows[0]) | {"chapters": chapters}


async def kept(id: int, owner: int) -> dict[str, Any]:
    """What sends an item's bytes: `sha256, kind, ext, title, poster, subtitles`. Raises `NotFound`.

    A player asks for it with every piece of a film, so it is one row by its key and nothing else.
    """
    row = await engine.fetchrow(
        "select m.sha256, m.kind, m.ext, i.title, m.poster, m.subtitles from library_item i"
        " join media_file m on m.id = i.media_file where i.id = $1 and i.owner = $2",
        id,
        owner,
    )
    if row is None:
        raise errors.NotFound("There is no such item.")
    return row


async def page(
    owner: int,
    *,
    folder: str | None = None,
    deep: bool = False,
    q: str | None = None,
    kind: str | None = None,
    site: str | None = None,
    unwatched: bool = False,
    sort: str = "-created",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """A page of a library -> `items`, and `next`: the cursor of the next page or None.

    `folder`: a path, "" the top only, None everything; with `deep` also what is below it. `q`: every word must begin
    a word of title, uploader or site. `kind`: "video" or "audio"; `site`: as the items say it; `unwatched`: only what
    was not seen to the end. Raises `Invalid` (sort or cursor), `NotFound` (folder).
    """
    if sort not in SORTS:
        raise errors.Invalid(f"{sort!r} is no order: use one of {', '.join(SORTS)}.")
    values: list[Any] = [owner]
    where = ["i.owner = $1", "i.trashed_at is null"]

    def add(condition: str, value: Any) -> None:
        values.append(value)
        where.append(condition.format(f"${len(values)}"))

    if folder is not None and not (deep and not folders.parts(folder)):
        found = await folders.find(owner, folder)
        if found is None:
            where.append("i.folder is null")
        elif deep:
            add("i.folder = any({}::bigint[])", await folders.below(found))
        else:
            add("i.folder = {}::bigint", found)
    if q and q.strip():
        words = _WORD.findall(q)[:_WORDS]
        if not words:
            return {"items": [], "next": None}
        add("i.search @@ to_tsquery('simple', mf_words({}))", _prefixes(words))
    if kind is not None:
        add("m.kind like {}", kind + "/%")
    if site is not None:
        add("i.site = {}", site)
    if unwatched:
        add("(w.position is null or w.position < coalesce(m.duration, w.position + 1) * {})", SEEN)
    return await _page(_ORDERS[sort.removeprefix("-")], sort.startswith("-"), where, values, cursor, limit)


async def sites(owner: int) -> list[dict[str, Any]]:
    """Where a person's items come from -> `site` and how many `items`; the most first, at most 200."""
    return await engine.fetch(
        "select site, count(*) as items from library_item where owner = $1 and trashed_at is null and site is not null"
        " group by site order by items desc, site limit 200",
        owner,
    )


async def search(owner: int, q: str, *, cursor: str | None = None, limit: int = 50) -> dict[str, Any]:
    """The items of a person that these words find, newest first."""
    return await page(owner, q=q, cursor=cursor, limit=limit)


async def trashed(owner: int, *, cursor: str | None = None, limit: int = 50) -> dict[str, Any]:
    """A page of a person's trash, last come first -> `items`, `next`, and `frees`: bytes if all of it went."""
    where = ["i.owner = $1", "i.trashed_at is not null"]
    found = await _page(_ORDERS["trashed"], True, where, [owner], cursor, limit)
    # A file goes when all of its references are in this trash.
    found["frees"] = await engine.fetchval(
        "select coalesce(sum(m.size), 0)::bigint from media_file m join (select media_file, count(*) as n"
        "  from library_item where owner = $1 and trashed_at is not null group by media_file) mine"
        " on mine.media_file = m.id where m.ref_count = mine.n",
        owner,
    )
    return found


async def totals() -> dict[str, int]:
    """`items` outside the trash, of all people, and the `size` of all files in bytes."""
    row = await engine.fetchrow(
        "select (select count(*) from library_item where trashed_at is null) as items,"
        " (select coalesce(sum(size), 0)::bigint from media_file where ref_count > 0) as size"
    )
    assert row is not None
    return row


def _prefixes(words: list[str]) -> str:
    """A query of full text in which every word is the beginning of one. `_` parts words, as in the index."""
    parts = [part for word in words for part in word.split("_") if part]
    return " & ".join(f"{part}:*" for part in parts)


async def _page(
    order: _Order, down: bool, where: list[str], values: list[Any], cursor: str | None, limit: int
) -> dict[str, Any]:
    way, sign = ("desc", "<") if down else ("asc", ">")
    if cursor is not None:
        key, last = _decode(cursor, order)
        values += [key, last]
        at, id_at = f"${len(values) - 1}::{order.kind}", f"${len(values)}::bigint"
        where.append(f"({order.key}, i.id) {sign} ({at}, {id_at})")
        if order.of_file:
            # The pair spans two tables, which no index does: this finds the place in the one of media_file.
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
    except (ValueError, TypeError, OverflowError) as error:
        raise errors.Invalid("That cursor is not one of this list.") from error


# What browsers play, where nobody asked FFmpeg when the file came.
_PLAYED = {("video/mp4", "h264"), ("audio/mp4", None), ("audio/mpeg", None)}


def _item(row: Mapping[str, Any]) -> dict[str, Any]:
    # Spelled out: made for each row of every page, and a loop over names takes twice the time.
    kind, video_codec, playable = row["kind"], row["video_codec"], row["playable"]
    return {
        "id": row["id"],
        "title": row["title"],
        "folder": row["folder"],
        "duration": row["duration"],
        "position": row["position"],
        "source": row["source"],
        "never": row["never"],
        "playable": (kind, video_codec) in _PLAYED if playable is None else playable,
        "damaged": row["damaged_at"] is not None,
        "source_url": row["source_url"],
        "site": row["site"],
        "uploader": row["uploader"],
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
        },
    }
