"""Commands for what is kept secret: the key, and the trail of who did what."""

import argparse
import json

from mediafetcher.accounts import audit
from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out


async def key(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    done = await cookie_jars.rotate()
    sealed, lost = done["sealed"], done["lost"]
    out.line(f"A new key seals the cookies of {sealed} {'site' if sealed == 1 else 'sites'}; the old one is gone.")
    if done["devices"]:
        out.line(f"Paired browsers must pair again: {done['devices']} were signed out.")
    if lost:
        out.error(f"{lost} could not be opened with the old key: those sites' cookies must be sent again.")
    return 1 if lost else 0


async def trail(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    for row in await audit.page(max(1, asked.last)):
        if asked.json:
            out.line(json.dumps(row | {"at": row["at"].isoformat()}))
            continue
        facts = " ".join(f"{name}={value}" for name, value in row["facts"].items())
        words = (f"{row['at']:%Y-%m-%d %H:%M:%S}", row["act"], row["person"], row["address"], facts)
        out.line("  ".join(word for word in words if word))
    return 0
