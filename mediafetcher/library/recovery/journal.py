"""The journal in the media folder: with the newest backup it rebuilds a library whose database is lost.

Triggers record changes (table `journal_change`). The writer appends them to the present generation, syncs the file,
and only then removes the records, so changes interrupted by a crash or a missing share are written later. A generation
begins with a full base (journal_file.py). A new one begins whenever the file is not exactly what the database expects:
after a crash, and when the database is a clone or an older state than the file. So no two histories mix in one file.

Only the owner of the store writes, one process at a time, and nothing waits for it.
"""

import asyncio
import contextlib
import os
import uuid
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from piccolo.querystring import QueryString

from mediafetcher.core import clock, errors, files, logging, settings
from mediafetcher.db import engine
from mediafetcher.db.expressions import among, same
from mediafetcher.db.tables import Installation, JournalChange, JournalState
from mediafetcher.library.recovery import journal_file, journal_rows
from mediafetcher.library.recovery.journal_file import KINDS, Row, titles
from mediafetcher.library.storage import mount, ownership

__all__ = [
    "begin_generation",
    "close",
    "configure",
    "flush",
    "follow",
    "forget",
    "installation",
    "make_private",
    "may_write",
    "titles",
]

EVERY = 2.0  # seconds between two checks for changes
_LOCK = 77_017  # the advisory lock of the writer
_BATCH = 1000  # changes that are read at once
_PAGE = 1000  # rows of the base at once, encoded in a thread while the loop serves pages
_MOST = 200_000  # changes that wait for an unavailable media folder; beyond that, a new generation replaces them
_GROWN = 4  # a file of this many times its base, and of _SMALL bytes, is replaced by a new generation
_SMALL = 32 << 20
_KEPT = 2  # generations of this installation
_LAST = 10.0  # seconds for the last changes when the program ends

# Up to 200,000 rows without a dict for each; no limit if it is null.
_CHANGES = "select seq, kind, row_id, at from journal_change order by seq limit $1"

_log = logging.get("journal")
_failing = False


class BackupTaken(Exception):
    """Another process makes a backup."""


async def configure() -> None:
    """Enable or disable the triggers that record changes, by the setting."""
    recording = settings.get().recovery == "on"
    await JournalState.update({JournalState.recording: recording}).where(JournalState.recording != recording)
    if not recording:
        await forget()


async def restart() -> None:
    """Record changes again after a rebuild. The next write begins a new generation with everything that exists then."""
    async with engine.transaction():
        await JournalState.update({JournalState.recording: True}, force=True)
        await forget()


async def note_backup() -> datetime | None:
    """Note that a backup is made now. Returns: the time of the backup before.

    Raises:
        BackupTaken: another process noted one at the same time.
    """
    table = JournalState
    before = await table.select(table.backed_up_at, QueryString("now()").as_alias("now")).first()
    assert before is not None
    unchanged = same(table.backed_up_at, before["backed_up_at"])
    if not await table.update({table.backed_up_at: before["now"]}).where(unchanged).returning(table.id):
        raise BackupTaken
    found: datetime | None = before["backed_up_at"]
    return found


async def withdraw_backup(before: datetime | None) -> None:
    """Note that the backup failed: the one before is the last again."""
    await JournalState.update({JournalState.backed_up_at: before}, force=True)


async def forget() -> None:
    """Drop the waiting changes: the next write begins a new generation with everything that exists then."""
    async with engine.transaction():
        await JournalState.update({JournalState.epoch: None}, force=True)
        await JournalChange.delete(force=True)


async def follow() -> None:
    """Write changes within a few seconds of their commit, for as long as the program runs."""
    while True:
        await _write_quietly()
        await asyncio.sleep(EVERY)


