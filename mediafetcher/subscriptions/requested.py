"""Download an entry that a subscription did not want, because its user requests it."""

from typing import Any

from mediafetcher.core import errors
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW
from mediafetcher.db.tables import SubscriptionEntry
from mediafetcher.downloads import lifecycle, presets
from mediafetcher.subscriptions import entries, subscriptions

_REASON = "requested"


async def download(id: int, entry: int, owner: int) -> dict[str, Any]:
    """Put an entry into the queue, whatever the decision on it was, and remember it with its download.

    The folder and the options are those of the subscription. An entry that runs, or that the library has, stays as it
    is. Returns: the entry. Raises: `NotFound`, and those of `lifecycle.submit`.
    """
    followed = await subscriptions.get(id, owner)
    options = await presets.with_preset(followed["preset"], owner, presets.merged({}, followed["options"]))
    table = SubscriptionEntry
    async with engine.transaction():
        ours = (table.id == entry) & (table.subscription == id)
        row = await table.select(table.url, table.title).where(ours).first().lock_rows("UPDATE")
        shown = await entries.one(entry, owner)
        if row is None or shown is None:
            raise errors.NotFound("There is no such entry.")
        if _is_wanted(shown):
            return shown
        made = await lifecycle.submit(owner, row["url"], followed["folder"], options, title=row["title"])
        values: dict[Any, Any] = {
            table.decision: "done" if made["state"] == "done" else "queued",
            table.reason: _REASON,
            table.decided_at: NOW,
            table.submitted_at: NOW,
            table.removed_at: None,
            table.download: made["id"],
            table.item: made["item"],
        }
        await table.update(values).where(ours)
        await notifications.notify("subscription", {"id": id, "owner": owner, "checked": True})
    found = await entries.one(entry, owner)
    if found is None:
        raise errors.NotFound("There is no such entry.")
    return found


def _is_wanted(shown: dict[str, Any]) -> bool:
    """Tell whether a request changes nothing: the item exists, or its download has not ended."""
    if shown["item"] is not None and not shown["trashed"]:
        return True
    return shown["decision"] == "queued" and shown["state"] not in (None, "failed", "cancelled", "done")
