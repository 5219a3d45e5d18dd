"""Commands for share links: share, feed."""

import argparse
import json
from typing import Any

from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.app.serve import address
from mediafetcher.cli.commands.owner import owner_of
from mediafetcher.core import errors
from mediafetcher.feeds import shares


async def share(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await owner_of(asked)
    if asked.what == ["list"]:
        for row in await shares.page(owner):
            ends = (
                "ended" if row["expired"] else f"ends {row['expires_at']:%Y-%m-%d}" if row["expires_at"] else "no end"
            )
            locked = ", with a password" if row["password"] else ""
            words = f"{row['id']:>6}  {row['title']}: {ends}{locked}, opened {row['uses']} times"
            out.line(json.dumps(row, default=str) if asked.json else words)
        return 0
    if len(asked.what) == 2 and asked.what[0] == "revoke":
        await shares.revoke(_number(asked.what[1]), owner)
        out.line("The link has ended.")
        return 0
    if len(asked.what) > 1:
        raise errors.UsageError("Name one item or one folder, `list`, or `revoke` with a number.")
    await _make(instance, asked, out, asked.what[0] if asked.what else None, stdin, "")
    return 0


async def feed(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    await _make(instance, asked, out, asked.folder, stdin, "/feed.xml")
    return 0


async def _make(
    instance: Instance, asked: argparse.Namespace, out: Out, what: str | None, stdin: str | None, end: str
) -> None:
    """Create a link to an item (its id), a folder (its path), a channel or a search, and print its address once."""
    if sum(one is not None for one in (what, asked.channel, asked.search)) != 1:
        raise errors.UsageError("Name one folder, --channel or --search" + ("." if end else ", or one item."))
    named: dict[str, Any] = {"channel": asked.channel, "q": asked.search}
    if what is not None:
        named = {"item": int(what)} if what.isascii() and what.isdigit() and not end else {"folder": what}
    made = await shares.make(await owner_of(asked), days=asked.days, password=stdin or None, **named)
    url = f"{address(instance.settings).rstrip('/')}/s/{made['secret']}{end}"
    facts = {"id": made["id"], "url": url, "expires_at": made["expires_at"]}
    out.line(json.dumps(facts, default=str) if asked.json else url)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise errors.UsageError(f"{text[:50]} is not the number of a link: `share list` shows them.")
    return int(text)
