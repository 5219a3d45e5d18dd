"""Preferences of a user for the page: the same in every browser. The API checks names and values."""

import json
from typing import Any

from mediafetcher.db import engine
from mediafetcher.db.tables import User

# Piccolo writes no expression into a JSON column. The server merges, so two browsers both keep their changes.
_CHANGE = """
update account set preferences = jsonb_strip_nulls(preferences || $2::jsonb) where id = $1 returning preferences
"""


async def get(user_id: int) -> dict[str, Any]:
    """Return the preferences that the user has chosen."""
    row = await User.select(User.preferences).where(User.id == user_id).first()
    return _decoded(row["preferences"] if row else {})


async def change(user_id: int, values: dict[str, Any]) -> dict[str, Any]:
    """Change some preferences; None removes one. Returns: all preferences of the user."""
    return _decoded(await engine.fetchval(_CHANGE, user_id, json.dumps(values)))


def _decoded(value: Any) -> dict[str, Any]:
    return json.loads(value) if isinstance(value, str) else dict(value or {})
