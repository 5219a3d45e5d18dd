"""Commands for the whole installation that run in the calling process: backups, rebuild, database, doctor, service."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec

from mediafetcher.app import instance
from mediafetcher.app.output import Out
from mediafetcher.core import errors
from mediafetcher.core.settings import Settings
from mediafetcher.core.text import size
from mediafetcher.db import dump, transfer
from mediafetcher.ops import backup, rebuild
from mediafetcher.ops.doctor import examine
from mediafetcher.ops.service import install
from mediafetcher.sandbox import run_as


def run(settings: Settings, asked: argparse.Namespace, out: Out) -> int:
    """Run one of these commands. Returns: its exit code."""
    return _COMMANDS[asked.command](settings, asked, out)


def _finish(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end. SIGTERM and SIGINT cancel it in order."""
    import uvloop

    async def guarded() -> Any:
        task = asyncio.ensure_future(work)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await task

    try:
        return uvloop.run(guarded())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def make_backup(settings: Settings, asked: argparse.Namespace, out: Out) -> int:
    target = Path(asked.file).absolute()
    if target.is_dir():
        target /= backup.default_name()
    with backup.replacing(target) as file:

        async def work() -> backup.Manifest:
            async with instance.database(settings, alone=False) as dsn:
                return await backup.write(dsn, settings, file, with_key=asked.with_key)

        # Root can write to the file's folder; the database belongs to the owner of the state folder.
        with run_as.as_owner(settings.state):
            manifest = _finish(work())
        written = file.tell()
    facts = backup.summary(manifest) | {"path": str(target), "size": written}
    if asked.json:
        out.line(json.dumps(facts))
        return 0
    out.line(
        f"Backup written to {target}: {facts['items']} items, a list of {facts['media']} media files, {size(written)}."
    )
    if facts["key"]:
        out.line("It contains the key. Anyone who has this file can read the cookies in it.")
    else:
        out.line(
            "It does not contain the media files, nor the key that decrypts the cookies (add "
            "--with-key to include the key)."
        )
    return 0


def restore_backup(settings: Settings, asked: argparse.Namespace, out: Out) -> int:
    try:
        file = Path(asked.file).open("rb")  # noqa: SIM115 (as root, before that is given up)
    except OSError as error:
        raise errors.UsageError(f"Cannot read {asked.file}: {error.strerror}.") from error
    run_as.become_owner(settings.state)

    async def work() -> tuple[backup.Restored, tuple[list[str], int] | None]:
        try:
            async with instance.database(settings, alone=True) as dsn:
                done = await backup.restore(dsn, settings, file)
                return done, await _compared(settings, dsn, done)
        except errors.AlreadyRunning as problem:
            raise errors.AlreadyRunning(
                f"{problem.detail} Stop it first: `rc-service mediafetcher stop` or `systemctl stop mediafetcher`."
            ) from None

    with file:
        done, found = _finish(work())
    gone, unknown = found or (None, None)
    facts = backup.summary(done.manifest) | {
        "kept": done.kept,
        "missing": gone,
        "unknown": unknown,
        "notes": done.notes,
    }
    if asked.json:
        out.line(json.dumps(facts))
        return 0
    out.line(f"Restored and verified: {facts['rows']} rows, {facts['items']} items, as of {facts['made_at']}.")
    if done.kept:
        out.line(f"The previous database is kept on the server as {done.kept} until the next restore.")
    for note in done.notes:
        out.line(note)
    if gone is None:
        out.line("The media folder is unavailable. Once it is back, run `mediafetcher check` to verify its files.")
    elif gone:
        out.line(
            f"{len(gone)} of {facts['media']} media files are missing from the media folder. Run "
            "`mediafetcher check` to list them."
        )
    if unknown:
        out.line(f"{unknown} files in the media folder are not in the backup: they are kept, and nothing removes them.")
    out.line("Nothing is fetched or removed until you decide who owns the media folder: `mediafetcher store status`.")
    return 0


async def _compared(settings: Settings, dsn: str, done: backup.Restored) -> tuple[list[str], int] | None:
    """Compare a backup with the media folder.

    Returns: the files that only the backup lists, and the number of files that only the media folder has; None without
    a media folder.
    """
    folder = await dump.media_folder(dsn, settings.media)
    if folder is None or not (folder / "store").is_dir():
        return None

    def compare() -> tuple[list[str], int]:
        return backup.missing(done.media, folder), backup.unknown(done.media, folder)

    return await asyncio.to_thread(compare)


def rebuild_library(settings: Settings, asked: argparse.Namespace, out: Out) -> int:
    run_as.become_owner(settings.state)
    media = rebuild.find_media(settings)

    async def work() -> rebuild.Report:
        async with instance.database(settings, alone=True) as dsn:
            return await rebuild.rebuild(dsn, settings, media, asked.installation)

    done: rebuild.Report = _finish(work())
    if asked.json:
        out.line(json.dumps(msgspec.to_builtins(done)))
        return 0
    for line in rebuild.words(done):
        out.line(line)
    return 0


def move_database(settings: Settings, asked: argparse.Namespace, out: Out) -> int:
    target = sys.stdin.readline().strip() if asked.target == "-" else asked.target
    back = target == "embedded"
    if back and settings.database_url is None:
        raise errors.UsageError("The library already uses the embedded database.")
    if not back and not target.startswith(("postgresql://", "postgres://")):
        raise errors.UsageError("Enter `embedded`, or an address such as postgresql://user:password@host/database.")
    run_as.become_owner(settings.state)

    async def work() -> dump.Facts:
        async with instance.database(settings, alone=True) as dsn:
            if back:
                return await transfer.move_back(dsn, settings.state)
            return await transfer.move(dsn, target, settings.state)

    held = _finish(work())
    out.line(f"Copied and verified: {sum(held.counts.values())} rows. The previous database is unchanged.")
    out.line("The copy changes nothing in the media folder until you type `mediafetcher store take` there.")
    if back:
        out.line("Now remove database_url from the settings and start MediaFetcher.")
    else:
        out.line("Now set database_url (or MEDIAFETCHER_DATABASE_URL) to the new address and start MediaFetcher.")
    return 0


def manage_service(settings: Settings, asked: argparse.Namespace, out: Out) -> int:
    if asked.action == "uninstall":
        install.uninstall(settings, out.line)
        return 0
    given = {name: getattr(asked, name, None) for name in ("host", "port", "uid")}
    media = Path(asked.media).absolute() if getattr(asked, "media", None) else None
    if not install.install(settings, install.Wish(media=media, **given), out.line):
        return 1
    out.line(
        "Open MediaFetcher in a browser on another machine. Run `mediafetcher setup` here to get the one-time code."
    )
    return 0


def examine_machine(settings: Settings, asked: argparse.Namespace, out: Out) -> int:
    findings = examine.examine(settings)
    if asked.json:
        out.line(json.dumps({"findings": [finding.as_dict() for finding in findings]}))
    else:
        for finding in findings:
            out.line(f"{_SIGNS[finding.level]} {finding.what}")
            for line in finding.do:
                out.line(f"      {line}")
    return 1 if any(finding.level == "problem" for finding in findings) else 0


_SIGNS = {"ok": " ok ", "note": "  . ", "problem": "  ! "}
_COMMANDS = {
    "doctor": examine_machine,
    "backup": make_backup,
    "restore-backup": restore_backup,
    "rebuild": rebuild_library,
    "database": move_database,
    "service": manage_service,
}
