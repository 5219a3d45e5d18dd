"""The forty-ninth version: preferences of users. Safe to run twice, as the others."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0049_preferences"
VERSION = "1.38.0"
DESCRIPTION = "Preferences of users"

COLUMN = "alter table account add column if not exists preferences jsonb not null default '{}'"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(COLUMN)

    manager.add_raw(run)
    return manager
