"""The forty-first version: retention, hours and presets of subscriptions, and items that are kept (decision 51).

`library_item.keep` protects an item from retention. `subscription_entry.removed_at` says that retention put the item
into the trash: it does so once, so a restored item stays. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0041_retention"
VERSION = "1.38.0"
DESCRIPTION = "Retention, schedules and presets of subscriptions"

TABLES = """
create table if not exists preset (
  id bigserial primary key,
  owner bigint not null references account on delete cascade,
  name text not null,
  options jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now());
create unique index if not exists preset_name on preset (owner, lower(name));

alter table library_item add column if not exists keep boolean not null default false;

alter table subscription add column if not exists retention jsonb not null default '{}';
alter table subscription add column if not exists schedule jsonb not null default '{}';
alter table subscription add column if not exists preset bigint references preset on delete set null;
alter table subscription add column if not exists list_count integer;
alter table subscription add column if not exists list_mark text;
alter table subscription add column if not exists moved_to text;
create index if not exists subscription_preset on subscription (preset) where preset is not null;
create index if not exists subscription_source on subscription (source_key);

alter table subscription_entry add column if not exists removed_at timestamptz;
"""

TRIGGERS = """
create or replace trigger library_item_journal
  after insert or delete or update of owner, folder, media_file, title, source_url, site, uploader, trashed_at, keep
  on library_item for each row execute function mf_journal('item');
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(TABLES)
        await engine.execute(TRIGGERS)

    manager.add_raw(run)
    return manager
