"""The command `ytdlp`: which one is used, a newer one, the one before."""

import argparse

from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.core import errors
from mediafetcher.fetch.ytdlp import updater, versions


async def manage(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    if asked.action == "update":
        before = versions.status().version
        now = await updater.update("nightly" if asked.nightly else "stable")
        out.line(f"yt-dlp {now.version} is used now." if now.version != before else f"yt-dlp {before} is the newest.")
    elif asked.action == "rollback":
        out.line(f"yt-dlp {versions.rollback().version} is used now.")
    else:
        await _show(out)
    return 0


async def _show(out: Out) -> None:
    """What is used, and whether there is a newer one; an index that is away is said and is no failure."""
    now, away = versions.status(), ""
    try:
        now = await updater.look()
    except errors.Problem as problem:
        away = problem.detail
    origin = f"fetched, {now.channel}" if now.managed else "came with the program"
    out.line(f"yt-dlp {now.version} ({origin})")
    if now.latest:
        out.line(f"newest:  {now.latest}" if now.latest != now.version else "It is the newest.")
    if now.previous:
        out.line(f"before:  {now.previous} (`mediafetcher ytdlp rollback`)")
    if now.offered:
        out.line(f"offered: {now.offered}, which mended a download of {now.offered_site} (`mediafetcher ytdlp update`)")
    if away:
        out.line(f"Whether there is a newer one is not known: {away}")
