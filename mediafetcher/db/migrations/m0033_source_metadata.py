"""The thirty-third version: what a site says of a source is kept, for all items of the source together (decision 44).

`library_item.published_at` is a copy for the index of the sort order; triggers keep it. Safe to run twice, as the
others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0033_source_metadata"
VERSION = "1.38.0"
DESCRIPTION = "Metadata of sources"

TABLE = """
create table if not exists source_metadata (
  id bigserial primary key,
  schema_version integer not null default 1,
  published_at timestamptz,
  published_precision text check (published_precision in ('second', 'day')),
  channel text,
  channel_name text,
  channel_url text,
  live_status text,
  availability text,
  facts jsonb not null default '{}' check (octet_length(facts::text) <= 262144),
  read_at timestamptz not null default now(),
  check ((published_at is null) = (published_precision is null)));
create index if not exists source_metadata_channel on source_metadata (channel);
create index if not exists source_metadata_channel_name on source_metadata (channel_name);

alter table source add column if not exists metadata bigint references source_metadata on delete set null;
create index if not exists source_metadata_of on source (metadata) where metadata is not null;
alter table library_item add column if not exists metadata bigint references source_metadata on delete set null;
alter table library_item add column if not exists published_at timestamptz;
create index if not exists library_item_metadata on library_item (metadata) where metadata is not null;
"""

# Items without a date are the last in both directions.
ORDER = """
create index if not exists library_item_published on library_item
  (owner, coalesce(published_at, '9999-12-31 00:00:00+00'::timestamptz), id) where trashed_at is null;
create index if not exists library_item_published_down on library_item
  (owner, coalesce(published_at, '0002-01-01 00:00:00+00'::timestamptz), id) where trashed_at is null;
"""

PUBLISHED = """
create or replace function mf_item_published() returns trigger language plpgsql as $$
begin
  new.published_at := (select published_at from source_metadata where id = new.metadata);
  return new;
end $$;
create or replace trigger library_item_published_at before insert or update of metadata on library_item
  for each row execute function mf_item_published();

create or replace function mf_metadata_published() returns trigger language plpgsql as $$
begin
  update library_item set published_at = new.published_at where metadata = new.id;
  return null;
end $$;
create or replace trigger source_metadata_published after update of published_at on source_metadata for each row
  when (old.published_at is distinct from new.published_at) execute function mf_metadata_published();
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        for statements in (TABLE, ORDER, PUBLISHED):
            await engine.execute(statements)

    manager.add_raw(run)
    return manager
