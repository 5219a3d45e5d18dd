"""Links that open an item, a folder, a channel or a search without an account.

Each has an end, a password if wished, a count, and a way to revoke it.

The secret has 256 random bits, and only its hash is kept. A link never opens more than it names: an item in the trash,
outside the folder, or of another user, is absent.
"""

import contextlib
import hashlib
from datetime import datetime
from typing import Any, NamedTuple

from piccolo.querystring import QueryString

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import credentials, passwords, rate_limit
from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.db.tables import Share
from mediafetcher.library.catalog import channels, folders, queries, search_terms

MAX_SHARES = 500  # of one user
MAX_DAYS = 36500
MAX_ITEMS = 500  # of one feed or page, the newest
_MIN_PASSWORD, _MAX_PASSWORD = 4, 128  # characters
_SECRET_LENGTH = 43  # characters
_MAX_WORDS = 500  # characters of a search, or of the id of a channel

# Each use of a link: what it opens, in one round trip.
_FIND = """
select s.id, s.owner, s.item, s.folder, s.channel, s.channel_site, s.search, s.password_hash, s.expires_at,
  coalesce(i.title, f.name, s.title) as title, a.name as author
from share s join account a on a.id = s.owner
  left join library_item i on i.id = s.item left join folder f on f.id = s.folder
where s.hash = $1 and (s.expires_at is null or s.expires_at > now()) and (s.item is null or i.trashed_at is null)
"""
# Four tables in one round trip; the condition is one of `_OPENS`, so that each uses its own index.
_ITEMS = """
select i.id, i.title, i.uploader, i.created_at, m.sha256, m.kind, m.ext, m.size, m.duration, m.poster, m.subtitles,
  left(x.facts ->> 'description', 4001) as description, x.facts ->> 'language' as language,
  (x.facts ->> 'age_limit')::int as age_limit, i.published_at, x.channel_name as channel
from library_item i join media_file m on m.id = i.media_file left join source_metadata x on x.id = i.metadata
where i.owner = $1 and i.trashed_at is null and ($2::bigint is null or i.id = $2) and {opens}
order by i.created_at desc, i.id desc limit $3
"""
_OPENS = {
    "item": "i.id = $4",
    "folder": """i.folder in (with recursive down as (select $4::bigint as id union
  select f.id from folder f join down on f.parent = down.id) select id from down)""",
    "channel": "i.channel = $4 and i.channel_site is not distinct from $5",
    "search": "i.search @@ $4::text::tsquery",
}
# The trail notes that a link is in use once an hour: players ask for a film many times.
_COUNT = """
with before as (select last_used_at from share where id = $1)
update share set uses = uses + 1, last_used_at = now() where id = $1
returning (select last_used_at is null or last_used_at < now() - interval '1 hour' from before) as fresh
"""
# The title is that of the item, the folder, the channel or the search.
_PAGE = """
select s.id, s.item, s.folder, s.channel, s.channel_site as site, s.search as q,
  coalesce(i.title, f.name, s.title) as title, s.password_hash is not null as password,
  s.created_at, s.expires_at, s.expires_at is not null and s.expires_at <= now() as expired, s.uses, s.last_used_at
from share s left join library_item i on i.id = s.item left join folder f on f.id = s.folder
where s.owner = $1 order by s.id desc
"""


class Opened(NamedTuple):
    """A link that exists. It opens `item`, `folder`, `channel` or `search`; `author` is whose it is."""

    id: int
    owner: int
    item: int | None
    folder: int | None
    channel: str | None
    channel_site: str | None
    search: str | None
    password_hash: str | None
    expires_at: datetime | None
    title: str
    author: str


async def make(
    owner: int,
    *,
    item: int | None = None,
    folder: int | str | None = None,
    channel: str | None = None,
    site: str | None = None,
    q: str | None = None,
    days: float | None = None,
    password: str | None = None,
    address: str | None = None,
) -> dict[str, Any]:
    """Make a link to one of `item`, `folder` (id or path), `channel` (id or name, of `site`) and `q` (a search).

    Returns: `id`, `secret`, `expires_at` and `title`; the secret is never shown again.
    Raises: `NotFound`, `Invalid`, `TooManyTargets`.
    """
    if sum(one is not None for one in (item, folder, channel, q)) != 1:
        raise errors.Invalid("Name one item, one folder, one channel or one search.")
    if days is not None and not 0 < days <= MAX_DAYS:
        raise errors.Invalid(f"A link lasts more than 0 and at most {MAX_DAYS} days.")
    if password is not None and not _MIN_PASSWORD <= len(password) <= _MAX_PASSWORD:
        raise errors.Invalid(f"The password of a link has {_MIN_PASSWORD} to {_MAX_PASSWORD} characters.")
    hashed = await passwords.make_hash(password) if password is not None else None
    table = Share
    async with engine.transaction():
        opens = await _opened(owner, item, folder, channel, site, q)
        if await table.count().where(table.owner == owner) >= MAX_SHARES:
            raise errors.TooManyTargets()
        secret, digest = credentials.new()
        row = Share(owner=owner, hash=digest, password_hash=hashed, **opens)
        await row.save()
        ends = None if days is None else QueryString("now() + make_interval(secs => {})", days * 86400.0)
        if ends is not None:
            await table.update({table.expires_at: ends}).where(table.id == row.id)
        await audit.record("share_made", owner, address, share=row.id, item=item, folder=opens.get("folder"))
    made = next(one for one in await page(owner) if one["id"] == row.id)
    return {"id": row.id, "secret": secret, "expires_at": made["expires_at"], "title": made["title"]}


