"""The targets of a user: add, list, change and remove. Addresses and secrets are encrypted, and never shown."""

import base64
import datetime
import json
import secrets
from typing import Any

import msgspec

from mediafetcher.accounts import audit
from mediafetcher.accounts.vault import encryption
from mediafetcher.core import daily_hours, errors, settings
from mediafetcher.db import engine
from mediafetcher.db.tables import NotificationTarget
from mediafetcher.notifications import addresses, event_types, messages, sender
from mediafetcher.notifications.quiet_hours import QuietHours
from mediafetcher.notifications.sender import Sealed

MAX_TARGETS = 20  # of one user
_KEEP = ("name", "events", "language", "quiet", "enabled")  # columns that a change may set

# A target with its waiting messages and last answers, in one round trip.
_PAGE = """
select t.id, t.name, t.kind, t.label, t.events, t.language, t.quiet::text as quiet, t.enabled, t.created_at,
  t.failures, t.last_at, t.last_answer,
  (select count(*) from notification_delivery d where d.target = t.id and d.state = 'waiting') as waiting,
  (select coalesce(json_agg(json_build_object('at', e.ended_at, 'state', e.state, 'answer', e.answer,
      'type', n.type) order by e.ended_at desc), '[]')::text
    from (select * from notification_delivery d where d.target = t.id and d.state <> 'waiting'
      order by d.ended_at desc limit 10) e left join notification n on n.id = e.notification) as answers
from notification_target t where t.owner = $1 and ($2::bigint is null or t.id = $2) order by t.id
"""


async def add(
    owner: int,
    url: str,
    events: list[str],
    *,
    name: str = "",
    language: messages.Language = "en",
    quiet: QuietHours | None = None,
    address: str | None = None,
) -> dict[str, Any]:
    """Add a target. Returns: `id`, and the `secret` that signs webhooks, or None. The secret is never shown again.

    Raises: `UnsupportedTarget`, `TargetNotAllowed`, `TooManyTargets`, `Invalid`.
    """
    found = addresses.parse(url, settings.get().allow_hosts)
    wanted = _valid_events(events, needed=found.kind not in addresses.MEDIA_SERVERS)
    _require_name(name)
    if quiet is not None:
        daily_hours.require_valid(quiet)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode() if found.kind == "webhook" else ""
    sealed = Sealed(found.url, secret)
    await sender.check(found.kind, sealed)
    async with engine.transaction():
        await _require_few(owner)
        row = NotificationTarget(
            owner=owner,
            name=name.strip(),
            kind=found.kind,
            label=found.label,
            ciphertext=b"",
            events=wanted,
            language=language,
            quiet=_json(quiet),
        )
        await row.save()
        table = NotificationTarget
        await table.update({table.ciphertext: _seal(sealed, owner, row.id)}).where(table.id == row.id)
        await audit.record("target_added", owner, address, target=row.id, kind=found.kind)
    return {"id": row.id, "secret": secret or None}


async def page(owner: int, id: int | None = None) -> list[dict[str, Any]]:
    """Return each target without its secrets, with the number of waiting messages and the last ten answers."""
    rows = await engine.fetch(_PAGE, owner, id)
    return [
        row
        | {"quiet": json.loads(row["quiet"]) if row["quiet"] else None, "answers": json.loads(row["answers"])}
        for row in rows
    ]  # fmt: skip


async def change(id: int, owner: int, values: dict[str, Any], address: str | None = None) -> dict[str, Any]:
    """Change name, events, language, quiet hours, or whether it is enabled. Raises: `NotFound`, `Invalid`."""
    row = await _get(id, owner)
    given: dict[Any, Any] = {name: value for name, value in values.items() if name in _KEEP}
    if "events" in given:
        given["events"] = _valid_events(given["events"], needed=row["kind"] not in addresses.MEDIA_SERVERS)
    if given.get("quiet") is not None:
        daily_hours.require_valid(given["quiet"])
    if "quiet" in given:
        given["quiet"] = _json(given["quiet"])
    if "name" in given:
        _require_name(given["name"])
    table = NotificationTarget
    if given:
        async with engine.transaction():
            await table.update(given).where(table.id == id, table.owner == owner)
            await audit.record("target_changed", owner, address, target=id, names=sorted(given))
    return (await page(owner, id))[0]


