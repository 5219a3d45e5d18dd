"""The fifty-seventh version: the ids of a channel's name are found one by one. Safe to run twice, as the others."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0057_channel_names"
VERSION = "1.39.0"
DESCRIPTION = "Index of the names of channels with their ids"

INDEX = """
create index if not exists source_metadata_channel_ids on source_metadata (channel_name, channel);
drop index if exists source_metadata_channel_name;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(INDEX)

    manager.add_raw(run)
    return manager
