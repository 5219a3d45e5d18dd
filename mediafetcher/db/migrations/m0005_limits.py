"""Limits that all machines share: settings that users change at run time, and pauses of sites.

Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0005_limits"
VERSION = "1.38.0"
DESCRIPTION = "Settings and pauses that machines share"

LIMITS = """
create table if not exists setting (
  name text primary key,
  value jsonb not null,
  changed_at timestamptz not null default now());

create table if not exists site_pause (
  site text primary key,
  strikes integer not null default 1 check (strikes > 0),
  struck_at timestamptz not null default now(),
  until timestamptz not null);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(LIMITS)

    manager.add_raw(run)
    return manager