async def close() -> None:
    """Write the last changes before the program ends; what cannot be written now is written at the next start."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_write_quietly(), _LAST)


async def _write_quietly() -> None:
    """Write the waiting changes. The recorded work is already done, so a failure is logged once and tried again."""
    global _failing
    try:
        while await flush() >= _BATCH:
            pass
        _failing = False
    except errors.DatabaseUnavailable:
        pass
    except (errors.Unavailable, OSError) as error:
        if not _failing:
            _log.warning("the journal cannot be written; changes wait in the database", reason=str(error))
        _failing = True
    except Exception:
        if not _failing:
            _log.exception("writing the journal failed")
        _failing = True


def may_write() -> bool:
    """Tell whether this installation may write to the media folder, outside its store."""
    return mount.state().state == "online" and ownership.frozen() is None


async def flush() -> int:
    """Write the waiting changes, at most _BATCH. Returns: how many. Raises: `Unavailable`, OSError.

    Writes nothing while the media folder is unavailable, or belongs to another installation.
    """
    if not await JournalChange.exists() and await JournalState.exists().where(JournalState.epoch.is_not_null()):
        return 0
    if settings.get().recovery != "on":
        return 0
    if not may_write():
        await _bound()
        return 0
    if not await _appendable(await _state()):
        await begin_generation()
        return 0
    async with engine.transaction():
        if not await engine.try_lock(_LOCK):
            return 0
        state = await _state()
        path = await _appendable(state)
        return await _append(path, state) if path is not None else 0


async def begin_generation() -> None:
    """Begin a new generation now, as after a backup. Raises: `Unavailable`, OSError."""
    if settings.get().recovery != "on" or not may_write():
        return
    await ownership.require_owner()
    async with engine.transaction():
        await engine.lock(_LOCK)
        await _begin(await _state())


async def _state() -> Row:
    state = await JournalState.select().first()
    row = await Installation.select(Installation.id, Installation.lineage).first()
    assert state is not None
    assert row is not None
    return state | {"installation": str(row["id"]), "lineage": row["lineage"]}


async def _appendable(state: Row) -> Path | None:
    """Return the file to append to; None if a new generation must begin."""
    if state["size"] > max(_SMALL, _GROWN * state["base_size"]):
        return None
    found: Path | None = await _in_thread(_present, mount.root(), state)
    return found


async def _in_thread(function: Any, *args: Any) -> Any:
    return await mount.run_io(function, *args, patience=settings.get().mount_timeout_seconds)


async def _bound() -> None:
    """Keep the table small while the media folder is unavailable."""
    if await JournalChange.select(JournalChange.seq).offset(_MOST).first() is not None:
        _log.warning("too many changes wait for the media folder: a new generation of the journal will begin")
        await forget()


# ---- append ------------------------------------------------------------------------------------------------


async def _append(path: Path, state: Row) -> int:
    notes = await engine.records(_CHANGES, _BATCH)
    if not notes:
        return 0
    data = await _lines(notes)
    await _in_thread(_append_to, path, state["size"], data)
    await JournalState.update({JournalState.size: JournalState.size + len(data)}, force=True)
    await _remove(notes)
    return len(notes)


async def _remove(notes: list[Any]) -> None:
    """Remove changes. The caller has updated the state before: `forget` locks the two in this order."""
    await JournalChange.delete().where(among(JournalChange.seq, [note["seq"] for note in notes]))


async def _lines(notes: Iterable[Any]) -> bytes:
    """Return the lines of these changes: one for each row, as it is now, in the order of the changes."""
    last = {(note["kind"], note["row_id"]): note for note in notes}
    rows: dict[tuple[str, int], Row] = {}
    for kind in KINDS:
        ids = [id for one, id in last if one == kind]
        statement = journal_rows.SELECT[kind].format(where="id = any($1::bigint[])")
        found = await engine.records(statement, ids) if ids else []
        rows |= {(kind, row["id"]): journal_rows.plain(row) for row in found}
    return b"".join(
        journal_file.change(kind, id, note["seq"], journal_rows.text(note["at"]), rows.get((kind, id)))
        for (kind, id), note in sorted(last.items(), key=lambda pair: pair[1]["seq"])
    )


def _present(root: Path, state: Row) -> Path | None:
    """Return the file to append to; None if the database expects another content, or if it is not our newest."""
    found = journal_file.generations(root, state["installation"])
    if state["epoch"] is None or not found:
        return None
    wanted = journal_file.name(state["generation"], state["installation"], state["epoch"].hex)
    try:
        return found[0] if found[0].name == wanted and found[0].stat().st_size == state["size"] else None
    except FileNotFoundError:
        return None


def _append_to(path: Path, size: int, data: bytes) -> None:
    """Append and sync. A write that another one overtook changes the size, and so leads to a new generation."""
    mount.require()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    try:
        if os.fstat(descriptor).st_size != size:
            raise OSError(f"{path.name} was changed by another program")
        _write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


# ---- a new generation --------------------------------------------------------------------------------------


async def _begin(state: Row) -> None:
    """Write everything that exists to a new file, and make it the present one.

    Changes that commit meanwhile are not among the records read first, so they are appended afterwards.
    """
    began = clock.monotonic()
    notes = await engine.records(_CHANGES, None)
    epoch, root = uuid.uuid4(), mount.root()
    number = max(state["generation"], await _in_thread(_highest, root)) + 1
    draft = await _in_thread(_open_draft, root)
    try:
        size = await _write_base(draft, state, number, epoch)
        size += await _write_deletions(draft, notes)
        path = root / journal_file.FOLDER / journal_file.name(number, state["installation"], epoch.hex)
        await _in_thread(_finish_draft, draft, path)
    except BaseException:
        with contextlib.suppress(OSError, errors.Unavailable):
            await _in_thread(draft.discard)
        raise
    table = JournalState
    await table.update(
        {table.generation: number, table.epoch: epoch, table.size: size, table.base_size: size}, force=True
    )
    await _remove(notes)
    seconds = round(clock.monotonic() - began, 2)
    _log.info("a new generation of the journal", number=number, bytes=size, seconds=seconds)
    with contextlib.suppress(OSError, errors.Unavailable):
        await _in_thread(_remove_old, root, state["installation"])


async def installation() -> str:
    """Return the identity of the installation, as lines and file names contain it."""
    row = await Installation.select(Installation.id).first()
    assert row is not None
    return str(row["id"])


class _Draft:
    """A generation that is being written, under a name that no reader uses."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def write(self, data: bytes) -> None:
        _write_all(self.descriptor, data)

    def discard(self) -> None:
        os.close(self.descriptor)
        self.path.unlink(missing_ok=True)


