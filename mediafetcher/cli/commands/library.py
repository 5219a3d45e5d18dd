"""Commands for the library: list, channels, show, rm, restore, purge, export, check."""

import argparse
import json
from pathlib import Path
from typing import Any

from mediafetcher.accounts.auth import users
from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out, clock
from mediafetcher.cli.commands.owner import owner_of
from mediafetcher.core import errors
from mediafetcher.core.text import size
from mediafetcher.downloads import refresh
from mediafetcher.library.catalog import channels, items, queries, trash
from mediafetcher.library.export import sync
from mediafetcher.library.storage import check, sweeper


async def list_items(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await owner_of(asked)
    cursor = None
    while True:
        if asked.trash:
            page = await queries.trashed(owner, cursor=cursor, limit=200)
        else:
            page = await queries.page(
                owner,
                q=asked.query,
                folder=asked.folder,
                channel=asked.channel,
                tag=asked.tag,
                since=asked.since,
                until=asked.until,
                sort=asked.sort,
                deep=True,
                cursor=cursor,
                limit=200,
            )
        for item in page["items"]:
            out.line(json.dumps(item, default=str) if asked.json else _row(item))
        cursor = page["next"]
        if cursor is None:
            return 0


async def list_channels(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await owner_of(asked)
    cursor = None
    while True:
        page = await channels.page(owner, cursor=cursor, limit=channels.LIMIT)
        for one in page["channels"]:
            out.line(json.dumps(_of_channel(one), default=str) if asked.json else _channel_row(one))
        cursor = page["next"]
        if cursor is None:
            return 0


def _of_channel(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "key"}


def _channel_row(one: dict[str, Any]) -> str:
    day = one["published_at"].date().isoformat() if one["published_at"] else ""
    return f"{one['items']:>6}  {day:>10}  {one['name']}  {one['site'] or ''}".rstrip()


def _row(item: dict[str, Any]) -> str:
    media = item["media"]
    length = clock(media["duration"]) if media.get("duration") else ""
    folder = f"{item['folder']}/" if item["folder"] else ""
    return f"{item['id']:>6}  {length:>8}  {size(media['size']):>8}  {folder}{item['title']}"


async def show_item(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    item = await queries.get(asked.item, await owner_of(asked))
    if asked.json:
        out.line(json.dumps(item, default=str))
        return 0
    media, channel = item["media"], item["channel"] or {}
    facts = {
        "title": item["title"],
        "folder": item["folder"],
        "channel": channel.get("name") or item["uploader"],
        "published": item["published_at"].date().isoformat() if item["published_at"] else None,
        "length": clock(item["duration"]) if item["duration"] else None,
        "size": size(media["size"]),
        "link": item["source_url"],
        "tags": ", ".join(item["tags"]),
        "audio": ", ".join(one["language"] or one["codec"] for one in item["audio_tracks"]),
        "offered": ", ".join(item["audio_languages"]),
    }
    for name, value in facts.items():
        if value:
            out.line(f"{name + ':':<11}{value}")
    if item["description"]:
        out.line("")
        for line in item["description"].split("\n"):
            out.line(line)
    return 0


async def refresh_metadata(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await owner_of(asked)
    await instance.ensure_jobs()
    done = failed = postponed = 0
    async for one in refresh.refresh(owner, asked.query, missing=asked.missing):
        done, failed = done + (one.problem is None and not one.postponed), failed + (one.problem is not None)
        postponed += one.postponed
        if asked.json:
            result = "postponed" if one.postponed else "failed" if one.problem else "read"
            code = one.problem.code if one.problem else None
            out.line(json.dumps({"item": one.item, "url": one.url, "result": result, "code": code}))
        elif one.problem:
            out.error(f"{one.item:>6}  {one.title}: {one.problem.detail}")
        elif not one.postponed:
            out.line(f"{one.item:>6}  {one.title}")
    if not asked.json:
        out.line(f"{done} {'source' if done == 1 else 'sources'} read, {failed} failed.")
        if postponed:
            out.line(
                f"{postponed} left for later, because their sites ask to slow down. Run the command again to resume."
            )
    return 1 if failed or postponed else 0


async def remove(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await owner_of(asked)
    gone = await trash.trash(asked.item, owner)
    await sweeper.sweep()
    await sync.refresh_quietly()  # a link in an exported tree would keep the file alive
    if gone["trashed"]:
        out.line(f"Moved to the trash{_keeps(gone)}. Run `mediafetcher restore {asked.item}` to restore it.")
    else:
        out.line(f"Deleted permanently{_keeps(gone)}; {size(gone['frees'])} will be freed.")
    return 0


def _keeps(gone: dict[str, Any]) -> str:
    others = gone["holders"]
    return f"; {others} other {'item still uses' if others == 1 else 'items still use'} the file" if others else ""


async def keep(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    await items.set_keep(asked.item, await owner_of(asked), keep=not asked.off)
    out.line("No longer protected from retention." if asked.off else "Retention leaves this item alone.")
    return 0


async def purge(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await owner_of(asked)
    meaning = await trash.deletion(owner, asked.items or None)
    if asked.dry_run:
        gone = meaning["items"]
    else:
        gone = await trash.purge(owner, asked.items or None)
        await sweeper.sweep()
        await sync.refresh_quietly()
    if asked.json:
        out.line(json.dumps({**meaning, "purged": 0 if asked.dry_run else gone}))
        return 0
    removed = (
        f"{'Would permanently delete' if asked.dry_run else 'Permanently deleted'} {gone} "
        f"{'item' if gone == 1 else 'items'}"
    )
    out.line(f"{removed}{_keeps(meaning)}; {size(meaning['frees'])} {'would' if asked.dry_run else 'will'} be freed.")
    return 0


async def restore(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    item = await trash.restore(asked.item, await owner_of(asked))
    await sync.refresh_quietly()
    out.line(f"Restored: {item['title']}")
    return 0


async def export_tree(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = int((await users.by_name(asked.user))["id"]) if asked.user else None
    folder = Path(asked.here, asked.folder) if asked.folder else None
    layouts = _folder_layouts(asked.folder_layout)
    if asked.preview:
        for path in await sync.preview(await owner_of(asked), asked.layout or "film", asked.template, layouts):
            out.line(path)
        return 0
    place, done = await sync.export(folder, owner, asked.layout, asked.template, layouts, tagged=asked.tagged)
    if asked.json:
        counts = {"made": done.made, "kept": done.kept, "removed": done.removed, "missing": done.missing}
        out.line(json.dumps({"path": str(place), **counts, "links": "symbolic" if done.symbolic else "hard"}))
    else:
        out.line(f"{place}: {done.made} created, {done.kept} unchanged, {done.removed} removed.")
        if done.symbolic:
            out.line("Hard links are not possible there. The export uses symbolic links into the media folder.")
    if done.missing:
        out.error(f"{done.missing} files could not be linked. Run `mediafetcher check` to see which are missing.")
    return 1 if done.missing else 0


def _folder_layouts(given: list[str]) -> dict[str, str] | None:
    """Return the layouts of folders by path; None if none are named. `none` removes all of them."""
    if not given or given == ["none"]:
        return {} if given else None
    pairs = [one.rpartition("=") for one in given]
    if not all(path and kind for path, _, kind in pairs):
        raise errors.UsageError("A layout of a folder is written as Music=music.")
    return {path: kind for path, _, kind in pairs}


async def check_store(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    findings = await check.check(read_data=asked.read_data)
    for finding in findings:
        out.line(json.dumps(finding.as_dict()) if asked.json else f"{finding.kind}: {finding.detail}")
        if finding.repair and not asked.repair and not asked.json:
            out.line(f"  --repair would {finding.repair}")
    if any(finding.repair for finding in findings) and asked.repair:
        for done in await check.repair(findings):
            out.line(json.dumps({"repaired": done}) if asked.json else f"repaired: {done}")
    wrong = [finding for finding in findings if not finding.is_information]
    if not wrong and not asked.json:
        out.line("No problems found. The media folder and the database match.")
    return 1 if wrong else 0
