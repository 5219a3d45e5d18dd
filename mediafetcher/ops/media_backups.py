"""Backups in the media folder: one every night and one before each migration, without the key; the newest seven stay.

They are made beside the work of the server and never delay it. A file is written under another name, synced and
renamed, so a backup is whole or absent. Only the owner of the store makes them, and removes only its own.
"""

import asyncio
import contextlib
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import IO, Any

from piccolo.querystring import QueryString

from mediafetcher.core import errors, files, logging
from mediafetcher.core import settings as chosen
from mediafetcher.core.settings import Settings
from mediafetcher.db.tables import JournalState
from mediafetcher.library.recovery import journal
from mediafetcher.library.storage import mount, ownership
from mediafetcher.ops import backup

FOLDER = Path(".mediafetcher/backups")  # relative to the media folder
KEPT = 7
_NAME = re.compile(r"^(\d{8})-[0-9a-z-]+-([0-9a-f]{8})[.]mfbackup$")
_FIRST = 20.0  # seconds until the first check: a short command has ended by then
_LOOK = 300.0  # maximum seconds between two checks
_NIGHT = range(2, 6)  # hours of the local clock
_EARLY, _LATE = 5 / 6, 13 / 12  # fractions of the interval: slightly early at night, slightly late by day

_log = logging.get("backup")


def installation_of(path: Path) -> str:
    """Return the installation that made a backup: the first eight characters of its id."""
    return path.stem[-8:]


def found(media: Path) -> list[Path]:
    """List the backups below a media folder, newest first. Raises: OSError, unless there are none."""
    try:
        paths = [path for path in (media / FOLDER).iterdir() if _NAME.match(path.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(paths, key=lambda path: path.name, reverse=True)


async def follow(dsn: str, settings: Settings) -> None:
    """Make backups when they are due while the program runs. A backup before a migration is copied first."""
    await asyncio.sleep(min(_FIRST, settings.backup_hours * 3600))
    while True:
        try:
            if (waiting := backup.for_media(settings)).exists():
                await _adopt(waiting)
            if await _due():
                await make(dsn, settings)
        except errors.Unavailable as problem:
            _log.debug("the backup in the media folder waits", reason=problem.code)
        except Exception:
            _log.exception("the backup in the media folder failed")
        await asyncio.sleep(min(_LOOK, settings.backup_hours * 360))


async def _due() -> bool:
    """Return whether a backup is due, at night if possible."""
    if chosen.get().recovery != "on" or not journal.may_write():
        return False
    seconds = QueryString("extract(epoch from now() - backed_up_at)::float8").as_alias("age")
    row = await JournalState.select(seconds).first()
    age = row["age"] if row is not None else None
    if age is None or age < 0:
        return True
    interval = chosen.get().backup_hours * 3600
    return float(age) >= interval * (_EARLY if time.localtime().tm_hour in _NIGHT else _LATE)


async def make(dsn: str, settings: Settings, why: str = "nightly") -> Path | None:
    """Make a backup now and begin a new generation of the journal. Returns: None if another process makes one.

    Raises: `Unavailable`, `BackupFailed`.
    """
    await ownership.require_owner()
    try:
        before = await journal.note_backup()
    except journal.BackupTaken:
        return None
    try:
        path = await _place(why, lambda file: backup.write(dsn, settings, file))
    except BaseException:
        with contextlib.suppress(errors.DatabaseUnavailable):
            await journal.withdraw_backup(before)
        raise
    await journal.begin_generation()
    return path


async def _adopt(made: Path) -> None:
    """Copy a backup that was made on the disk of the state folder."""
    if chosen.get().recovery != "on":
        made.unlink(missing_ok=True)
        return
    if not journal.may_write():
        raise errors.MediaOffline()

    async def copy(file: IO[bytes]) -> None:
        await mount.run_io(_copy, made, file)

    await _place("before-migration", copy)
    made.unlink()


def _copy(source: Path, file: IO[bytes]) -> None:
    with source.open("rb") as data:
        while chunk := data.read(1 << 20):
            file.write(chunk)


async def _place(why: str, write: Callable[[IO[bytes]], Awaitable[Any]]) -> Path:
    """Let `write` fill a file, and place it. Returns: its path. Our own older files beyond KEPT are removed."""
    ours = (await journal.installation())[:8]
    target = await mount.run_io(_target, mount.root(), why, ours)
    with _errors(target):
        draft = await mount.run_io(_open, target)
        try:
            await write(draft)
            await mount.run_io(_finish, draft, target)
        except BaseException:
            with contextlib.suppress(OSError, errors.Unavailable):
                await mount.run_io(_discard, draft, target)
            raise
        await mount.run_io(_remove_old, target.parent, ours)
    _log.info("backup in the media folder made", path=target)
    return target


@contextlib.contextmanager
def _errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise mount.classify(error) or errors.BackupFailed(f"{target} cannot be written: {error.strerror}.") from error


def _target(root: Path, why: str, ours: str) -> Path:
    """Return the next name. It is numbered, since clocks may be wrong."""
    newest = found(root)
    number = int(newest[0].name[:8]) + 1 if newest else 1
    return root / FOLDER / f"{number:08}-{why}-{time.strftime('%Y%m%d-%H%M%S')}-{ours}{backup.ENDING}"


def _open(target: Path) -> IO[bytes]:
    mount.require()
    journal.make_private(target.parent)
    for rest in target.parent.glob(".new-*"):
        rest.unlink(missing_ok=True)  # left by a killed program; only one backup is made at a time
    return os.fdopen(os.open(_draft(target), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w+b", 1 << 20)


def _draft(target: Path) -> Path:
    return target.parent / f".new-{os.getpid()}-{target.name}"


def _finish(file: IO[bytes], target: Path) -> None:
    mount.require()
    file.flush()
    os.fsync(file.fileno())
    file.close()
    os.rename(_draft(target), target)
    files.sync_folder(target.parent)


def _discard(file: IO[bytes], target: Path) -> None:
    file.close()
    _draft(target).unlink(missing_ok=True)


def _remove_old(folder: Path, ours: str) -> None:
    mine = [path for path in found(folder.parents[1]) if installation_of(path) == ours]
    for path in mine[KEPT:]:
        path.unlink(missing_ok=True)
