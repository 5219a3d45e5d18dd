"""Remove rows that no user sees after a while, so that tables stay small: cleared downloads, unused sources."""

from piccolo.querystring import QueryString

from mediafetcher.db import engine
from mediafetcher.db.tables import Download
from mediafetcher.library.storage import clock_guard, running

_DAYS = 30  # days for a download that was cleared from the list; it may be retried until then
SOURCE_DAYS = 30  # days for a source that has no file and no references
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


# Rows that another transaction uses are skipped.
_REMOVE_SOURCES = """
delete from source where id in (
  select s.id from source s where s.media_file is null and s.touched_at <= to_timestamp($1)
    and s.touched_running_seconds <= mf_running_seconds() - $2
    and not exists (select from library_item i where i.source = s.id)
    and not exists (select from blocked_source n where n.source = s.id)
    and not exists (select from download d where d.url = s.url)
  order by s.id limit $3 for update skip locked)
returning id
"""


async def remove_unused_sources() -> int:
    """Remove sources without a file that no item, download or blocklist refers to. None while a clock is in doubt.

    Returns:
        How many sources were removed.
    """
    now = await clock_guard.now()
    if now is None:
        return 0
    period, removed = SOURCE_DAYS * 86_400.0, 0
    while True:
        rows = await engine.fetch(_REMOVE_SOURCES, now.theirs - period, running.least(period), _SLICE)
        removed += len(rows)
        if len(rows) < _SLICE:
            return removed
