"""The thirty-fifth version: the outcomes of download attempts, by site and error, for `/metrics`.

A trigger appends one row for each attempt that ended, so the counts include every machine and outlive the downloads.
Rows of the same kind are added up later (downloads/statistics.py): writers never wait for each other's row.
Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0035_statistics"
VERSION = "1.38.0"
DESCRIPTION = "How attempts of downloads ended"

TABLE = """
create table if not exists download_statistic (
  id bigserial primary key,
  outcome text not null,
  site text not null,
  error_code text not null default '',
  attempts bigint not null default 1,
  bytes bigint not null default 0);
"""

# A row that is released without an error (a stop) was not tried; a list is no download of its own.
TRIGGER = """
create or replace function mf_count_attempt() returns trigger language plpgsql as $$
begin
  insert into download_statistic (outcome, site, error_code, bytes) values (
    new.state, new.site, case when new.state = 'done' then '' else coalesce(new.error_code, '') end,
    case when new.state = 'done' then coalesce(new.size, 0) else 0 end);
  return null;
end $$;
create or replace trigger download_attempt_counted after update of state on download for each row
  when (old.state = 'running' and new.kind = 'media' and (new.state in ('done', 'failed', 'cancelled')
    or new.error_code is not null and new.state <> 'running'))
  execute function mf_count_attempt();
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(TABLE)
        await engine.execute(TRIGGER)

    manager.add_raw(run)
    return manager
