"""The notifications of a user on the page, and the events that no trigger can record."""

import json
from typing import Any

from piccolo.querystring import QueryString

from mediafetcher.db import engine
from mediafetcher.db.tables import Notification
from mediafetcher.notifications import event_types

KEEP_DAYS = 90
_KEEP_EACH = 1000  # notifications of one user
_KEEP_DELIVERIES_DAYS = 7
_REMOVED_AT_ONCE = 5000  # rows

_PAGE = """
select id, type, data::text as data, at, read_at is not null as read from notification
where owner = $1 and ($2::bigint is null or id < $2) and (not $4 or read_at is null) order by id desc limit $3
"""
_REMOVE_OLD = """
delete from notification where id in (select id from notification where at < now() - make_interval(days => $1)
  limit $2)
"""
# The newest of each user stay.
_REMOVE_MANY = """
delete from notification n using account a where n.owner = a.id and n.id <=
  (select id from notification where owner = a.id order by id desc offset $1 limit 1)
"""
_REMOVE_DELIVERIES = """
delete from notification_delivery where id in (select id from notification_delivery where state <> 'waiting'
  and ended_at < now() - make_interval(days => $1) limit $2)
"""


async def record(owner: int, type: str, data: dict[str, Any]) -> None:
    """Record an event of a user, in the open transaction if there is one; a trigger adds the deliveries."""
    if type not in event_types.ALL:
        raise ValueError(f"event_types.ALL does not have {type}")
    await Notification.insert(Notification(owner=owner, type=type, data=json.dumps(data)))


async def page(
    owner: int, *, before: int | None = None, limit: int = 50, unread: bool = False
) -> tuple[list[dict[str, Any]], int | None]:
    """Return notifications, newest first, and the `before` of the next page or None."""
    rows = await engine.fetch(_PAGE, owner, before, limit + 1, unread)
    shown = [row | {"data": json.loads(row["data"])} for row in rows[:limit]]
    return shown, shown[-1]["id"] if len(rows) > limit else None


async def unread(owner: int) -> int:
    """Return how many notifications of the user are unread."""
    table = Notification
    return int(await table.count().where(table.owner == owner, table.read_at.is_null()))


async def mark_read(owner: int, ids: list[int] | None, until: int | None) -> None:
    """Mark these as read, or all up to `until`, or all."""
    table = Notification
    chosen = table.update({table.read_at: QueryString("now()")}).where(table.owner == owner, table.read_at.is_null())
    if ids is not None:
        chosen = chosen.where(table.id.is_in(ids or [0]))
    if until is not None:
        chosen = chosen.where(table.id <= until)
    await chosen
    await engine.notify("notification", {"owner": owner})


async def remove_old() -> None:
    """Remove what is older than `KEEP_DAYS`, the excess of a user, and deliveries that ended a week ago."""
    await engine.execute(_REMOVE_DELIVERIES, _KEEP_DELIVERIES_DAYS, _REMOVED_AT_ONCE)
    await engine.execute(_REMOVE_OLD, KEEP_DAYS, _REMOVED_AT_ONCE)
    await engine.execute(_REMOVE_MANY, _KEEP_EACH)
