"""How far a user has watched the files of items."""

from mediafetcher.core import errors
from mediafetcher.db import engine, many
from mediafetcher.db.expressions import NOW, among
from mediafetcher.db.tables import LibraryItem, MediaFile, Watch

BEGUN = 5.0  # seconds: less is not worth continuing
SEEN = 0.95  # watched to this fraction counts as watched to the end
END = 10_000_000.0  # seconds: the last position, and that of a watched file whose duration is unknown

# Whether a file (`m`) is watched to the end, by the row of its position (`w`).
IS_SEEN = f"w.position >= coalesce(nullif(m.duration, 0) * {SEEN}, {END})"
# The file of the item, and the position, in one round trip: players report it all the time.
_WATCHED = """
insert into watch (owner, media_file, position) select $2, media_file, $3 from library_item
  where id = $1 and owner = $2
  on conflict (owner, media_file) do update set position = excluded.position, updated_at = now() returning 1
"""


def is_seen(position: float | None, duration: float | None) -> bool:
    """Return whether a file is watched to the end, as `IS_SEEN` does."""
    return position is not None and position >= (duration * SEEN if duration else END)


async def report(id: int, owner: int, position: float) -> None:
    """Store how far a user has watched the item's file, in seconds. Raises: `NotFound`."""
    if await engine.fetchval(_WATCHED, id, owner, position) is None:
        raise errors.NotFound("This item does not exist.")


_ANOTHER_POSITION = (
    "on conflict (owner, media_file) do update set position = excluded.position, updated_at = now()"
    " where watch.position <> excluded.position"
)


async def mark(owner: int, items: list[int], *, seen: bool) -> int:
    """Mark the files of items as watched to the end, or as not begun, in the caller's transaction.

    Returns: how many files have another position now.
    """
    item, file, watch = LibraryItem, MediaFile, Watch
    of_items = item.select(item.media_file).where(item.owner == owner, among(item.id, items))
    # In one order: several browsers of a user may mark the same files at the same time.
    files = await file.select(file.id, file.duration).where(file.id.is_in(of_items)).order_by(file.id)
    keys = [row["id"] for row in files]
    if seen:
        values: many.Values = {
            watch.owner: [owner] * len(keys),
            watch.media_file: keys,
            watch.position: [row["duration"] or END for row in files],
        }
        return len(await many.insert(watch, values, conflict=_ANOTHER_POSITION, returning=[watch.media_file]))
    begun = (
        await watch.select(watch.id)
        .where(watch.owner == owner, among(watch.media_file, keys), watch.position > 0)
        .order_by(watch.media_file)
        .lock_rows("UPDATE")
    )
    rows = [row["id"] for row in begun]
    await watch.update({watch.position: 0.0, watch.updated_at: NOW}).where(among(watch.id, rows))
    return len(rows)
