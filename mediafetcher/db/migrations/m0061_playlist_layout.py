"""The sixty-first version: exported trees have seasons of playlists, and names of their own rules (decision 63).

Every tree is compared as a whole at its next update, because names and descriptions have changed. Trees with seasons
of playlists notice changed lists. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0061_playlist_layout"
VERSION = "1.39.0"
DESCRIPTION = "Seasons of playlists in exported trees"

LAYOUT = """
alter table export_tree drop constraint if exists export_tree_layout_check;
alter table export_tree add constraint export_tree_layout_check
  check (layout in ('film', 'show', 'show-by-playlist', 'music', 'template')
    and (layout = 'template') = (template is not null));
update export_tree set behind = true;

create or replace function mf_list_entries_changed() returns trigger language plpgsql as $$
begin
  insert into export_change (tree, item) select t.id, i.id from export_tree t
    join library_item i on t.people is null or i.owner = any(t.people)
    where (t.layout = 'show-by-playlist' or t.folder_layouts::text like '%"show-by-playlist"%')
      and i.source_url in (select url from changed);
  return null;
end $$;
create or replace trigger source_list_entries_added after insert on source_list_entry
  referencing new table as changed for each statement execute function mf_list_entries_changed();
create or replace trigger source_list_entries_removed after delete on source_list_entry
  referencing old table as changed for each statement execute function mf_list_entries_changed();
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(LAYOUT)

    manager.add_raw(run)
    return manager
