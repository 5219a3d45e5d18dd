"""Bring the database to the version of this program.

Everything happens in one transaction under an advisory lock: several processes may start at once, and a kill in
the middle leaves the old version. The usual case, nothing to do, is one short query.
"""

import contextlib
import importlib
import io
import os
import pkgutil
from types import ModuleType
from typing import Any

from piccolo.query import Select

from mediafetcher.core import errors, logging
from mediafetcher.db import catalogue, engine, migrations
from mediafetcher.db.catalogue import AppliedMigration

APP = "mediafetcher"
_LOCK = 77_000  # the advisory lock of migrations

_log = logging.get("database")


def known() -> list[str]:
    """Return the versions that this program knows, oldest first: the names of the files in `migrations/`."""
    return sorted(module.name for module in pkgutil.iter_modules(migrations.__path__))


def recorded() -> Select[AppliedMigration]:
    """Return the query for the versions that a database has, oldest first."""
    table = AppliedMigration
    return table.select(table.name).where(table.app_name == APP).order_by(table.name)


async def applied() -> list[str]:
    """Return the versions that the database has, oldest first; none if it is empty."""
    try:
        rows = await recorded()
    except engine.UndefinedTable:
        return []
    return [row["name"] for row in rows]


@engine.patiently
async def migrate() -> list[str]:
    """Apply missing migrations. Returns: the versions applied now. Raises: `NewerSchema`."""
    if not _missing(await applied()):
        return []
    async with engine.transaction():
        await engine.lock(_LOCK)
        # Another process may have applied it while we waited for the lock.
        async with engine.DB.connection() as connection:
            there = await catalogue.has_table(connection, "migration")
        missing = _missing(await applied() if there else [])
        if missing:
            await _run(known())
    if missing:
        _log.info("database migrated", versions=len(missing))
    return missing


async def create(dsn: str, versions: list[str]) -> None:
    """Create the tables of these versions, all of them known, in the empty database at `dsn`.

    The engine must not be connected. Raises: `NewerSchema`.
    """
    refuse_newer(versions)
    if not versions:
        return
    await engine.connect(dsn, size=1)
    try:
        async with engine.transaction():
            await _run(versions)
    finally:
        await engine.close()


async def require() -> None:
    """Check that the database is of this program's version, unchanged. Raises: `NewerSchema`, `OlderSchema`."""
    missing = _missing(await applied())
    if missing:
        raise errors.OlderSchema(missing=missing[0])


def _missing(present: list[str]) -> list[str]:
    refuse_newer(present)
    return [version for version in known() if version not in present]


def refuse_newer(present: list[str]) -> None:
    """Raises: `NewerSchema` if a database has had migrations that this program does not know."""
    ours = known()
    newer = sorted(set(present) - set(ours))
    if newer:
        raise errors.NewerSchema(
            f"The database was created by a newer MediaFetcher (it has {newer[-1]}, this program knows "
            f"{ours[-1]}). Install that version, or restore an older backup.",
            newest=newer[-1],
        )


async def _run(versions: list[str]) -> None:
    """Let Piccolo run and record the missing ones of these versions. Imported late, because it is slow."""
    os.environ["PICCOLO_CONF"] = "mediafetcher.db.piccolo_conf"
    from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager

    from mediafetcher.db.piccolo_app import APP_CONFIG

    class Forwards(ForwardsMigrationManager):
        def get_app_config(self, app_name: str) -> Any:
            return APP_CONFIG

        def get_migration_modules(self, folder_path: str) -> dict[str, ModuleType]:  # type: ignore[override]
            """Find migrations by import, not by listing a folder, which the single file does not have."""
            return {name: importlib.import_module(f"{migrations.__name__}.{name}") for name in versions}

    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does
        result = await Forwards(APP).run()
    if not result.success:
        raise errors.Internal(f"Could not update the database: {result.message}.")
