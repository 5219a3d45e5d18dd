"""The forty-sixth version: the journal also holds the metadata of sources, and which item has which.

`source_metadata.created_at` tells a row from another one with its id, in a backup or in a journal. A generation that
was begun earlier holds none of them, so a new one is begun. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0046_journal_metadata"
VERSION = "1.38.0"
DESCRIPTION = "Metadata of sources in the journal"

# The kinds are those of library/recovery/journal_file.py: a list of them here would refuse those of other versions.
STATE = """
alter table source_metadata add column if not exists created_at timestamptz;
update source_metadata set created_at = read_at where created_at is null;
alter table source_metadata alter column created_at set default now();
alter table source_metadata alter column created_at set not null;
alter table journal_change drop constraint if exists journal_change_kind_check;
update journal_state set epoch = null;
"""

TRIGGERS = """
create or replace trigger source_metadata_journal after insert or delete or update on source_metadata
  for each row execute function mf_journal('metadata');
create or replace trigger library_item_journal
  after insert or delete or update of owner, folder, media_file, title, source_url, site, uploader, trashed_at, keep,
    metadata
  on library_item for each row execute function mf_journal('item');
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(STATE)
        await engine.execute(TRIGGERS)

    manager.add_raw(run)
    return manager
