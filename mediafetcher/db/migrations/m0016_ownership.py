"""The sixteenth version: the database knows whether it may unlink files of the store.

`dead_at` becomes `unreferenced_at`, so that the sweep of a running older program fails. Safe to run twice,
as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0016_ownership"
VERSION = "1.38.0"
DESCRIPTION = "Ownership of the store"

# Also run on a restored database of an older version, which must be frozen before any program opens it (db/lineage.py).
INSTALLATION = """
create table if not exists installation (
  id uuid primary key default gen_random_uuid(),
  single boolean not null default true unique check (single),
  lineage uuid not null default gen_random_uuid(),
  number bigint check (number > 0),
  nonce uuid,
  pending_nonce uuid,
  settling boolean not null default false,
  folder text not null default '',
  frozen_reason text,
  frozen_detail text,
  frozen_at timestamptz,
  constraint installation_claim check ((number is null) = (nonce is null)));
insert into installation default values on conflict do nothing;
"""

RENAME = """
do $$ begin
  if exists (select from information_schema.columns where table_name = 'media_file' and column_name = 'dead_at') then
    alter table media_file rename column dead_at to unreferenced_at;
    alter table media_file rename constraint media_file_dead to media_file_unreferenced;
    alter index media_file_dead_at rename to media_file_unreferenced_at;
  end if;
end $$;
create or replace function mf_lineage() returns uuid language sql stable as 'select lineage from installation';
"""

# Files that this database released before it had a lineage belong to its first one, unless it was restored or moved.
LINEAGE = """
do $$ begin
  if not exists (select from information_schema.columns
      where table_name = 'media_file' and column_name = 'unreferenced_in') then
    alter table media_file add column unreferenced_in uuid;
    update media_file set unreferenced_in = mf_lineage()
      where ref_count = 0 and exists (select from installation where frozen_reason is null);
    alter table media_file alter column unreferenced_in set default mf_lineage();
  end if;
end $$;
"""

COUNTING = """
create or replace function mf_count_reference() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.media_file = old.media_file then
    return null;
  end if;
  if tg_op <> 'INSERT' then
    update media_file set ref_count = ref_count - 1,
      unreferenced_at = case when ref_count = 1 then now() end,
      unreferenced_in = case when ref_count = 1 then mf_lineage() end
      where id = old.media_file;
  end if;
  if tg_op <> 'DELETE' then
    update media_file set ref_count = ref_count + 1, unreferenced_at = null, unreferenced_in = null
      where id = new.media_file;
  end if;
  return null;
end $$;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        for statements in (INSTALLATION, RENAME, LINEAGE, COUNTING):
            await engine.execute(statements)

    manager.add_raw(run)
    return manager
