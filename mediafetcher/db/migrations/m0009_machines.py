"""The ninth version: the machines that work on the queue.

Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0009_machines"
VERSION = "1.38.0"
DESCRIPTION = "Machines"

MACHINES = """
create table if not exists machine (
  instance text primary key,
  name text not null,
  role text not null check (role in ('server', 'worker')),
  version text not null,
  jobs integer not null,
  running integer not null default 0,
  encoders text[] not null default '{}',
  cookies boolean not null default true,
  trouble text,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now());
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(MACHINES)

    manager.add_raw(run)
    return manager
