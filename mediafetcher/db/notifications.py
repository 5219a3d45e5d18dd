"""Notify every process of an installation, by the NOTIFY of PostgreSQL. listener.py receives what is sent here."""

import json
from typing import Any

from mediafetcher.db import engine, listener

_PAYLOAD = 7900  # bytes; the server takes less than 8000


async def notify(kind: str, payload: Any = None) -> None:
    """Notify every process of an event, including this one; inside a transaction, when that commits.

    A list that is too long for one message is split; anything else that is too long is sent without payload.
    """
    text = json.dumps([kind, payload], separators=(",", ":"))
    if len(text.encode()) <= _PAYLOAD:
        await engine.function("pg_notify", listener.CHANNEL, text)
    elif isinstance(payload, list) and len(payload) > 1:
        middle = len(payload) // 2
        await notify(kind, payload[:middle])
        await notify(kind, payload[middle:])
    else:
        await notify(kind)
