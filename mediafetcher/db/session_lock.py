"""A lock of the database that one process holds while it lives, on a connection of its own.

The server releases it when that connection ends, for whatever reason. `SessionLock.take` gives it to one process
of all that ask for the same name.
"""

import asyncio
import contextlib
from typing import Any, Self

import asyncpg

from mediafetcher.core import clock, errors
from mediafetcher.db import engine, liveness, statements

_LOOK = 0.1  # seconds between two attempts


class SessionLock:
    """A lock that is held. `lost` is set when its connection has ended."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.lost = asyncio.Event()
        connection.add_termination_listener(lambda _: self.lost.set())
        liveness.guard(connection)
        self._watching = asyncio.create_task(self._watch(), name="session lock")

    @classmethod
    async def take(cls, kind: int, name: str, patience: float) -> Self | None:
        """Take the lock of this kind and name. Returns: None if another process still has it after `patience` seconds.

        The server may need a moment to notice that an earlier holder died. Raises: `DatabaseUnavailable`.
        """
        until = clock.monotonic() + patience
        try:
            connection = await asyncpg.connect(**engine.DB.config)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise errors.DatabaseUnavailable() from error
        try:
            key = await statements.function(connection, "hashtext", name)
            while not await statements.function(connection, "pg_try_advisory_lock", kind, key):
                if clock.monotonic() > until:
                    connection.terminate()
                    return None
                await asyncio.sleep(_LOOK)
            return cls(connection)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            connection.terminate()
            raise errors.DatabaseUnavailable() from error
        except BaseException:
            connection.terminate()
            raise

    async def _watch(self) -> None:
        """End the connection if the server no longer answers on it: then another process may take the lock."""
        try:
            await liveness.heartbeat(self._connection, self.lost)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._connection.terminate()

    async def release(self) -> None:
        self._watching.cancel()
        await asyncio.gather(self._watching, return_exceptions=True)
        with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self._connection.close(timeout=2.0)
        self._connection.terminate()
