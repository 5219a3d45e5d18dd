"""The fifty-fourth version: links that open a channel or a search. Safe to run twice, as the others."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0054_share_channels"
VERSION = "1.38.0"
DESCRIPTION = "Links to channels and searches"

COLUMNS = """
alter table share add column if not exists channel text;
alter table share add column if not exists channel_site text;
alter table share add column if not exists search text;
alter table share add column if not exists title text;
alter table share drop constraint if exists share_check;
alter table share drop constraint if exists share_opens_one;
alter table share add constraint share_opens_one check (num_nonnulls(item, folder, channel, search) = 1);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(COLUMNS)

    manager.add_raw(run)
    return manager
