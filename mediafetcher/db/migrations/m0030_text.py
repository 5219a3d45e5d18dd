"""The thirtieth version: search terms and the sort key of an item are computed by the program, for every script.

`text_version` is the version of the computation; rows of another one are computed again while the server
runs (library/catalog/text_index.py). Until then an item is found by its old terms, and sorts by its title in lower
case. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0030_text"
VERSION = "1.38.0"
DESCRIPTION = "Search and order in every script"

COLUMNS = """
alter table library_item alter column search drop expression if exists;
alter table library_item alter column search set default ''::tsvector;
alter table library_item add column if not exists sort_key text collate "C";
alter table library_item add column if not exists text_version integer not null default 0;
drop index if exists library_item_title;
create index if not exists library_item_sort_key
  on library_item (owner, coalesce(sort_key, lower(title) collate "C"), id) where trashed_at is null;
create index if not exists library_item_text_version on library_item (text_version, id);
"""

# A statement that changes a title without its terms leaves a row that is computed again, never one that is not found.
CHANGES = """
create or replace function mf_text_changed() returns trigger language plpgsql as $$
begin
  new.text_version := 0;
  return new;
end $$;
create or replace trigger library_item_text before update of title, uploader, site on library_item for each row
  when ((old.title, old.uploader, old.site) is distinct from (new.title, new.uploader, new.site)
    and old.search = new.search and old.sort_key is not distinct from new.sort_key)
  execute function mf_text_changed();
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(COLUMNS)
        await engine.execute(CHANGES)

    manager.add_raw(run)
    return manager
