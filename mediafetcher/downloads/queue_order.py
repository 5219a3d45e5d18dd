"""The order in which the downloads of a user start, as the user sets it."""

from piccolo.columns.combination import WhereRaw

from mediafetcher.core import errors
from mediafetcher.db import engine, many, notifications
from mediafetcher.db.expressions import among
from mediafetcher.db.tables import Download

_HIGHEST = 1000  # of a user's downloads, so that no user is always before the others


async def arrange(ids: list[int], owner: int) -> None:
    """Give downloads priorities so that they start in this order, before all others of the user.

    Raises:
        NotFound: one of them does not exist; nothing changed.
    """
    async with engine.transaction():
        table = Download
        listed = (table.owner == owner) & table.cleared_at.is_null() & table.state.is_in(["queued", "paused"])
        others = listed & WhereRaw("not id = any({})", ids)
        highest = await table.select(table.priority).where(others).order_by(table.priority, ascending=False).first()
        top = max(highest["priority"] if highest is not None else 0, 0) + len(ids) + 1
        if top > _HIGHEST:
            await table.update({table.priority: table.priority - (top - _HIGHEST)}).where(others)
            top = _HIGHEST
        mine = table.select(table.id).where(table.owner == owner, table.cleared_at.is_null(), among(table.id, ids))
        if len(await mine.lock_rows("UPDATE")) != len(ids):
            raise errors.NotFound("One of these downloads does not exist.")
        await many.update(table.id, ids, {table.priority: [top - place for place in range(1, len(ids) + 1)]})
        for id in ids:
            await notifications.notify("download", {"id": id, "owner": owner})
