"""The fifty-eighth version: music of an exported tree may be copies with tags (decision 60). Safe to run twice."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0058_tagged_exports"
VERSION = "1.39.0"
DESCRIPTION = "Tagged copies in exported trees"

COLUMNS = """
alter table export_tree add column if not exists tagged boolean not null default false;
alter table export_file add column if not exists size bigint;
create index if not exists export_file_copies on export_file (item) include (size) where size is not null;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(COLUMNS)

    manager.add_raw(run)
    return manager
