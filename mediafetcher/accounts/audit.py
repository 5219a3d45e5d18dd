"""The audit log: sign-ins, failures, and changes of tokens and users. Facts never contain a secret.

`ACTIONS` lists all actions. Others are refused, and a test performs each of them and finds its row.

An event is kept for `DAYS`, and the newest `MOST` of each action, so that a flood of one removes none of another.
"""

import json
from typing import Any

from piccolo.querystring import QueryString

from mediafetcher.core import logging
from mediafetcher.db import engine
from mediafetcher.db.tables import AuditEvent

ACTIONS: dict[str, str] = {
    "setup_completed": "the first administrator was made with the one-time code",
    "setup_failed": "a wrong one-time code",
    "signed_in": "with a password, by a trusted proxy's header or a one-time link (`via`)",
    "link_made": "a one-time link that signs in a browser of this machine",
    "link_refused": "a one-time link that is unknown, used, expired or not for this caller",
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
    "password_kept": "a name and password for a site were taken in",
    "password_forgotten": "a name and password for a site were forgotten",
    "key_rotated": "every jar was sealed with a new key",
    "pairing_offered": "a pairing code was shown",
    "pairing_failed": "a wrong pairing code",
    "device_paired": "a browser extension",
    "device_refused": "a message of a device that is not paired",
    "settings_changed": "limits and defaults of the installation",
    "store_decided": "who owns the media folder was decided",
    "ytdlp_changed": "another yt-dlp was asked for",
    "share_made": "a link that opens an item or a folder to others",
    "share_revoked": "such a link was ended",
    "share_opened": "such a link was used, noted once an hour",
    "share_password_refused": "a wrong password for such a link",
    "target_added": "somewhere a user is notified",
    "target_changed": "what a target is told, and when",
    "target_removed": "a target is notified no longer",
    "device_removed": "a device's messages are taken no more",
}

DAYS = 365
MOST = 10_000  # events of each act
_RUNNING = 86_400.0  # seconds that servers must have run since an event, regardless of the clock


_log = logging.get("audit")


async def record(act: str, owner: int | None = None, address: str | None = None, **facts: Any) -> None:
    """Record one action, in the open transaction if there is one."""
    if act not in ACTIONS:
        raise ValueError(f"audit.ACTS does not have {act}")
    event = AuditEvent(owner=owner, action=act, address=address, facts=json.dumps(facts))
    await AuditEvent.insert(event)
    _log.info("act", act=act, user=owner, address=address, **facts)


async def page(limit: int = 100, act: str | None = None, before: int | None = None) -> list[dict[str, Any]]:
    """List events, newest first: id, at, act, `person` (name or None), address, facts. `before`: older ones."""
    table = AuditEvent
    events = table.select(
        table.id,
        table.at,
        table.action.as_alias("act"),
        table.owner._.name.as_alias("person"),
        table.address,
        table.facts,
    )
    if act is not None:
        events = events.where(table.action == act)
    if before is not None:
        events = events.where(table.id < before)
    return await events.order_by(table.id, ascending=False).limit(limit)


async def remove_old(now: float) -> int:
    """Remove events older than `DAYS` and beyond `MOST` of an action. `now`: seconds since 1970 by a trusted clock.

    Returns: the number of removed events.
    """
    table = AuditEvent
    latest = QueryString("to_timestamp({}::float8)", now - DAYS * 86_400)
    aged = table.running_seconds <= QueryString("mf_running_seconds() - {}", _RUNNING)
    removed = await engine.affected(table.delete().where(table.at <= latest, aged))
    for action in ACTIONS:
        newest_first = table.select(table.id).where(table.action == action).order_by(table.id, ascending=False)
        removed += await engine.affected(table.delete().where(table.id.is_in(newest_first.offset(MOST))))
    return removed
