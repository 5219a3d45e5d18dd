"""Presets of a user: named options for downloads and subscriptions. Options that are given beside one win over its.

An option that is given as its default (`"audio": null`, `"sponsorblock": false`) was given too: it switches that of a
preset off. So the names of the given options are kept beside their values.
"""

import json
from typing import Any, NamedTuple

import msgspec

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.db.expressions import NOW, same_text
from mediafetcher.db.tables import Preset, Subscription
from mediafetcher.fetch.options import Options

MAX_PRESETS = 100  # of one user
MAX_NAME = 60  # characters


class Chosen(NamedTuple):
    """Options, and the names of those that were given, also if their value is the default."""

    options: Options = Options()
    names: frozenset[str] = frozenset()


def as_chosen(options: Options | Chosen | None) -> Chosen:
    return options if isinstance(options, Chosen) else Chosen(options or Options())


def stated(options: Options | Chosen | None) -> dict[str, Any]:
    """Return options as they are stored: those that were given, and those that differ from their default."""
    values, names = as_chosen(options)
    changed: dict[str, Any] = msgspec.to_builtins(values)
    return changed | {name: msgspec.to_builtins(getattr(values, name)) for name in names - changed.keys()}


async def page(owner: int) -> list[dict[str, Any]]:
    """Return the presets of a user by name: `name` and `options`."""
    table = Preset
    rows = await table.select(table.name, table.options).where(table.owner == owner).order_by(table.name)
    return [{"name": row["name"], "options": _decoded(row["options"])} for row in rows]


async def get(name: str, owner: int) -> dict[str, Any]:
    """Return one preset: `id`, `name` and `options`. Raises: `NotFound`."""
    table = Preset
    row = (
        await table.select(table.id, table.name, table.options)
        .where(table.owner == owner, same_text(table.name, name.strip()))
        .first()
    )
    if row is None:
        raise errors.NotFound(f"There is no preset {name.strip()[:MAX_NAME]!r}.")
    return row | {"options": _decoded(row["options"])}


async def save(name: str, owner: int, options: Options | Chosen) -> dict[str, Any]:
    """Make or replace a preset. Returns: it. Raises: `Invalid`, also if a subscription's own options contradict it."""
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME or "/" in name:
        raise errors.Invalid(f"The name of a preset has 1 to {MAX_NAME} characters, and no slash.")
    values = as_chosen(options).options
    if values.playlist is not None or values.clip:
        raise errors.Invalid("The options of a preset cannot have `playlist`, `start` or `end`.")
    given = stated(options)
    table = Preset
    async with engine.transaction():
        id = await _save(name, owner, json.dumps(given))
        if await table.count().where(table.owner == owner) > MAX_PRESETS:
            raise errors.Invalid(f"You have {MAX_PRESETS} presets. Remove one first.")
        follows = Subscription
        for row in await follows.select(follows.title, follows.options).where(follows.preset == id):
            try:
                merged(given, _decoded(row["options"]))
            except errors.Invalid as problem:
                raise errors.Invalid(f"The subscription {row['title']!r} contradicts it: {problem.detail}") from None
    return {"name": name, "options": given}


async def _save(name: str, owner: int, options: str) -> int:
    """Write a preset. Returns: its id."""
    table = Preset
    added = table.insert(table(owner=owner, name=name, options=options))
    rows = await added.on_conflict(action="DO NOTHING").returning(table.id)
    if not rows:  # the index of names regards no case
        changed: dict[Any, Any] = {table.name: name, table.options: options, table.updated_at: NOW}
        rows = await table.update(changed).where(table.owner == owner, same_text(table.name, name)).returning(table.id)
    return int(rows[0]["id"])


async def remove(name: str, owner: int) -> None:
    """Remove a preset. Subscriptions that used it keep their own options. Raises: `NotFound`."""
    found = await get(name, owner)
    await Preset.delete().where(Preset.id == found["id"])


async def with_preset(name: str | None, owner: int, own: Options | Chosen | None) -> Chosen:
    """Return options with those of a preset below them. Raises: `NotFound`, `Invalid`."""
    if not name:
        return as_chosen(own)
    return merged((await get(name, owner))["options"], stated(own))


def merged(preset: dict[str, Any], own: dict[str, Any]) -> Chosen:
    """Return the options of a preset with a wish's own ones above them. Raises: `Invalid` if they contradict.

    A height of its own is that of a picture, so it switches `audio` of the preset off.
    """
    both = preset | ({"audio": None} if own.get("max_height") and preset.get("audio") else {}) | own
    try:
        return Chosen(msgspec.convert(both, Options), frozenset(both))
    except msgspec.ValidationError as error:
        raise errors.Invalid(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None


def _decoded(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return found