async def _write_base(draft: _Draft, state: Row, number: int, epoch: uuid.UUID) -> int:
    """Write head and base. Returns: the bytes written."""
    at = journal_rows.text(await engine.function("clock_timestamp"))
    lineage = str(state["lineage"])
    data = journal_file.head(installation=state["installation"], lineage=lineage, epoch=epoch.hex, number=number, at=at)
    await _in_thread(draft.write, data)
    size, count = len(data), 0
    for kind in KINDS:
        where = (
            "id > $1"
            + (" and ref_count > 0" if kind == "file" else "")
            + f" order by id limit {journal_rows.page_size(kind)}"
        )
        last = 0
        while rows := await engine.records(journal_rows.SELECT[kind].format(where=where), last):
            data = await asyncio.to_thread(_base_lines, kind, rows)
            await _in_thread(draft.write, data)
            size, count, last = size + len(data), count + len(rows), rows[-1]["id"]
    data = journal_file.whole(count)
    await _in_thread(draft.write, data)
    return size + len(data)


def _base_lines(kind: str, rows: list[Any]) -> bytes:
    return b"".join(journal_file.base(kind, row["id"], journal_rows.plain(row)) for row in rows)


async def _write_deletions(draft: _Draft, notes: list[Any]) -> int:
    """Write the deletions among these changes; the base has all others. Returns: the bytes written."""
    size = 0
    for start in range(0, len(notes), _BATCH):
        data = await _lines(notes[start : start + _BATCH])
        await _in_thread(draft.write, data)
        size += len(data)
    return size


def _open_draft(root: Path) -> _Draft:
    mount.require()
    folder = root / journal_file.FOLDER
    make_private(folder)
    for rest in folder.glob(".new-*"):
        rest.unlink(missing_ok=True)  # the draft of a writer that was killed; only one writes at a time
    return _Draft(folder / f".new-{os.getpid()}-{uuid.uuid4().hex[:8]}")


def make_private(folder: Path) -> None:
    """Make a folder for its owner alone, if the share supports such permissions. Raises: OSError."""
    if not folder.is_dir():
        folder.parent.mkdir(exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        files.sync_folder(folder.parent)


def _finish_draft(draft: _Draft, path: Path) -> None:
    mount.require()
    os.fsync(draft.descriptor)
    os.rename(draft.path, path)
    files.sync_folder(path.parent)
    os.close(draft.descriptor)


def _highest(root: Path) -> int:
    found = journal_file.generations(root)
    return journal_file.number_of(found[0]) if found else 0


def _remove_old(root: Path, installation: str) -> None:
    """Keep the newest generations of this installation; those of other installations stay."""
    for path in journal_file.generations(root, installation)[_KEPT:]:
        path.unlink(missing_ok=True)
