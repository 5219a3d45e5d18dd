"""Rebuild a lost database from the media folder: the newest good backup, and what the journal says since.

The library becomes exactly what the journal says: items that were purged stay purged, what was in the trash is in the
trash. Data that only a backup has (passwords, cookies, download history) comes from the backup. Without a backup the
users are restored without passwords; without a journal the library is that of the backup.

The rebuilt database is a new installation. It removes nothing from the media folder until a user decides that the
folder is its own. An interrupted rebuild leaves a mark, so that nothing starts on half a library.
"""

import asyncio
from pathlib import Path

import msgspec

from mediafetcher.core import errors, files, logging
from mediafetcher.core.settings import Settings
from mediafetcher.db import dump, engine, lineage, migrate
from mediafetcher.db.tables import JournalState, LibraryItem, MediaFile, User
from mediafetcher.library.recovery import journal, journal_file, merge
from mediafetcher.library.storage import decisions, mount, ownership
from mediafetcher.ops import backup, media_backups

_MARK = "rebuild-unfinished"  # in the state folder

_log = logging.get("rebuild")


class Report(msgspec.Struct):
    """The result of a rebuild. `until`: time of the last change in the journal, "" without one."""

    backup: str | None = None  # file name
    damaged_backups: list[str] = []
    journal: str | None = None  # file name
    until: str = ""
    damaged_lines: int = 0
    items: int = 0
    trashed: int = 0
    users: int = 0
    without_password: list[str] = []
    lost: int = 0  # items of the journal whose file is missing
    missing_files: int = 0
    folder: str = ""  # the store's own folder below the media folder, if it was separated
    notes: list[str] = []


def refuse_unfinished(state: Path) -> None:
    """Raise `RebuildUnfinished` if a rebuild into this state folder was interrupted."""
    if (state / _MARK).exists():
        raise errors.RebuildUnfinished()


def find_media(settings: Settings) -> Path:
    """Return the media folder to rebuild from. Raises: `NothingToRebuild`."""
    media = settings.media or mount.DEFAULT
    if not (media / mount.SENTINEL).exists():
        raise errors.NothingToRebuild(
            f"{media} is not the media folder of a library: mount it, or name it with --media."
        )
    return media


def _find_store(media: Path, installation: str) -> str:
    """The folder below the media folder whose library is rebuilt: "" or that of a store of its own.

    Several installations may have left their traces. `installation` names one of them; a store of its own is newer than
    what the same installation left in the shared one. Otherwise it is the last to write. Blocking.
    """
    own = sorted(path.parent.name for path in media.glob(f"{decisions.OWN_FOLDER}*/{mount.SENTINEL}"))
    written: dict[str, float] = {}
    for name in (*own, ""):
        traces = [*journal_file.generations(media / name, installation), *media_backups.found(media / name)]
        ours = [path for path in traces if not installation or installation[:8] in path.name]
        if ours:
            written[name] = max(path.stat().st_mtime for path in ours)
    if installation:
        return next(iter(written), "")
    return max(written, key=lambda name: written[name], default="")


async def rebuild(dsn: str, settings: Settings, media: Path, installation: str = "") -> Report:
    """Fill the empty database at `dsn` from `media`. It must have no other connections.

    `installation`: the first eight characters of its id, if several left data; else the last to write. Raises:
    `LibraryNotEmpty`, `NothingToRebuild`, `NewerSchema`; nothing was changed then.
    """
    report = Report()
    await _refuse_library(dsn, settings.state)
    report.folder = await asyncio.to_thread(_find_store, media, installation)
    store = media / report.folder
    library = await asyncio.to_thread(journal_file.load, store, installation)
    backups = await asyncio.to_thread(media_backups.found, store)
    if not installation and library is not None:
        last = journal_file.installation_of(library.generation.path)
        backups.sort(key=lambda path: media_backups.installation_of(path) != last)  # its own first
    elif installation:
        backups = [path for path in backups if media_backups.installation_of(path) == installation[:8]]
    if not backups and library is None:
        raise errors.NothingToRebuild(f"{media} holds neither a backup nor a journal: nothing can be rebuilt from it.")
    _mark(settings.state)
    await _restore_newest(dsn, settings, backups, report)
    if report.backup is None and library is None:
        _unmark(settings.state)
        raise errors.NothingToRebuild(f"No backup in {media} is whole, and there is no journal.")
    await engine.connect(dsn)
    try:
        await migrate.migrate()
        await _record_store(media, report.folder)
        await _fill(library, report)
        await _look(report)
    finally:
        await engine.close()
    _unmark(settings.state)
    return report