async def remove(id: int, owner: int, address: str | None = None) -> None:
    """Remove a target with its waiting messages. Raises: `NotFound`."""
    await _get(id, owner)
    table = NotificationTarget
    async with engine.transaction():
        await table.delete().where(table.id == id, table.owner == owner)
        await audit.record("target_removed", owner, address, target=id)


async def test(id: int, owner: int) -> str:
    """Send a test message at once. Returns: `ok`, or a short code of the error. Raises: `NotFound`."""
    row = await _get(id, owner)
    sealed = unseal(row["ciphertext"], owner, id)
    if sealed is None:
        return "sealed"
    said = messages.test(row["language"])
    number = secrets.token_hex(16)
    body = {"type": "test", "timestamp": await _now(), "data": {}}
    message = {
        "id": f"msg_{number}",
        "body": json.dumps(body),
        "title": said.title,
        "text": said.body,
        "level": said.level,
    }
    async for result in sender.send(row["kind"], sealed, [message]):
        return result.answer
    return "crashed"


async def _now() -> str:
    """Return the time of the database, as webhooks show it."""
    now: datetime.datetime = await engine.function("now")
    return now.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _get(id: int, owner: int) -> dict[str, Any]:
    table = NotificationTarget
    row = await table.select().where(table.id == id, table.owner == owner).first()
    if row is None:
        raise errors.NotFound("There is no such target.")
    return dict(row)


async def _require_few(owner: int) -> None:
    table = NotificationTarget
    if await table.count().where(table.owner == owner) >= MAX_TARGETS:
        raise errors.TooManyTargets()


def _require_name(name: str) -> None:
    if len(name) > 100:
        raise errors.Invalid("The name of a target has at most 100 characters.")


def _valid_events(events: list[str], *, needed: bool) -> list[str]:
    wanted = sorted(set(event_types.ALL if "all" in events else events))
    if unknown := [name for name in wanted if name not in event_types.ALL]:
        raise errors.Invalid(f"{unknown[0][:50]} is no event: they are {', '.join(event_types.ALL)}.")
    if needed and not wanted:
        raise errors.Invalid("A target needs at least one event.")
    return wanted


def _json(quiet: QuietHours | None) -> str | None:
    return None if quiet is None else msgspec.json.encode(quiet).decode()


# ---- sealing ---------------------------------------------------------------------------------------------


def _place(owner: int, id: int) -> tuple[str, int, int]:
    return ("notification_target", owner, id)


def _seal(sealed: Sealed, owner: int, id: int) -> bytes:
    return encryption.encrypt(msgspec.json.encode(sealed), *_place(owner, id))


def unseal(ciphertext: bytes, owner: int, id: int) -> Sealed | None:
    """Decrypt the address and secret. Returns: None if our key does not decrypt them."""
    try:
        return msgspec.json.decode(encryption.decrypt(ciphertext, *_place(owner, id)), type=Sealed)
    except encryption.DecryptionError:
        return None


async def seal_again() -> tuple[int, int]:
    """Encrypt every target with the newest key, in the open transaction.

    Returns: how many were encrypted, and how many could not be decrypted. A target is inserted before it is encrypted,
    so the lock of the table leaves none that is encrypted with an old key.
    """
    await engine.lock_table(NotificationTarget)
    table, done, lost = NotificationTarget, 0, 0
    for row in await table.select(table.id, table.owner, table.ciphertext):
        sealed = unseal(row["ciphertext"], row["owner"], row["id"])
        if sealed is None:
            lost += 1
            continue
        await table.update({table.ciphertext: _seal(sealed, row["owner"], row["id"])}).where(table.id == row["id"])
        done += 1
    return done, lost
