"""The eleventh version: the space that each running download still needs, for all machines.

Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0011_room"
VERSION = "1.38.0"
DESCRIPTION = "Space for running downloads"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute("alter table download add column if not exists room bigint not null default 0")

    manager.add_raw(run)
    return manager
