"""The trail: who signed in, failed, made a token, changed a person. Facts never hold a secret."""

import json
from typing import Any

from mediafetcher.base import log
from mediafetcher.db import engine

_log = log.get("audit")


async def record(act: str, owner: int | None = None, address: str | None = None, **facts: Any) -> None:
    """Keep one act, in the transaction that is open, if one is."""
    await engine.execute(
        "INSERT INTO audit_event (owner, act, address, facts) VALUES ($1, $2, $3, $4::text::jsonb)",
        owner,
        act,
        address,
        json.dumps(facts),
    )
    _log.info("act", act=act, user=owner, address=address, **facts)
