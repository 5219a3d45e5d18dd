"""The rows of sources: the keys by which a file is known. downloads/dedup.py decides who may know which."""

from mediafetcher.db import engine, many
from mediafetcher.db.tables import LibraryItem, Source
from mediafetcher.library.storage import clock_guard, running

DAYS = 30  # days for a source that has no file and no references
_SLICE = 500  # rows that one statement removes


async def ensure(key: str, url: str) -> int:
    """Find the row of a source, or insert it. Returns: its id."""
    source = Source.insert(Source(key=key, url=url))
    rows = await source.on_conflict(Source.key, "DO UPDATE", (Source.url,)).returning(Source.id)
    return int(rows[0]["id"])


_FILE_CHANGED = (
    "on conflict (key) do update set media_file = excluded.media_file,"
    " metadata = coalesce(excluded.metadata, source.metadata)"
)


async def remember(keys: list[str], url: str, item: int, *, with_metadata: bool = False) -> None:
    """Record that these sources have the file of this item; `with_metadata`: and its metadata."""
    shown = await LibraryItem.select(LibraryItem.media_file, LibraryItem.metadata).where(LibraryItem.id == item).first()
    if shown is None:
        return
    known, metadata = sorted(set(keys)), shown["metadata"] if with_metadata else None
    values: many.Values = {
        Source.key: known,
        Source.url: [url] * len(known),
        Source.media_file: [shown["media_file"]] * len(known),
        Source.metadata: [metadata] * len(known),
    }
    await many.insert(Source, values, conflict=_FILE_CHANGED)


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


async def remove_unused() -> int:
    """Remove sources without a file that no item, download or blocklist refers to. None while a clock is in doubt.

    Returns:
        How many sources were removed.
    """
    now = await clock_guard.now()
    if now is None:
        return 0
    period, removed = DAYS * 86_400.0, 0
    while True:
        rows = await engine.fetch(_REMOVE_SOURCES, now.theirs - period, running.least(period), _SLICE)
        removed += len(rows)
        if len(rows) < _SLICE:
            return removed
