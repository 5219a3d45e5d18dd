"""The fourth version: downloads of lists with their entries, streams that have not begun, and a log of each download.

Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0004_lists"
VERSION = "1.38.0"
DESCRIPTION = "Lists, waiting streams, logs"

LISTS = """
alter table download add column if not exists kind text not null default 'media'
  check (kind in ('media', 'playlist'));
alter table download add column if not exists parent bigint references download on delete set null;
create index if not exists download_parent on download (parent) where parent is not null;
create index if not exists download_waiting on download (run_after) where state = 'waiting';

create table if not exists download_log (
  id bigserial primary key,
  download bigint not null references download on delete cascade,
  at timestamptz not null default now(),
  level text not null default 'info' check (level in ('info', 'warning', 'error')),
  message text not null);
create index if not exists download_log_of on download_log (download, id);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(LISTS)

    manager.add_raw(run)
    return manager
