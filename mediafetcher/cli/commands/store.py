"""Commands for the ownership of the store: status, take, separate, read-only."""

import argparse
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.importing import unknown_files
from mediafetcher.library.storage import decisions
from mediafetcher.ops import store_decision

_CHOICES = """Decide with one of:
  mediafetcher store take       this installation owns the media folder from now on; another one that still runs stops
  mediafetcher store separate   a store folder of its own below the media folder; its library begins empty
  mediafetcher store read-only  everything plays, nothing is written"""


async def manage(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    status = await (decisions.status() if asked.action == "status" else store_decision.decide(asked.action))
    files = asked.action == "status" and asked.files
    if asked.json:
        listed = {"files": [asdict(one) async for one in _unknown_files()]} if files else {}
        out.line(json.dumps(status | listed, default=str))
        return 0
    for line in _words(status):
        out.line(line)
    if files:
        async for one in _unknown_files():
            out.line(f"{one.name}  {one.size:,} bytes  {one.title or '(no title)'}")
    return 0


async def _unknown_files() -> AsyncIterator[unknown_files.UnknownFile]:
    """Every unknown file, page by page."""
    after: str | None = ""
    while after is not None:
        page = await unknown_files.page(after, 200)
        for one in page.files:
            yield one
        after = page.next


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
        count = "1 file in it is" if status["unknown"] == 1 else f"{more}{status['unknown']} files in it are"
        lines.append(
            f"{count} unknown to this database and kept. `mediafetcher store"
            " status --files` lists them. Importing the folder `store`, or a file in it, takes them into the library."
        )
    if status["state"] == "frozen":
        lines += ["Until you decide, everything plays, and nothing is fetched or removed.", *_CHOICES.splitlines()]
    return lines
