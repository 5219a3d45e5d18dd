"""The twenty-fourth version: events of the audit trail and unreferenced sources are removed by their age.

Both store running time next to their time. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0024_retention"
VERSION = "1.38.0"
DESCRIPTION = "Retention of the audit trail and of sources"

# Rows of an older version get 0: they count from now on.
AUDIT = """
alter table audit_event add column if not exists running_seconds double precision not null default 0;
alter table audit_event alter column running_seconds set default mf_running_seconds();
create index if not exists audit_event_action on audit_event (action, id);
"""

# When the source was last written: the age of an unused one begins then.
SOURCES = """
alter table source add column if not exists touched_at timestamptz not null default now();
alter table source add column if not exists touched_running_seconds double precision not null default 0;
alter table source alter column touched_running_seconds set default mf_running_seconds();
create index if not exists source_unused on source (touched_at) where media_file is null;

create or replace function mf_stamp_source() returns trigger language plpgsql as $$
begin
  new.touched_at := now();
  new.touched_running_seconds := mf_running_seconds();
  return new;
end $$;
create or replace trigger source_touched before update on source for each row execute function mf_stamp_source();
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        for statements in (AUDIT, SOURCES):
            await engine.execute(statements)

    manager.add_raw(run)
    return manager
