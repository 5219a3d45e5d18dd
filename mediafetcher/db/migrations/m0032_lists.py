"""The thirty-second version: lists of a site (playlists, channels) keep their order, with what is missing in its place.

An entry and an item belong together by the canonical link. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0032_lists"
VERSION = "1.38.0"
DESCRIPTION = "Lists of a site"

SQL = """
create table if not exists source_list (
  id bigserial primary key,
  owner bigint not null references account (id) on delete cascade,
  url text not null,
  title text not null,
  site text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (owner, url));
create table if not exists source_list_entry (
  id bigserial primary key,
  list bigint not null references source_list (id) on delete cascade,
  position integer not null,
  url text not null,
  title text,
  duration double precision,
  unique (list, position));
create index if not exists source_list_entry_url on source_list_entry (url);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(SQL)

    manager.add_raw(run)
    return manager
