"""What each command does, one short function each; the same here and over the control socket.

A command takes the open installation, its parsed arguments, where to speak, and what came on standard input; it
gives the exit code. The work itself is in the functions that the API calls too.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from mediafetcher import arguments, control
from mediafetcher.accounts import setup, tokens, users
from mediafetcher.base import errors, log
from mediafetcher.downloads import adopt, jobs
from mediafetcher.downloads.options import Options
from mediafetcher.instance import Instance
from mediafetcher.library import check, export, items, store
from mediafetcher.out import Out, clock, size
from mediafetcher.report import Report

_log = log.get("commands")
_FOLLOW = 0.2  # seconds between two looks at a download


def remote(instance: Instance) -> control.Run:
    """What the control socket runs."""

    async def command(argv: list[str], out: Out, stdin: str | None) -> int:
        return await run(instance, argv, out, stdin)

    return command


async def run(instance: Instance, argv: list[str], out: Out, stdin: str | None) -> int:
    """Run one command of this installation -> its exit code; problems become one line on the error stream."""
    try:
        asked = arguments.parser().parse_args(argv)
        return await _COMMANDS[asked.command](instance, asked, out, stdin)
    except errors.Problem as problem:
        out.error(f"mediafetcher: {problem.detail} [{problem.code}]")
        return problem.exit_code
    except Exception:
        _log.exception("command failed", command=argv[:1])
        out.error(f"mediafetcher: {errors.Internal.words} [{errors.Internal.code}]")
        return 1


async def _owner(asked: argparse.Namespace) -> int:
    """Whose library: the person named by --user, else the only administrator."""
    person = await (users.by_name(asked.user) if asked.user else users.local_owner())
    return int(person["id"])


# ---- get -------------------------------------------------------------------------------------------------


async def get(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await _owner(asked)
    await instance.ensure_jobs()
    try:
        options = Options(audio="m4a" if asked.audio else None, max_height=asked.max_height)
    except ValueError as error:
        raise errors.Usage(f"{error}.") from error
    outcomes = await asyncio.gather(*(_fetch(owner, url, asked, options, out) for url in asked.urls))
    return max(outcomes)


async def _fetch(owner: int, url: str, asked: argparse.Namespace, options: Options, out: Out) -> int:
    try:
        row = await jobs.submit(owner, url, asked.folder, options)
    except errors.Problem as problem:
        _report_problem(out, asked, url, problem.as_dict())
        return 1
    try:
        row = await _follow(row, out)
    except asyncio.CancelledError:
        out.error("Stopped here; the download stays in the queue.")
        raise
    if row["state"] != "done":
        _report_problem(out, asked, url, row["error"] or {"code": row["state"], "message": row["state"]})
        return 1
    item = await items.get(row["item"], owner)
    path = store.path_of(bytes.fromhex(item["media"]["sha256"]), item["media"]["ext"])
    if asked.json:
        out.line(json.dumps({"url": row["url"], "state": "done", "path": str(path), "item": item}, default=str))
    else:
        where = f"in {item['folder']}, " if item["folder"] else ""
        out.line(f"{item['title']} ({size(item['media']['size'])}): {where}item {item['id']}, {path}")
    return 0


async def _follow(row: dict[str, Any], out: Out) -> dict[str, Any]:
    """Wait until a download needs nothing more from us, showing its progress."""
    while True:
        ended = row["state"] in jobs.ENDED or row["state"] in ("parked", "paused", "waiting")
        out.progress({**{name: row[name] for name in _PROGRESS}, "ended": ended})
        if ended:
            return row
        if row["state"] == "queued" and row["error"]:
            # Somebody waits at the terminal: say what is wrong now instead of trying for hours.
            return await jobs.give_up(row["id"])
        await asyncio.sleep(_FOLLOW)
        row = await jobs.get(row["id"])


_PROGRESS = ("id", "url", "title", "state", "stage", "progress", "speed", "eta")


def _report_problem(out: Out, asked: argparse.Namespace, url: str, error: dict[str, str]) -> None:
    if asked.json:
        out.line(json.dumps({"url": url, "state": "failed", "error": error}))
    out.error(f"{log.redact(url)}: {error['message']} [{error['code']}]")


# ---- import ----------------------------------------------------------------------------------------------


async def adopt_files(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await _owner(asked)
    paths = [Path(os.path.abspath(Path(asked.here, path))) for path in asked.paths]
    report = Report(out, *await adopt.count(paths))
    try:
        running = adopt.adopt(owner, paths, asked.folder, move=asked.move, on_progress=report.progress)
        async with aclosing(running):
            async for outcome in running:
                report.add(outcome, asked.json)
    finally:  # also where it is broken off: what is done is done, and the next run goes on from there
        report.end(asked.json)
    await export.refresh_quietly()
    return 1 if report.counts["failed"] else 0


# ---- the library -----------------------------------------------------------------------------------------


async def list_items(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await _owner(asked)
    cursor = None
    while True:
        page = await items.page(owner, q=asked.query, folder=asked.folder, deep=True, cursor=cursor, limit=200)
        for item in page["items"]:
            out.line(json.dumps(item, default=str) if asked.json else _row(item))
        cursor = page["next"]
        if cursor is None:
            return 0


def _row(item: dict[str, Any]) -> str:
    media = item["media"]
    length = clock(media["duration"]) if media.get("duration") else ""
    folder = f"{item['folder']}/" if item["folder"] else ""
    return f"{item['id']:>6}  {length:>8}  {size(media['size']):>8}  {folder}{item['title']}"


async def remove(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = await _owner(asked)
    gone = await items.trash(asked.item, owner)
    await items.sweep()
    await export.refresh_quietly()  # a link in an exported tree would keep the bytes
    others = gone["holders"]
    keeps = f"; {others} other {'entry keeps' if others == 1 else 'entries keep'} the file" if others else ""
    if gone["trashed"]:
        out.line(f"Moved to the trash{keeps}: `mediafetcher restore {asked.item}` brings it back.")
    else:
        out.line(f"Removed{keeps}; frees {size(gone['frees'])}.")
    return 0


async def restore(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    item = await items.restore(asked.item, await _owner(asked))
    await export.refresh_quietly()
    out.line(f"Back in the library: {item['title']}")
    return 0


async def export_tree(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    owner = int((await users.by_name(asked.user))["id"]) if asked.user else None
    folder = Path(asked.here, asked.folder) if asked.folder else None
    place, done = await export.export(folder, owner)
    if asked.json:
        counts = {"made": done.made, "kept": done.kept, "removed": done.removed, "missing": done.missing}
        out.line(json.dumps({"path": str(place), **counts, "links": "symbolic" if done.symbolic else "hard"}))
    else:
        out.line(f"{place}: {done.made} made, {done.kept} kept, {done.removed} removed.")
        if done.symbolic:
            out.line("Hard links cannot be made there: these are symbolic links into the media folder.")
    if done.missing:
        out.error(f"{done.missing} could not be linked: `mediafetcher check` says which files are missing.")
    return 1 if done.missing else 0


async def check_store(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    findings = await check.check(read_data=asked.read_data)
    for finding in findings:
        out.line(json.dumps(finding.as_dict()) if asked.json else f"{finding.kind}: {finding.detail}")
    if findings and asked.repair:
        for done in await check.repair(findings):
            out.line(json.dumps({"repaired": done}) if asked.json else f"repaired: {done}")
    if not findings and not asked.json:
        out.line("Nothing found: the media folder and the database agree.")
    return 1 if findings else 0


# ---- people ----------------------------------------------------------------------------------------------


async def setup_code(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    code = await setup.prepare()
    if code is None:
        raise errors.SetupClosed()
    out.line(code)
    return 0


async def user(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    if asked.action == "add":
        await users.add(asked.name, stdin or "", admin=asked.admin)
        out.line(f"{asked.name} may sign in now.")
    else:
        person = await users.by_name(asked.name)
        await users.set_password(person["id"], stdin or "")
        out.line(f"The password of {asked.name} is set; their sessions have ended.")
    return 0


async def token(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    person = await users.by_name(asked.user)
    made = await tokens.create(person["id"], asked.name, asked.scope or ["read", "download", "library"])
    out.line(made["token"])
    return 0


_COMMANDS: dict[str, Callable[[Instance, argparse.Namespace, Out, str | None], Awaitable[int]]] = {
    "get": get,
    "import": adopt_files,
    "list": list_items,
    "rm": remove,
    "restore": restore,
    "export": export_tree,
    "check": check_store,
    "setup": setup_code,
    "user": user,
    "token": token,
}
