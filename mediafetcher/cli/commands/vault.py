"""Commands for the encryption key and the audit log."""

import argparse
import json

from mediafetcher.accounts import audit
from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.notifications import targets


async def key(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    done = await cookie_jars.rotate(targets.seal_again)
    sealed, lost = done["sealed"], done["lost"]
    out.line(
        f"The cookies of {sealed} {'site' if sealed == 1 else 'sites'} are now encrypted with a new "
        "key. The old key was discarded."
    )
    if done["devices"]:
        out.line(f"Paired browsers must pair again: {done['devices']} were signed out.")
    if lost:
        out.error(
            f"The cookies of {lost} {'site' if lost == 1 else 'sites'} could not be decrypted with "
            "the old key. Send them again."
        )
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
