"""The trail: who signed in, failed, made a token, changed a person. Facts never hold a secret.

`ACTS` is the whole of it: an act that does not stand there is refused, and a test does each of them and finds its row.
"""

import json
from typing import Any

from mediafetcher.core import logging
from mediafetcher.db import engine

ACTS: dict[str, str] = {
    "setup_completed": "the first administrator was made with the one-time code",
    "setup_failed": "a wrong one-time code",
    "signed_in": "with a password, or by a trusted proxy's header (`via`)",
    "sign_in_failed": "a wrong name or password",
    "password_refused": "a wrong present password where a new one was to be set",
    "signed_out": "a session was ended",
    "token_made": "a token for programs, with its scopes",
    "token_removed": "a token was ended",
    "user_added": "a person",
    "user_removed": "a person",
    "password_set": "a new password; the other sessions ended",
    "admin_set": "made or unmade an administrator",
    "quota_set": "how many bytes may be charged to a person",
    "cookies_kept": "cookies of a site were taken in",
    "cookies_removed": "cookies of a site were forgotten",
    "key_rotated": "every jar was sealed with a new key",
    "pairing_offered": "a pairing code was shown",
    "pairing_failed": "a wrong pairing code",
    "device_paired": "a browser extension",
    "device_refused": "a message of a device that is not paired",
    "settings_changed": "limits and defaults of the installation",
    "store_decided": "who owns the media folder was decided",
    "ytdlp_changed": "another yt-dlp was asked for",
    "device_removed": "a device's messages are taken no more",
}

_log = logging.get("audit")


async def record(act: str, owner: int | None = None, address: str | None = None, **facts: Any) -> None:
    """Keep one act, in the transaction that is open, if one is."""
    if act not in ACTS:
        raise ValueError(f"audit.ACTS does not have {act}")
    await engine.execute(
        "INSERT INTO audit_event (owner, act, address, facts) VALUES ($1, $2, $3, $4::text::jsonb)",
        owner,
        act,
        address,
        json.dumps(facts),
    )
    _log.info("act", act=act, user=owner, address=address, **facts)


async def page(limit: int = 100, act: str | None = None, before: int | None = None) -> list[dict[str, Any]]:
    """The last acts, newest first: id, at, act, person (name or None), address, facts. `before`: older ones."""
    rows = await engine.fetch(
        "SELECT e.id, e.at, e.act, a.name AS person, e.address, e.facts::text AS facts FROM audit_event e "
        "LEFT JOIN account a ON a.id = e.owner WHERE ($2::text IS NULL OR e.act = $2) "
        "AND ($3::bigint IS NULL OR e.id < $3) ORDER BY e.id DESC LIMIT $1",
        limit,
        act,
        before,
    )
    return [row | {"facts": json.loads(row["facts"])} for row in rows]
