"""The fifty-second version: rules of a user for a site, and a name and password among its sealed cookies.

Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0052_site_rules"
VERSION = "1.38.0"
DESCRIPTION = "Rules for a site"

TABLE = """
create table if not exists site_rule (
  id bigserial primary key,
  owner bigint not null references account on delete cascade,
  site text not null,
  preset bigint references preset on delete set null,
  proxy text,
  pause_seconds integer check (pause_seconds between 1 and 86400),
  hours jsonb,
  cookies_required boolean not null default false,
  next_start_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (owner, site)
);
create index if not exists site_rule_preset on site_rule (preset) where preset is not null;
"""
ACCOUNT = "alter table cookie_jar add column if not exists has_password boolean not null default false"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(TABLE)
        await engine.execute(ACCOUNT)

    manager.add_raw(run)
    return manager
