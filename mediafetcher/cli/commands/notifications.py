"""Commands for notifications: notify add, list, test, remove."""

import argparse
import json
from typing import Any

from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.cli.commands.owner import owner_of
from mediafetcher.notifications import targets


async def notify(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await owner_of(asked)
    if asked.action == "add":
        url = (stdin or "") if asked.url == "-" else asked.url
        made = await targets.add(owner, url, asked.event or [], name=asked.name, language=asked.language)
        out.line(json.dumps(made) if asked.json else _made(made))
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


def _made(made: dict[str, Any]) -> str:
    signed = f" Its webhooks are signed with {made['secret']}, which is not shown again." if made["secret"] else ""
    return f"Target {made['id']} is added: `mediafetcher notify test {made['id']}` tries it.{signed}"


def _row(row: dict[str, Any]) -> str:
    state = "off" if not row["enabled"] else row["last_answer"] or "nothing was sent yet"
    waiting = f", {row['waiting']} waiting" if row["waiting"] else ""
    return f"{row['id']:>6}  {row['name'] or row['label']}: {', '.join(row['events'])}; {state}{waiting}"