async def _opened(
    owner: int, item: int | None, folder: int | str | None, channel: str | None, site: str | None, q: str | None
) -> dict[str, Any]:
    """Return what a link opens, as columns. Raises: `NotFound`, `Invalid`."""
    if item is not None:
        await _require_item(owner, item)
        return {"item": item}
    if folder is not None:
        return {"folder": await _folder(owner, folder)}
    if channel is not None:
        found = await _channel(owner, _words(channel), site)
        return {"channel": found["id"], "channel_site": found["site"], "title": found["name"]}
    words = _words(q or "")
    if search_terms.wanted(words) is None:
        raise errors.Invalid("This search holds nothing to search for.")
    return {"search": words, "title": words}


def _words(text: str) -> str:
    words = " ".join(text.replace("\x00", " ").split())
    if len(words) > _MAX_WORDS:
        raise errors.Invalid(f"A search has at most {_MAX_WORDS} characters.")
    return words


async def _channel(owner: int, wanted: str, site: str | None) -> dict[str, Any]:
    """Return a channel of the user's items by its id or its name. Raises: `NotFound`."""
    for id in await channels.ids(wanted):
        with contextlib.suppress(errors.NotFound):
            return await channels.get(id, owner, site=site)
    raise errors.NotFound("None of your items is from this channel.")


async def _folder(owner: int, folder: int | str) -> int:
    if isinstance(folder, int):
        return int((await folders.get(folder, owner))["id"])
    found = await folders.find(owner, folder)
    if found is None:
        raise errors.NotFound("This folder does not exist.")
    return found


async def _require_item(owner: int, item: int) -> None:
    if (await queries.get(item, owner)).get("trashed_at") is not None:
        raise errors.NotFound("This item is in the trash.")


async def page(owner: int) -> list[dict[str, Any]]:
    """Returns: the links of a user, newest first, without their secrets."""
    return await engine.fetch(_PAGE, owner)


async def revoke(id: int, owner: int, address: str | None = None) -> None:
    """End a link at once. Raises `NotFound`."""
    table = Share
    async with engine.transaction():
        gone = await table.delete().where(table.id == id, table.owner == owner).returning(table.id)
        if not gone:
            raise errors.NotFound("There is no such link.")
        await audit.record("share_revoked", owner, address, share=id)


async def find(secret: str, address: str) -> Opened:
    """Returns: the link with this secret. Raises `NotFound`, or `TooManyRequests` for an address that tries many."""
    row = await engine.fetchrow(_FIND, credentials.digest(secret)) if len(secret) == _SECRET_LENGTH else None
    if row is None:
        await rate_limit.take(rate_limit.place("share", address))
        raise errors.NotFound("This link does not exist, or it has ended.")
    return Opened(**row)


async def require_password(share: Opened, password: str | None, address: str) -> None:
    """Raises `SharePassword`, or `TooManyRequests` for an address that guesses."""
    if share.password_hash is None:
        return
    if password is None:
        raise errors.SharePassword()
    known = (share.password_hash, hashlib.sha256(password.encode("utf-8", "surrogateescape")).digest())
    if known in _right:
        return
    key = rate_limit.place(f"share {share.id}", address)
    await rate_limit.take(key)
    if not await passwords.matches(share.password_hash, password):
        await audit.record("share_password_refused", share.owner, address, share=share.id)
        raise errors.SharePassword()
    await rate_limit.give_back(key)
    if len(_right) >= _MAX_REMEMBERED:
        _right.clear()
    _right.add(known)


# Passwords that were right, as hashes: a player sends one with each piece of a film, and argon2 is slow on purpose.
_right: set[tuple[str, bytes]] = set()
_MAX_REMEMBERED = 1000


async def items(share: Opened, item: int | None = None) -> list[dict[str, Any]]:
    """Returns: what the link opens, newest first; only `item` if it is given. Raises `NotFound` if there is no such."""
    if item is not None and item > 2**63 - 1:
        raise errors.NotFound()
    kind, values = _condition(share)
    found = await engine.fetch(_ITEMS.format(opens=_OPENS[kind]), share.owner, item, MAX_ITEMS, *values)
    if item is not None and not found:
        raise errors.NotFound("This link does not have that item.")
    return found


def _condition(share: Opened) -> tuple[str, tuple[Any, ...]]:
    """Return which condition of `_OPENS` holds for a link, and its values."""
    if share.item is not None:
        return "item", (share.item,)
    if share.folder is not None:
        return "folder", (share.folder,)
    if share.channel is not None:
        return "channel", (share.channel, share.channel_site)
    return "search", (search_terms.wanted(share.search or ""),)


async def count(share: Opened, address: str) -> None:
    """Count that the link was opened."""
    row = await engine.fetchrow(_COUNT, share.id)
    if row is not None and row["fresh"]:
        await audit.record("share_opened", share.owner, address, share=share.id)
