"""Preferences of a user for the page: the same in every browser. The API checks names and values."""

import json
from typing import Any

from piccolo.querystring import QueryString

from mediafetcher.db.tables import User


async def get(user_id: int) -> dict[str, Any]:
    """Return the preferences that the user has chosen."""
    row = await User.select(User.preferences).where(User.id == user_id).first()
    return _decoded(row["preferences"] if row else {})


async def change(user_id: int, values: dict[str, Any]) -> dict[str, Any]:
    """Change some preferences; None removes one. Returns: all preferences of the user."""
    # The server merges the change: two browsers that change different preferences both keep theirs.
    merged = QueryString("jsonb_strip_nulls(preferences || {}::jsonb)", json.dumps(values))
    changed = User.update({User.preferences: merged}).where(User.id == user_id).returning(User.preferences)
    rows = await changed
    return _decoded(rows[0]["preferences"] if rows else None)


def _decoded(value: Any) -> dict[str, Any]:
    return json.loads(value) if isinstance(value, str) else dict(value or {})
