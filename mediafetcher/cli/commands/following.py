"""Commands for subscriptions: follow, following, unfollow."""

import argparse
import json
from typing import Any

from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.cli.commands.owner import owner_of
from mediafetcher.core import errors
from mediafetcher.core.daily_hours import DailyHours
from mediafetcher.core.text import size
from mediafetcher.subscriptions import checks, entries, requested, retention, subscriptions, transfer
from mediafetcher.subscriptions.filters import Filter
from mediafetcher.subscriptions.retention import Retention
from mediafetcher.subscriptions.schedule import Schedule
from mediafetcher.subscriptions.subscriptions import Backfill, Existing


async def follow(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await owner_of(asked)
    await instance.ensure_jobs()
    given: dict[str, Any] = {"filter": _filter(asked), "backfill": _backfill(asked), "preset": asked.preset}
    more: dict[str, Any] = {"folder": asked.folder, "retention": _retention(asked), "schedule": _schedule(asked)}
    if asked.dry_run:
        _tell_preview(await subscriptions.preview(owner, asked.url, **given), asked, out)
        return 0
    row = await subscriptions.follow(owner, asked.url, **more, **given)
    return await _check([row["id"]], owner, asked, out)


def _filter(asked: argparse.Namespace) -> Filter:
    """Read a filter from the arguments. Raises: `UsageError`."""
    try:
        return Filter(
            title_include=asked.title,
            title_exclude=asked.exclude,
            min_duration=asked.min_duration,
            max_duration=asked.max_duration,
            since=asked.since,
            max_per_check=asked.max_per_check,
        )
    except ValueError as error:
        raise errors.UsageError(f"{error}.") from error


def _retention(asked: argparse.Namespace) -> Retention:
    """Read retention from the arguments. Raises: `UsageError`."""
    try:
        return Retention(keep_last=asked.keep_last, keep_days=asked.keep_days, watched_days=asked.watched_days)
    except ValueError as error:
        raise errors.UsageError(f"{error}.") from error


def _schedule(asked: argparse.Namespace) -> Schedule:
    """Read a schedule from the arguments. Raises: `UsageError`."""
    start, dash, end = (asked.hours or "").partition("-")
    try:
        return Schedule(
            hours=DailyHours(start.strip(), end.strip()) if dash or start else None,
            daily_downloads=asked.daily_downloads,
            daily_bytes=asked.daily_bytes,
            pause_seconds=asked.pause,
        )
    except ValueError as error:
        raise errors.UsageError(f"{error}.") from error


def _backfill(asked: argparse.Namespace) -> Existing:
    try:
        return "all" if asked.all else Backfill(asked.last) if asked.last is not None else "new"
    except ValueError as error:
        raise errors.UsageError(f"{error}.") from error


def _tell_preview(shown: dict[str, Any], asked: argparse.Namespace, out: Out) -> None:
    """Print each entry with its decision, then the sum."""
    total = {name: shown[name] for name in ("title", "listed", "wanted", "bytes", "quota_share")}
    for entry in shown["entries"]:
        if asked.json:
            out.line(json.dumps(entry, default=str))
        else:
            out.line(f"{entry['decision']:<8} {entry['reason']:<18} {entry['title'] or entry['source_url']}")
    if asked.json:
        out.line(json.dumps(total))
        return
    size = f", about {total['bytes'] / 1e6:.0f} MB" if total["bytes"] is not None else ""
    share = f", {total['quota_share']:.0%} of the quota" if total["quota_share"] is not None else ""
    out.line(f"{total['title']}: would download {total['wanted']} of {total['listed']} entries{size}{share}.")


async def following(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await owner_of(asked)
    if asked.action == "check":
        await instance.ensure_jobs()
        rows = [await subscriptions.get(asked.id, owner)] if asked.id else await subscriptions.page(owner)
        return await _check([row["id"] for row in rows if asked.id or row["state"] != "paused"], owner, asked, out)
    if asked.action == "export":
        out.line((await transfer.dump(owner)).rstrip("\n"))
        return 0
    if asked.action == "import":
        return await _load(owner, asked, out, stdin)
    if asked.action == "entries":
        return await _entries(owner, asked, out)
    if asked.action == "download":
        await instance.ensure_jobs()
        _tell_entry(await requested.download(asked.id, asked.entry, owner), asked, out)
        return 0
    if asked.action == "move":
        await instance.ensure_jobs()
        return await _move(owner, asked, out)
    if asked.action == "retention":
        return await _change_retention(owner, asked, out)
    for row in await subscriptions.page(owner):
        _tell(row, asked, out)
    return 0


async def _entries(owner: int, asked: argparse.Namespace, out: Out) -> int:
    await subscriptions.get(asked.id, owner)
    decisions = [asked.decision] if asked.decision else None
    rows, _ = await entries.page(asked.id, owner, decisions=decisions, limit=max(1, asked.limit))
    for row in rows:
        _tell_entry(row, asked, out)
    return 0


def _tell_entry(row: dict[str, Any], asked: argparse.Namespace, out: Out) -> None:
    if asked.json:
        out.line(json.dumps(row, default=str))
    else:
        out.line(f"{row['id']:>6}  {row['decision']:<8} {row['reason']:<18} {row['title'] or row['source_url']}")


async def _load(owner: int, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    """Follow the links of a list. Returns: 1 if one could not be followed."""
    done = await transfer.load(owner, stdin or "", folder=asked.folder, preset=asked.preset, dry_run=asked.dry_run)
    if asked.json:
        out.line(json.dumps(done))
    else:
        for one in done["added"]:
            out.line(f"{'would follow' if asked.dry_run else 'followed'}: {one['title']}")
        for one in done["failed"]:
            out.error(f"{one['url']}: {one['error']['message']}")
        out.line(f"{len(done['added'])} added, {len(done['known'])} followed already, {len(done['failed'])} failed.")
    return 1 if done["failed"] else 0


async def _move(owner: int, asked: argparse.Namespace, out: Out) -> int:
    """Follow another link with what was seen, then check it. Returns: 1 if the check failed. Raises: `InvalidState`."""
    url = asked.url or (await subscriptions.get(asked.id, owner))["moved_to"]
    if url is None:
        raise errors.InvalidState("The site does not say that this source moved. Name its new link.")
    await subscriptions.change(asked.id, owner, url=url)
    return await _check([asked.id], owner, asked, out)


async def _change_retention(owner: int, asked: argparse.Namespace, out: Out) -> int:
    """Change which items are kept, and print which of them go to the trash at the next housekeeping."""
    rules = _retention(asked)
    if not asked.dry_run:
        await subscriptions.change(asked.id, owner, retention=rules)
    shown = await retention.preview(asked.id, owner, rules)
    if asked.json:
        out.line(json.dumps(shown, default=str))
        return 0
    for item in shown["items"]:
        out.line(f"{item['id']:>6}  {item['rule']:<12}  {item['title']}")
    verb = "would go" if asked.dry_run else "go"
    noun = "item" if shown["count"] == 1 else "items"
    out.line(f"{shown['count']} {noun} {verb} to the trash, {size(shown['bytes'])}.")
    return 0


async def _check(ids: list[int], owner: int, asked: argparse.Namespace, out: Out) -> int:
    """Check subscriptions now, and print each. Returns: 1 if one failed."""
    failed = 0
    for id in ids:
        await subscriptions.request_check(id, owner)
        if claimed := await checks.claim(id):
            await checks.run(claimed)
        row = await subscriptions.get(id, owner)
        failed += row["error"] is not None
        _tell(row, asked, out)
    return 1 if failed else 0


def _tell(row: dict[str, Any], asked: argparse.Namespace, out: Out) -> None:
    if asked.json:
        out.line(json.dumps(row, default=str))
        return
    counts = ", ".join(f"{number} {name}" for name, number in row["counts"].items() if number) or "no entries yet"
    state = {"paused": " (paused)", "needs_action": " (needs cookies)"}.get(row["state"], "")
    checking = " (a check runs)" if row["checking"] else ""
    out.line(f"{row['id']:>6}  {row['title']}{state}{checking}: {counts}")
    if row["moved_to"]:
        out.line(f"        moved to {row['moved_to']} (follow it with `following move {row['id']}`)")
    if row["error"]:
        streak = f"{row['failures']} failed checks since {row['failing_since']:%Y-%m-%d %H:%M}"
        out.line(f"        {streak}: {row['error']['message']} [{row['error']['code']}]")


async def unfollow(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    await subscriptions.unfollow(asked.id, await owner_of(asked))
    if not asked.json:
        out.line("No longer followed. Its items stay in the library.")
    return 0
