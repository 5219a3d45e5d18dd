"""The fifty-seventh version: channels are counted in an index of their own, and their ids are found one by one.

Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0057_channel_names"
VERSION = "1.39.0"
DESCRIPTION = "Indexes for lists of channels"

INDEX = """
create index if not exists source_metadata_channel_ids on source_metadata (channel_name, channel);
create index if not exists library_item_of_channel on library_item (owner, channel, channel_site)
  where trashed_at is null and channel is not null;
drop index if exists source_metadata_channel_name;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(INDEX)

    manager.add_raw(run)
    return manager
