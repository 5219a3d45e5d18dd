"""The second version: cookie jars, paired devices, and the protection of their messages against replay.

Safe to run twice, as the first.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0002_vault"
VERSION = "1.38.0"
DESCRIPTION = "Cookie jars and devices"

VAULT = """
create table if not exists cookie_jar (
  id bigserial primary key,
  owner bigint not null references account on delete cascade,
  site text not null check (site <> '' and site = lower(site)),
  sealed bytea not null,
  cookies integer not null check (cookies >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  succeeded_at timestamptz,
  failed_at timestamptz,
  failure text);
create unique index if not exists cookie_jar_site on cookie_jar (owner, site);

create table if not exists device (
  id bigserial primary key,
  owner bigint not null references account on delete cascade,
  name text not null default '',
  hash bytea not null unique check (octet_length(hash) = 32),
  created_at timestamptz not null default now(),
  last_seen_at timestamptz,
  address text);
create index if not exists device_owner on device (owner);

create table if not exists device_nonce (
  id bigserial primary key,
  device bigint not null references device on delete cascade,
  nonce bytea not null check (octet_length(nonce) between 16 and 64),
  at timestamptz not null default now());
create unique index if not exists device_nonce_once on device_nonce (device, nonce);
create index if not exists device_nonce_at on device_nonce (at);

create table if not exists pairing_code (
  id bigserial primary key,
  owner bigint not null unique references account on delete cascade,
  hash bytea not null,
  tries integer not null default 0,
  expires_at timestamptz not null);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(VAULT)

    manager.add_raw(run)
    return manager
