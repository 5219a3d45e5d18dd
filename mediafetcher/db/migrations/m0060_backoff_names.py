"""The sixtieth version: the columns of pauses of sites have plain names. Safe to run twice, as the others."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0060_backoff_names"
VERSION = "1.38.0"
DESCRIPTION = "Plain names for the pauses of sites"

_RENAME = """
do $$ begin
  if exists (select from information_schema.columns
             where table_schema = 'public' and table_name = 'site_backoff' and column_name = 'struck_at') then
    alter table site_backoff rename column strikes to failures;
    alter table site_backoff rename column struck_at to failed_at;
  end if;
end $$;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(_RENAME)

    manager.add_raw(run)
    return manager
