"""A database that is a copy of another begins a lineage of its own before any program opens it.

It is frozen until a user decides, and its rows about files without references count for nothing: the
original database may have given those files a reference again.
"""

from typing import Any, Literal

import asyncpg

from mediafetcher.core import errors
from mediafetcher.db.migrations.m0016_ownership import INSTALLATION

Reason = Literal["restored", "moved", "cloned", "rebuilt"]

DETAILS: dict[str, str] = {
    "restored": "The database was restored from a backup.",
    "moved": "The database was moved to another server.",
    "cloned": "This installation is a copy of another one.",
    "rebuilt": "The library was rebuilt from the media folder.",
}


async def begin(dsn: str, reason: Reason) -> None:
    """Begin a new lineage in the database at `dsn`, also in one of an older version. Raises: `DatabaseAway`."""
    try:
        connection = await asyncpg.connect(dsn, timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise errors.DatabaseAway(f"The database does not answer ({error}): is it running?") from error
    try:
        async with connection.transaction():
            await begin_in(connection, reason)
    finally:
        await connection.close(timeout=5)


# It runs on a connection of its own, before the pool exists.
_BEGIN_LINEAGE = """
update installation set id = gen_random_uuid(), lineage = gen_random_uuid(), settling = false,
  number = null, nonce = null, pending_nonce = null,
  frozen_reason = $1, frozen_detail = $2, frozen_at = now()
"""


async def begin_in(connection: Any, reason: Reason) -> None:
    """Do the same on an open connection, in the caller's transaction."""
    await connection.execute(INSTALLATION)
    # A new id: names in incoming/ contain it, and this installation may not remove the other one's files.
    await connection.execute(
        _BEGIN_LINEAGE,
        reason,
        DETAILS[reason],
    )
