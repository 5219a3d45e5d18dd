"""The thirty-fourth version: exported trees notice changed metadata, because their descriptions hold it.

Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0034_metadata_export"
VERSION = "1.38.0"
DESCRIPTION = "Metadata in exported trees"

CHANGES = """
create or replace trigger library_item_metadata_changed after update of metadata on library_item for each row
  when (old.metadata is distinct from new.metadata) execute function mf_item_changed();

create or replace function mf_metadata_changed() returns trigger language plpgsql as $$
begin
  insert into export_change (tree, item) select t.id, i.id from export_tree t join library_item i
    on i.metadata = new.id and (t.people is null or i.owner = any(t.people));
  return null;
end $$;
create or replace trigger source_metadata_changed after update on source_metadata for each row
  when ((old.published_at, old.channel_name, old.facts) is distinct from
    (new.published_at, new.channel_name, new.facts)) execute function mf_metadata_changed();
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(CHANGES)

    manager.add_raw(run)
    return manager
