"""The forty-fourth version: the journal also holds lists of a site, blocked links and watch positions.

A generation that was begun earlier holds none of them, so a new one is begun. A file that nothing referred to is not in
the base of a generation, so its next reference is noted. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0044_journal_lists"
VERSION = "1.38.0"
DESCRIPTION = "Lists, blocked links and watch positions in the journal"

# The kinds are those of library/recovery/journal_file.py: a list of them here would refuse those of other versions.
STATE = """
alter table journal_change drop constraint if exists journal_change_kind_check;
update journal_state set epoch = null;
"""

# The entries belong to the line of their list, and one statement replaces thousands of them.
TRIGGERS = """
create or replace function mf_journal_entries() returns trigger language plpgsql as $$
begin
  insert into journal_change (kind, row_id)
    select 'list', changed.list from journal_state, (select distinct list from changed) changed where recording;
  return null;
end $$;
create or replace trigger media_file_referenced_journal after update of ref_count on media_file for each row
  when (old.ref_count = 0 and new.ref_count > 0) execute function mf_journal('file');
create or replace trigger source_list_entry_added_journal after insert on source_list_entry
  referencing new table as changed for each statement execute function mf_journal_entries();
create or replace trigger source_list_entry_changed_journal after update on source_list_entry
  referencing new table as changed for each statement execute function mf_journal_entries();
create or replace trigger source_list_entry_removed_journal after delete on source_list_entry
  referencing old table as changed for each statement execute function mf_journal_entries();
create or replace trigger source_list_journal
  after insert or delete or update of owner, url, title, site, updated_at on source_list
  for each row execute function mf_journal('list');
create or replace trigger blocked_source_journal after insert or delete or update of owner, source, key, since
  on blocked_source for each row execute function mf_journal('block');
create or replace trigger watch_journal after insert or delete or update of owner, media_file, position, updated_at
  on watch for each row execute function mf_journal('watch');
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(STATE)
        await engine.execute(TRIGGERS)

    manager.add_raw(run)
    return manager
