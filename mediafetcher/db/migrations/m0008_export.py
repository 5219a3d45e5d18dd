"""The eighth version: exported trees, their files, and the changes since.

Safe to run twice, as the first. A change of the library leaves one row for each tree that shows it, written by
triggers, so that nothing that changes an item can forget it. Without a tree they write nothing.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0008_export"
VERSION = "1.38.0"
DESCRIPTION = "Exported trees"

# `people` null: all users. `hard` false: symbolic links. `key`: equal for names that some file system treats as equal.
# A folder without `owner` is to be removed; `folder` null is the top folder of a user.
TREES = """
create table if not exists export_tree (
  id bigserial primary key,
  path text not null unique,
  people bigint[],
  hard boolean not null);

create table if not exists export_folder (
  id bigserial primary key,
  tree bigint not null references export_tree on delete cascade,
  parent bigint references export_folder on delete cascade,
  name text not null,
  key text collate "C" not null,
  owner bigint,
  folder bigint,
  ours boolean not null);
create index if not exists export_folder_tree on export_folder (tree);
create unique index if not exists export_folder_key on export_folder (tree, coalesce(parent, 0), key);
create index if not exists export_folder_parent on export_folder (parent);

create table if not exists export_file (
  id bigserial primary key,
  tree bigint not null references export_tree on delete cascade,
  folder bigint not null references export_folder on delete cascade,
  item bigint not null,
  stem text not null,
  suffix text not null,
  key text collate "C" not null,
  made text not null);
create unique index if not exists export_file_key on export_file (folder, key);
create index if not exists export_file_item on export_file (tree, item);

create table if not exists export_change (
  id bigserial primary key,
  tree bigint not null references export_tree on delete cascade,
  item bigint not null);
create index if not exists export_change_tree on export_change (tree, id);
"""

CHANGES = """
create or replace function mf_item_changed() returns trigger language plpgsql as $$
begin
  insert into export_change (tree, item) select t.id, coalesce(new.id, old.id) from export_tree t
    where t.people is null or coalesce(new.owner, old.owner) = any(t.people);
  return null;
end $$;
create or replace trigger library_item_changed
  after insert or delete or update of owner, folder, media_file, title, source_url, uploader, trashed_at
  on library_item for each row execute function mf_item_changed();

create or replace function mf_file_changed() returns trigger language plpgsql as $$
begin
  insert into export_change (tree, item) select t.id, i.id from export_tree t join library_item i
    on i.media_file = new.id and (t.people is null or i.owner = any(t.people));
  return null;
end $$;
create or replace trigger media_file_changed after update of ext, duration, poster, subtitles on media_file
  for each row when ((old.ext, old.duration, old.poster, old.subtitles) is distinct from
    (new.ext, new.duration, new.poster, new.subtitles)) execute function mf_file_changed();

create or replace function mf_folder_changed() returns trigger language plpgsql as $$
begin
  insert into export_change (tree, item)
    with recursive down as (select new.id as id union all
      select f.id from folder f join down on f.parent = down.id)
    select t.id, i.id from export_tree t join library_item i on t.people is null or i.owner = any(t.people)
    where i.folder in (select id from down);
  return null;
end $$;
create or replace trigger folder_changed after update of name, parent on folder
  for each row execute function mf_folder_changed();

create or replace function mf_account_changed() returns trigger language plpgsql as $$
begin
  insert into export_change (tree, item) select t.id, i.id from export_tree t join library_item i
    on i.owner = new.id and (t.people is null or i.owner = any(t.people));
  return null;
end $$;
create or replace trigger account_changed after update of name on account
  for each row when (old.name <> new.name) execute function mf_account_changed();
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(TREES)
        await engine.execute(CHANGES)

    manager.add_raw(run)
    return manager
