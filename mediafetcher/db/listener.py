"""Receive notifications of the database on a connection of their own, and publish them as events of this process."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import asyncpg

from mediafetcher.core import events, logging
from mediafetcher.db import liveness

CHANNEL = "mediafetcher"
_FIRST_PAUSE = 0.1  # seconds before another listening connection is tried; doubled each time

_log = logging.get("database")


def _received(_connection: Any, _pid: int, _channel: str, text: str) -> None:
    try:
        kind, payload = json.loads(text)
    except ValueError:
        _log.warning("a notification that is not ours", length=len(text))
        return
    events.publish(kind, payload)


async def listen(config: Mapping[str, Any], listening: asyncio.Event, cut_idle: Callable[[], None]) -> None:
    """Keep one connection that listens; if it breaks, open another and report that events may be missing.

    `listening` is set when the first one listens, or cannot be opened. `cut_idle` is called if the server is silent.
    """
    pause, first = _FIRST_PAUSE, True
    while True:
        connection = None
        try:
            ended = asyncio.Event()
            connection = await asyncpg.connect(**config)
            liveness.guard(connection)
            connection.add_termination_listener(lambda _connection, ended=ended: ended.set())
            await connection.add_listener(CHANNEL, _received)
            if not first:
                events.publish("reconnected")
            first, pause = False, _FIRST_PAUSE
            listening.set()
            await liveness.heartbeat(connection, ended)
            _log.warning("the database closed the connection")
        except (*liveness.GONE, asyncpg.PostgresError, asyncpg.InterfaceError):
            if pause == _FIRST_PAUSE and not first:
                _log.warning("the database does not answer")
            cut_idle()
            pause = min(5.0, pause * 2)
        finally:
            listening.set()  # other work is possible without notifications
            if connection is not None:
                connection.terminate()
        await asyncio.sleep(pause)
