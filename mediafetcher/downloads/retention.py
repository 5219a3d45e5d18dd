"""Rows of downloads that nobody sees any more go after a while, so that the table does not grow for ever."""

from mediafetcher.db import engine
from mediafetcher.library.storage import clock_guard

_DAYS = 30  # that a download that was cleared from the list is kept; it may be retried until then
_SLICE = 500  # rows that go in one statement


async def remove_cleared() -> int:
    """Remove ended downloads that were cleared long ago -> how many. None while a clock is in doubt."""
    now = await clock_guard.now()
    if now is None:
        return 0
    removed = 0
    while True:
        rows = await engine.fetch(
            "delete from download where id in (select id from download where cleared_at <= to_timestamp($1)"
            "  and state in ('done', 'failed', 'cancelled') order by id limit $2) returning id",
            now.theirs - _DAYS * 86_400,
            _SLICE,
        )
        removed += len(rows)
        if len(rows) < _SLICE:
            return removed
