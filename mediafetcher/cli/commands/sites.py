"""The command `site`: rules for a site, and its name and password."""

import argparse
import json
from typing import Any

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.cli.commands.owner import owner_of
from mediafetcher.core import errors
from mediafetcher.core.daily_hours import DailyHours
from mediafetcher.downloads import site_rules


async def site(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await owner_of(asked)
    if asked.action == "list":
        for row in await site_rules.page(owner):
            out.line(json.dumps(row, default=vars) if asked.json else _described(row))
        return 0
    if asked.action == "remove":
        if asked.site in await cookie_jars.sites_with_password(owner):
            await cookie_jars.remove_password(owner, asked.site)
        await site_rules.discard(owner, asked.site)
    elif asked.action == "password":
        await cookie_jars.put_password(owner, asked.site, asked.name, stdin or "")
    else:
        out.line(_described(await site_rules.save(owner, asked.site, _rule(asked))))
    return 0


def _rule(asked: argparse.Namespace) -> site_rules.Rule:
    """Return the rule that was typed. Raises: `UsageError`."""
    start, _, end = (asked.hours or "").partition("-")
    try:
        return site_rules.Rule(
            asked.preset,
            asked.proxy,
            asked.pause,
            DailyHours(start.strip(), end.strip()) if asked.hours else None,
            asked.cookies_required,
        )
    except ValueError as error:
        raise errors.UsageError(f"{error}.") from error


def _described(row: dict[str, Any]) -> str:
    """Return a rule as a line."""
    hours: DailyHours | None = row["hours"]
    parts = [
        row["preset"] and f"preset {row['preset']}",
        row["proxy"] and f"proxy {row['proxy']}",
        row["pause_seconds"] and f"pause {row['pause_seconds']} s",
        hours and f"hours {hours.start}-{hours.end}",
        row["cookies_required"] and "cookies required",
        row["password"] and "password kept",
    ]
    return f"{row['site']}: {', '.join(part for part in parts if part) or 'no rule'}"
