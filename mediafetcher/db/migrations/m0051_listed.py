"""The fifty-first version: a download keeps the metadata that its list has of it.

A feed has the date, description and picture of its entries, which are plain files without such facts.
Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0051_listed"
VERSION = "1.38.0"
DESCRIPTION = "The metadata of an entry of a list"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute("alter table download add column if not exists listed jsonb")

    manager.add_raw(run)
    return manager
