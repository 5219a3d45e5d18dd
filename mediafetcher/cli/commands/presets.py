"""The command `preset`: named options for downloads and subscriptions."""

import argparse
import json

import msgspec

from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.cli.commands.downloads import wishes
from mediafetcher.cli.commands.owner import owner_of
from mediafetcher.downloads import presets


async def preset(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await owner_of(asked)
    if asked.action == "remove":
        await presets.remove(asked.name, owner)
        return 0
    if asked.action == "set":
        rows = [await presets.save(asked.name, owner, wishes(asked))]
    else:
        rows = await presets.page(owner)
    for row in rows:
        options = msgspec.to_builtins(row["options"])
        shown = ", ".join(f"{name}: {value}" for name, value in options.items()) or "defaults"
        out.line(json.dumps(row) if asked.json else f"{row['name']}: {shown}")
    return 0
