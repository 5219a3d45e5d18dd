"""The thirty-seventh version: links that open one item or one folder without an account (decision 47).

Only the hash of the secret is kept. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0037_shares"
VERSION = "1.38.0"
DESCRIPTION = "Links for others"

TABLE = """
create table if not exists share (
  id bigserial primary key,
  owner bigint not null references account on delete cascade,
  hash bytea not null unique,
  item bigint references library_item on delete cascade,
  folder bigint references folder on delete cascade,
  password_hash text,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  uses bigint not null default 0,
  last_used_at timestamptz,
  check ((item is null) <> (folder is null)));
create index if not exists share_owner on share (owner);
create index if not exists share_item on share (item);
create index if not exists share_folder on share (folder);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(TABLE)

    manager.add_raw(run)
    return manager