async def _refuse_library(dsn: str, state: Path) -> None:
    if (state / _MARK).exists():
        return
    counts = (await dump.facts(dsn)).counts
    if counts.get("account") or counts.get("library_item"):
        raise errors.LibraryNotEmpty(f"{state} has a library already: name an empty state folder with --state.")


async def _restore_newest(dsn: str, settings: Settings, backups: list[Path], report: Report) -> None:
    for path in backups:
        try:
            with path.open("rb") as file:
                done = await backup.restore(dsn, settings, file)
        except (errors.BackupDamaged, errors.RestoreFailed, OSError) as error:
            _log.warning("a backup cannot be used", path=path, reason=str(error))
            report.damaged_backups.append(path.name)
            continue
        report.backup, report.notes = path.name, done.notes
        return


async def _record_store(media: Path, folder: str) -> None:
    """Record the present location of the store, regardless of the backup, and take its ownership."""
    await mount.record(media, folder)
    await mount.prepare()


@engine.patiently
async def _fill(library: journal_file.Library | None, report: Report) -> None:
    """Make the library equal to the journal, in one transaction."""
    known = await JournalState.select(JournalState.generation, JournalState.size).first()
    assert known is not None
    if library is not None and report.backup and library.generation.number < known["generation"]:
        report.notes.append("The journal is older than the backup, so only the backup was used.")
        library = None
    async with engine.transaction():
        if library is not None:
            cut = library.generation.number == known["generation"] and library.generation.size < known["size"]
            report.lost = await merge.apply(library, cut=cut)
            report.journal, report.until = library.generation.path.name, library.until
            report.damaged_lines = library.damaged
        await ownership.begin_lineage("rebuilt", lineage.DETAILS["rebuilt"])
        await journal.restart()


async def _look(report: Report) -> None:
    """Count what was rebuilt."""
    report.items = await LibraryItem.count().where(LibraryItem.trashed_at.is_null())
    report.trashed = await LibraryItem.count().where(LibraryItem.trashed_at.is_not_null())
    users = await User.select(User.name, User.password_hash).order_by(User.id)
    report.users = len(users)
    report.without_password = [row["name"] for row in users if row["password_hash"] is None]
    files = await MediaFile.select(MediaFile.sha256, MediaFile.ext).where(MediaFile.ref_count > 0)
    listed = [f"{row['sha256'].hex()},0,{row['ext']}" for row in files]
    report.missing_files = len(await asyncio.to_thread(backup.missing, listed, mount.root()))


def words(report: Report) -> list[str]:
    """Return the report for the user."""
    lines = [f"{report.items} items came back, {report.trashed} more in the trash, of {report.users} users."]
    if report.journal:
        lines.append(f"The journal says what changed until {report.until}.")
    lines.append(f"Backup: {report.backup}." if report.backup else "There was no whole backup.")
    lines += [f"{name} is damaged and was passed over." for name in report.damaged_backups]
    if report.damaged_lines:
        lines.append(f"{report.damaged_lines} lines of the journal are damaged and were passed over.")
    if report.folder:
        lines.append(f"The library is that of a store of its own: the folder {report.folder} below the media folder.")
    if report.lost:
        lines.append(f"{report.lost} items could not be restored: the line of their file is damaged.")
    if report.missing_files:
        lines.append(f"{report.missing_files} media files are missing: `mediafetcher check` names them.")
    if report.without_password:
        lines.append(f"Set passwords with `mediafetcher user password NAME`: {', '.join(report.without_password)}.")
    lines.append("Nothing is changed in the media folder until you decide that it is this library's: `store take`.")
    return lines + report.notes


def _mark(state: Path) -> None:
    files.replace(state / _MARK, b"A rebuild was interrupted: type `mediafetcher rebuild` again.\n")


def _unmark(state: Path) -> None:
    (state / _MARK).unlink(missing_ok=True)
    files.sync_folder(state)
