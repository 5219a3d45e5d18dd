"""Remove downloads that were cleared long ago, so that their table stays small."""

from piccolo.querystring import QueryString

from mediafetcher.db.tables import Download
from mediafetcher.library.storage import clock_guard

_DAYS = 30  # days for a download that was cleared from the list; it may be retried until then
_SLICE = 500  # rows that one statement removes


async def remove_cleared() -> int:
    """Remove ended downloads that were cleared long ago; none while a clock is in doubt. Returns: how many."""
    now = await clock_guard.now()
    if now is None:
        return 0
    removed = 0
    while True:
        table, latest = Download, QueryString("to_timestamp({}::float8)", now.theirs - _DAYS * 86_400)
        ended = table.state.is_in(["done", "failed", "cancelled"])
        some = table.select(table.id).where(table.cleared_at <= latest, ended).order_by(table.id).limit(_SLICE)
        rows = await table.delete().where(table.id.is_in(some)).returning(table.id)
        removed += len(rows)
        if len(rows) < _SLICE:
            return removed
