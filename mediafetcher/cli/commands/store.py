"""Commands for the ownership of the store: status, take, separate, read-only."""

import argparse
import json
from typing import Any

from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.library.storage import decisions
from mediafetcher.ops import store_decision

_CHOICES = """Decide with one of:
  mediafetcher store take       this installation owns the media folder from now on; another one that still runs stops
  mediafetcher store separate   a store folder of its own below the media folder; its library begins empty
  mediafetcher store read-only  everything plays, nothing is written"""


async def manage(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    status = await (decisions.status() if asked.action == "status" else store_decision.decide(asked.action))
    if asked.json:
        out.line(json.dumps(status, default=str))
        return 0
    for line in _words(status):
        out.line(line)
    return 0


def _words(status: dict[str, Any]) -> list[str]:
    lines = [f"The store is {status['folder']}."]
    if status["state"] == "owned":
        lines.append("This installation owns it.")
        if status["settling"]:
            lines.append("It was taken a moment ago: nothing is removed or adopted for a minute.")
    else:
        lines.append(status["detail"])
    if status["other"]:
        lines.append(f"The last claim on it was made by another installation, on {status['other']['host']}.")
    if status["unknown"]:
        more = "More than " if status["unknown_more"] else ""
        lines.append(
            f"{more}{status['unknown']} files in it are unknown to this database: they are kept. `mediafetcher check`"
            " lists them, and importing the folder `store` takes them into the library."
        )
    if status["state"] == "frozen":
        lines += ["Until you decide, everything plays, and nothing is fetched or removed.", *_CHOICES.splitlines()]
    return lines
