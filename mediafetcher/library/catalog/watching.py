"""How far a user has watched the files of items."""

from mediafetcher.core import errors
from mediafetcher.db import engine

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
