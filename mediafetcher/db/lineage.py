"""A database that is a copy of another begins a lineage of its own before any program opens it.

It is frozen until a user decides, and its rows about files without references count for nothing: the
original database may have given those files a reference again.
"""

from typing import Any, Literal

import asyncpg
from piccolo.columns import Column
from piccolo.querystring import QueryString

from mediafetcher.core import errors
from mediafetcher.db import statements
from mediafetcher.db.expressions import NOW
from mediafetcher.db.migrations.m0016_ownership import INSTALLATION
from mediafetcher.db.tables import Installation

Reason = Literal["restored", "moved", "cloned", "rebuilt"]

DETAILS: dict[str, str] = {
    "restored": "The database was restored from a backup.",
    "moved": "The database was moved to another server.",
    "cloned": "This installation is a copy of another one.",
    "rebuilt": "The library was rebuilt from the media folder.",
}


async def begin(dsn: str, reason: Reason) -> None:
    """Begin a new lineage in the database at `dsn`, also in one of an older version. Raises: `DatabaseUnavailable`."""
    try:
        connection = await asyncpg.connect(dsn, timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise errors.DatabaseUnavailable(
            f"The database is not responding ({error}). Check that it is running."
        ) from error
    try:
        async with connection.transaction():
            await begin_in(connection, reason)
    finally:
        await connection.close(timeout=5)


async def begin_in(connection: Any, reason: Reason) -> None:
    """Do the same on an open connection, in the caller's transaction."""
    await connection.execute(INSTALLATION)
    # A new id: names in incoming/ contain it, and this installation may not remove the other one's files.
    table, fresh = Installation, QueryString("gen_random_uuid()")
    begun: dict[Column | str, Any] = {
        table.id: fresh,
        table.lineage: fresh,
        table.settling: False,
        table.number: None,
        table.nonce: None,
        table.pending_nonce: None,
        table.frozen_reason: reason,
        table.frozen_detail: DETAILS[reason],
        table.frozen_at: NOW,
    }
    await statements.rows(connection, table.update(begun, force=True))
