"""The fifty-ninth version: a link that could not be asked for its metadata is left alone for a while.

Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0059_refresh_after"
VERSION = "1.39.0"
DESCRIPTION = "Failed looks for metadata are remembered"

COLUMNS = "alter table library_item add column if not exists refresh_after timestamptz"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(COLUMNS)

    manager.add_raw(run)
    return manager
