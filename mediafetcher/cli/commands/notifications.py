"""Commands for notifications: notify add, set, list, test, remove."""

import argparse
import json
from typing import Any

from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.cli.commands.owner import owner_of
from mediafetcher.core import errors
from mediafetcher.notifications import targets
from mediafetcher.notifications.quiet_hours import QuietHours


async def notify(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await owner_of(asked)
    if asked.action == "add":
        url = (stdin or "") if asked.url == "-" else asked.url
        given = {"name": asked.name, "language": asked.language, "quiet": _quiet(asked)}
        chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        made = await targets.add(owner, url, asked.event or [], **chosen)
        out.line(json.dumps(made) if asked.json else _made(made))
    elif asked.action == "set":
        row = await targets.change(asked.target, owner, _changes(asked))
        out.line(json.dumps(row, default=str) if asked.json else _row(row))
    elif asked.action == "list":
        for row in await targets.page(owner):
            out.line(json.dumps(row, default=str) if asked.json else _row(row))
    elif asked.action == "test":
        answer = await targets.test(asked.target, owner)
        out.line(json.dumps({"answer": answer}) if asked.json else f"The answer was: {answer}")
        return 0 if answer == "ok" else 1
    else:
        await targets.remove(asked.target, owner)
        out.line(json.dumps({"removed": asked.target}) if asked.json else "The target is removed.")
    return 0


def _quiet(asked: argparse.Namespace) -> QuietHours | None:
    """Read `HH:MM-HH:MM`. Raises: `UsageError`."""
    if asked.quiet is None:
        if asked.timezone is not None:
            raise errors.UsageError("--timezone belongs to quiet hours: give --quiet too.")
        return None
    start, dash, end = asked.quiet.partition("-")
    if not dash:
        raise errors.UsageError("Quiet hours are written like 22:00-07:00.")
    return QuietHours(start.strip(), end.strip(), asked.timezone)


def _changes(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the fields that are to change. Raises: `UsageError`."""
    given = {"events": asked.event, "name": asked.name, "language": asked.language, "enabled": asked.enabled}
    changes = {name: value for name, value in given.items() if value is not None}
    quiet = _quiet(asked)
    if quiet is not None and asked.no_quiet:
        raise errors.UsageError("Give either --quiet or --no-quiet.")
    if quiet is not None or asked.no_quiet:
        changes["quiet"] = quiet
    if not changes:
        raise errors.UsageError("Name what is to change: --event, --name, --language, --quiet, --on or --off.")
    return changes


def _made(made: dict[str, Any]) -> str:
    signed = f" Its webhooks are signed with {made['secret']}, which is not shown again." if made["secret"] else ""
    return f"Target {made['id']} is added: `mediafetcher notify test {made['id']}` tries it.{signed}"


def _row(row: dict[str, Any]) -> str:
    state = "off" if not row["enabled"] else row["last_answer"] or "nothing was sent yet"
    waiting = f", {row['waiting']} waiting" if row["waiting"] else ""
    quiet = f", quiet from {row['quiet']['start']} to {row['quiet']['end']}" if row["quiet"] else ""
    return f"{row['id']:>6}  {row['name'] or row['label']}: {', '.join(row['events'])}{quiet}; {state}{waiting}"
