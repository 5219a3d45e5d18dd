"""The command `ytdlp`: show, update or roll back the installed version."""

import argparse

from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.core import errors
from mediafetcher.fetch import token_provider
from mediafetcher.fetch.ytdlp import updater, versions


async def manage(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    if asked.action == "update":
        before = versions.status().version
        now = await updater.update("nightly" if asked.nightly else "stable")
        out.line(
            f"yt-dlp {now.version} is now in use."
            if now.version != before
            else f"yt-dlp {before} is already the newest version."
        )
    elif asked.action == "rollback":
        out.line(f"yt-dlp {versions.rollback().version} is now in use.")
    else:
        await _show(out)
    return 0


async def _show(out: Out) -> None:
    """Show the version in use and any newer one. An unavailable index is reported and is not a failure."""
    now, away = versions.status(), ""
    try:
        now = await updater.look()
    except errors.Problem as problem:
        away = problem.detail
    origin = f"downloaded, {now.channel}" if now.managed else "included with MediaFetcher"
    out.line(f"yt-dlp {now.version} ({origin})")
    if now.latest:
        out.line(f"newest:    {now.latest}" if now.latest != now.version else "This is the newest version.")
    if now.previous:
        out.line(f"previous:  {now.previous} (run `mediafetcher ytdlp rollback` to use it)")
    provider = await token_provider.status()
    if provider.state != "off":
        out.line(
            f"PO token provider: {provider.state} ({provider.url}{f', {provider.reason}' if provider.reason else ''})"
        )
    if now.offered:
        out.line(
            f"offered:   {now.offered}, fixed a download from {now.offered_site} (run `mediafetcher "
            "ytdlp update` to use it)"
        )
    if away:
        out.line(f"Could not check for a newer version: {away}")
