"""Move the whole database: to a newer PostgreSQL, to a server of one's own, and back.

Always by dump and restore, always counted before it is used, and the earlier database stays. The caller
holds the lock of the state folder, so no other process writes in the meantime.
"""

import contextlib
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from mediafetcher.core import errors, files, logging
from mediafetcher.db import dump, embedded, lineage

OLDEST = 15  # the oldest PostgreSQL that works
_MOVED = "MOVED"  # in the embedded one's folder: its data is outdated
_FRESH = ".fresh"  # the data of a cluster that is being filled

_log = logging.get("carry")


def refuse_moved(state: Path) -> None:
    """Raises: `DatabaseMoved` if the embedded database was moved to another server."""
    note = embedded.home(state) / _MOVED
    with contextlib.suppress(FileNotFoundError):
        raise errors.DatabaseMoved(
            f"The database was moved to {note.read_text().strip()}. Set MEDIAFETCHER_DATABASE_URL to its "
            f"address, or delete {note} to keep using the old database."
        )


async def upgrade(state: Path) -> str | None:
    """Convert the data of an older PostgreSQL to this program's. Returns: its old version; None: nothing to do.

    The old folder stays. Raises: `NoPostgres` if its programs are missing, or if it is newer than ours.
    """
    home = embedded.home(state)
    found = sorted(int(path.parent.name) for path in home.glob("[0-9]*/PG_VERSION") if path.parent.name.isdecimal())
    if not found or int(embedded.VERSION) in found:
        return None
    old = str(found[-1])
    if int(old) > int(embedded.VERSION):
        raise errors.NoPostgres(
            f"The database was created by PostgreSQL {old}, but this program includes {embedded.VERSION}. "
            "Install the newer MediaFetcher that created it."
        )
    embedded.programs(old)
    _log.warning("the database is carried over to a newer PostgreSQL", old=old, new=embedded.VERSION)
    with _scratch(home) as folder:
        async with _running(embedded.Cluster(state, old)) as dsn:
            held = await dump.dump(dsn, folder)
        await _fill_embedded(state, folder, held)
    _log.warning("the database was carried over; the old one stays", kept=home / old, rows=sum(held.counts.values()))
    return old


async def move(source: str, target: str, state: Path) -> dump.Facts:
    """Copy the database at `source` into the empty one at `target`. Returns: their contents.

    Raises: `TargetNotEmpty`, `RestoreFailed`, `DatabaseUnavailable`; then the source is unchanged, and the target
    empty.
    """
    with _scratch(embedded.home(state)) as folder:
        there = await dump.facts(target)
        if int(there.server.partition(".")[0]) < OLDEST:
            raise errors.RestoreFailed(
                f"That server runs PostgreSQL {there.server}. MediaFetcher needs {OLDEST} or newer."
            )
        if there.counts:
            raise errors.TargetNotEmpty()
        held = await dump.dump(source, folder)
        _compare(held, await dump.fill(target, folder))
        await lineage.begin(target, "moved")  # the source may be started again
    parts = urlsplit(target)
    where = f"{parts.hostname or 'a socket'}{f':{parts.port}' if parts.port else ''}{parts.path}"
    files.replace(embedded.home(state) / _MOVED, f"{where} on {time.strftime('%Y-%m-%d')}\n".encode())
    return held


async def move_back(source: str, state: Path) -> dump.Facts:
    """Copy the database at `source` into the embedded PostgreSQL. Returns: the contents of both. An older embedded one
    stays, under another name.
    """
    home = embedded.home(state)
    home.mkdir(mode=0o711, parents=True, exist_ok=True)
    with _scratch(home) as folder:
        held = await dump.dump(source, folder)
        await _fill_embedded(state, folder, held, moved=True)
    (home / _MOVED).unlink(missing_ok=True)
    return held


async def _fill_embedded(state: Path, folder: Path, held: dump.Facts, *, moved: bool = False) -> None:
    """Fill a fresh cluster from `folder`, count it, and put it in place in one step.

    `moved`: the database that it came from stays in use elsewhere, or may be.
    """
    home = embedded.home(state)
    fresh, place = home / _FRESH, home / embedded.VERSION
    shutil.rmtree(fresh, ignore_errors=True)  # of an interrupted attempt
    async with _running(embedded.Cluster(state, data=fresh)) as dsn:
        _compare(held, await dump.fill(dsn, folder))
        if moved:
            await lineage.begin(dsn, "moved")
    if place.exists():
        place.rename(home / f"{embedded.VERSION}.before-{time.strftime('%Y%m%d-%H%M%S')}")
    fresh.rename(place)
    files.sync_folder(home)


def _compare(held: dump.Facts, filled: dump.Facts) -> None:
    if (filled.counts, filled.schema) != (held.counts, held.schema):
        wrong = sorted(name for name, rows in held.counts.items() if filled.counts.get(name) != rows)
        raise errors.RestoreFailed(
            f"The copied database does not match the original ({', '.join(wrong)} differ). Nothing was switched over."
        )


@contextlib.asynccontextmanager
async def _running(one: embedded.Cluster) -> AsyncIterator[str]:
    try:
        yield await one.start()
    finally:
        await one.stop()


@contextlib.contextmanager
def _scratch(home: Path) -> Iterator[Path]:
    """Create a private folder on the disk of the database, and remove it afterwards, as well as leftovers of a kill."""
    home.mkdir(mode=0o711, parents=True, exist_ok=True)
    for rest in home.glob(".carry-*"):
        shutil.rmtree(rest, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".carry-", dir=home) as folder:
        yield Path(folder)
