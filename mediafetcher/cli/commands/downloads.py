"""Commands for downloads: get, import, never."""

import argparse
import asyncio
import json
import os
from contextlib import aclosing
from pathlib import Path
from typing import Any

from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.cli.commands.owner import owner_of
from mediafetcher.cli.import_report import Report
from mediafetcher.core import errors, logging
from mediafetcher.core.text import size
from mediafetcher.downloads import dedup, lifecycle, presets, wait_reasons
from mediafetcher.downloads import queries as download_queries
from mediafetcher.downloads.presets import Chosen
from mediafetcher.fetch import extractor_arguments
from mediafetcher.fetch.options import Options, Playlist
from mediafetcher.importing import importer
from mediafetcher.library.catalog import blocklist as marks
from mediafetcher.library.catalog import queries
from mediafetcher.library.export import sync
from mediafetcher.library.storage import blob_store
from mediafetcher.notifications import event_types, inbox

_FOLLOW = 0.2  # seconds between two polls of a download


async def get(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await owner_of(asked)
    await instance.ensure_jobs()
    options = await presets.with_preset(asked.preset, owner, wishes(asked))
    outcomes = await asyncio.gather(*(_fetch(owner, url, asked, options, out) for url in asked.urls))
    return max(outcomes)


def wishes(asked: argparse.Namespace) -> Chosen:
    """Read the options of a download from the arguments, with the names of `--without`. Raises: `UsageError`."""
    return Chosen(_options(asked), _left_out(asked.without))


def _left_out(text: str) -> frozenset[str]:
    names = frozenset(name.replace("-", "_") for name in _names(text))
    if unknown := names - set(Options.__struct_fields__):
        raise errors.UsageError(
            f"--without has the unknown option {min(unknown)!r}. Use: {', '.join(Options.__struct_fields__)}."
        )
    return names


def _options(asked: argparse.Namespace) -> Options:
    listed = asked.playlist or asked.limit is not None or bool(asked.items) or asked.list_folder
    try:
        numbers = tuple(int(number) for number in asked.items.split(",")) if asked.items else None
        return Options(
            max_height=asked.max_height,
            audio=asked.audio,
            never_transcode=asked.never_transcode,
            keep_original=asked.keep_original,
            subtitles=_names(asked.subtitles),
            audio_languages=_names(asked.audio_languages),
            auto_subtitles=asked.auto_subtitles,
            start=asked.start,
            end=asked.end,
            sponsorblock=asked.sponsorblock,
            rate_limit=asked.rate_limit,
            proxy=asked.proxy,
            live_max=asked.live_max,
            live_from_start=asked.live_from_start,
            live_wait=asked.live_wait,
            referer=asked.referer,
            impersonate=asked.impersonate,
            extractor_args=extractor_arguments.from_text(asked.extractor_arg),
            playlist=Playlist(asked.limit, numbers, asked.list_folder) if listed else None,
        )
    except ValueError as error:
        raise errors.UsageError(f"{error}.") from error


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


async def _fetch(owner: int, url: str, asked: argparse.Namespace, options: Chosen, out: Out) -> int:
    try:
        row = await lifecycle.submit(owner, url, asked.folder, options, site_preset=asked.preset != "")
    except errors.Problem as problem:
        _report_problem(out, asked, url, problem.as_dict())
        return 1
    try:
        row = await _follow(row, out)
    except asyncio.CancelledError:
        out.error("Stopped waiting. The download stays in the queue.")
        raise
    return await _tell(owner, row, asked, out)


async def _tell(owner: int, row: dict[str, Any], asked: argparse.Namespace, out: Out) -> int:
    url = row["url"]
    if row["kind"] == "playlist" and row["state"] in ("expanded", "done"):
        return await _list_ended(owner, row, asked, out)
    if row["state"] != "done":
        _report_problem(out, asked, url, row["error"] or {"code": row["state"], "message": row["state"]})
        return 1
    item = await queries.get(row["item"], owner)
    path = blob_store.path_of(bytes.fromhex(item["media"]["sha256"]), item["media"]["ext"])
    if asked.json:
        out.line(json.dumps({"url": row["url"], "state": "done", "path": str(path), "item": item}, default=str))
    else:
        where = f"in {item['folder']}, " if item["folder"] else ""
        out.line(f"{item['title']} ({size(item['media']['size'])}): {where}item {item['id']}, {path}")
    return 0


async def _list_ended(owner: int, row: dict[str, Any], asked: argparse.Namespace, out: Out) -> int:
    """Follow the entries of a list, and report their outcome."""
    outcomes = [
        await _tell(owner, await _follow(entry, out), asked, out) for entry in await download_queries.entries(row["id"])
    ]
    if not asked.json:
        out.line(f"{row['title']}: {outcomes.count(0)} of {len(outcomes)} items are in the library.")
    return max(outcomes, default=0)


async def _follow(row: dict[str, Any], out: Out) -> dict[str, Any]:
    """Show progress until a download is finished or waits without us."""
    while True:
        ended = row["state"] in lifecycle.ENDED or row["state"] in ("needs_action", "paused", "scheduled", "expanded")
        out.progress({**{name: row[name] for name in _PROGRESS}, "ended": ended})
        if ended:
            return row
        if row["state"] == "queued" and row["error"] and row["error"]["code"] not in wait_reasons.ITS_TURN:
            # A user waits at the terminal: report the fault now instead of retrying for hours.
            return await lifecycle.give_up(row["id"])
        await asyncio.sleep(_FOLLOW)
        row = await download_queries.get(row["id"])


_PROGRESS = ("id", "url", "title", "state", "stage", "progress", "speed", "eta")


def _report_problem(out: Out, asked: argparse.Namespace, url: str, error: dict[str, str]) -> None:
    if asked.json:
        out.line(json.dumps({"url": url, "state": "failed", "error": error}))
    out.error(f"{logging.redact(url)}: {error['message']} [{error['code']}]")


async def adopt_files(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await owner_of(asked)
    paths = [Path(os.path.abspath(Path(asked.here, path))) for path in asked.paths]
    report = Report(out, *await importer.count(paths))
    try:
        running = importer.adopt(owner, paths, asked.folder, move=asked.move, on_progress=report.progress)
        async with aclosing(running):
            async for outcome in running:
                report.add(outcome, as_json=asked.json)
    finally:  # also after an interruption: completed work counts, and the next run resumes there
        report.end(as_json=asked.json)
    if report.counts["added"] or report.counts["failed"]:
        counts = {"added": report.counts["added"], "failed": report.counts["failed"]}
        await inbox.record(owner, event_types.IMPORT_DONE, counts)
    await sync.refresh_quietly()
    return 1 if report.counts["failed"] else 0


async def never(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await owner_of(asked)
    for url in asked.urls:
        await (dedup.unmark_never(owner, url) if asked.undo else dedup.mark_never(owner, url))
        if not asked.json:
            said = "can be downloaded again" if asked.undo else "will not be downloaded again; `--undo` reverts this"
            out.line(f"{logging.redact(url)} {said}.")
    if not asked.urls:
        for row in await marks.page(owner):
            title = f"  {row['title']}" if row["title"] else ""
            out.line(json.dumps(row, default=str) if asked.json else f"{row['since']:%Y-%m-%d}  {row['url']}{title}")
    return 0
