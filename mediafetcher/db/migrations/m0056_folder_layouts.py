"""The fifty-sixth version: folders of an exported tree may have layouts of their own. Safe to run twice."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0056_folder_layouts"
VERSION = "1.39.0"
DESCRIPTION = "Layouts of folders in exported trees"

COLUMN = "alter table export_tree add column if not exists folder_layouts jsonb not null default '{}'"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(COLUMN)

    manager.add_raw(run)
    return manager
