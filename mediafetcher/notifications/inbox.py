"""The notifications of a user on the page, and the events that no trigger can record."""

import json
from typing import Any

from piccolo.querystring import QueryString

from mediafetcher.db import notifications
from mediafetcher.db.expressions import NOW, ago
from mediafetcher.db.tables import Notification, NotificationDelivery
from mediafetcher.notifications import event_types

_DAY = 86_400.0  # seconds
KEEP_DAYS = 90
_KEEP_EACH = 1000  # notifications of one user
_KEEP_DELIVERIES_DAYS = 7
_REMOVED_AT_ONCE = 5000  # rows


async def record(owner: int, type: str, data: dict[str, Any]) -> None:
    """Record an event of a user, in the open transaction if there is one; a trigger adds the deliveries."""
    if type not in event_types.ALL:
        raise ValueError(f"event_types.ALL does not have {type}")
    await Notification.insert(Notification(owner=owner, type=type, data=json.dumps(data)))


async def page(
    owner: int, *, before: int | None = None, limit: int = 50, unread: bool = False
) -> tuple[list[dict[str, Any]], int | None]:
    """Return notifications, newest first, and the `before` of the next page or None."""
    table, read = Notification, QueryString("read_at is not null").as_alias("read")
    chosen = table.select(table.id, table.type, table.data, table.at, read).where(table.owner == owner)
    if before is not None:
        chosen = chosen.where(table.id < before)
    if unread:
        chosen = chosen.where(table.read_at.is_null())
    rows = await chosen.order_by(table.id, ascending=False).limit(limit + 1)
    return rows[:limit], rows[limit - 1]["id"] if len(rows) > limit else None


async def unread(owner: int) -> int:
    """Return how many notifications of the user are unread."""
    table = Notification
    return int(await table.count().where(table.owner == owner, table.read_at.is_null()))


async def mark_read(owner: int, ids: list[int] | None, until: int | None) -> None:
    """Mark these as read, or all up to `until`, or all."""
    table = Notification
    chosen = table.update({table.read_at: NOW}).where(table.owner == owner, table.read_at.is_null())
    if ids is not None:
        chosen = chosen.where(table.id.is_in(ids or [0]))
    if until is not None:
        chosen = chosen.where(table.id <= until)
    await chosen
    await notifications.notify("notification", {"owner": owner})


async def remove_old() -> None:
    """Remove what is older than `KEEP_DAYS`, the excess of a user, and deliveries that ended a week ago."""
    table, delivery = Notification, NotificationDelivery
    ended = (delivery.state != "waiting") & (delivery.ended_at < ago(_KEEP_DELIVERIES_DAYS * _DAY))
    some = delivery.select(delivery.id).where(ended).limit(_REMOVED_AT_ONCE)
    await delivery.delete().where(delivery.id.is_in(some))
    old = table.select(table.id).where(table.at < ago(KEEP_DAYS * _DAY)).limit(_REMOVED_AT_ONCE)
    await table.delete().where(table.id.is_in(old))
    for row in await table.select(table.owner).distinct():
        newest_first = table.select(table.id).where(table.owner == row["owner"]).order_by(table.id, ascending=False)
        await table.delete().where(table.id.is_in(newest_first.offset(_KEEP_EACH)))
