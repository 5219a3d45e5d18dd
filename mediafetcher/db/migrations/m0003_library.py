"""The third version: blocked links, the results of the scrub, new files for old items, quotas.

Safe to run twice, as the first.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0003_library"
VERSION = "1.38.0"
DESCRIPTION = "Never again, scrub, refetch and convert, quota"

# The mark belongs to one user; `key` is the source's without its recipe, so that it holds for every quality.
NEVER = """
create table if not exists never_again (
  id bigserial primary key,
  owner bigint not null references account on delete cascade,
  source bigint not null references source on delete cascade,
  key text not null,
  since timestamptz not null default now());
create unique index if not exists never_again_source on never_again (owner, source);
create index if not exists never_again_key on never_again (owner, key);
create index if not exists never_again_of on never_again (source);
create index if not exists source_url on source (url);
alter table source drop column if exists never;
"""

FILES = """
alter table media_file add column if not exists playable boolean;
alter table media_file add column if not exists checked_at timestamptz;
alter table media_file add column if not exists damaged_at timestamptz;
create index if not exists media_file_checked on media_file (coalesce(checked_at, created_at)) where ref_count > 0;
create index if not exists media_file_damaged on media_file (damaged_at) where damaged_at is not null;
create table if not exists scrub (
  id integer primary key check (id = 1),
  finished_at timestamptz);
"""

DOWNLOADS = """
alter table download add column if not exists task text not null default 'fetch'
  check (task in ('fetch', 'refetch', 'convert'));
alter table download add column if not exists subject bigint references library_item on delete set null;
alter table download add column if not exists linked boolean not null default false;
create index if not exists download_subject on download (subject) where subject is not null;
create index if not exists download_linked on download (id) where linked;
update download set linked = true where state = 'done' and attempt = 0 and not linked;
"""

PEOPLE = """
alter table account add column if not exists quota bigint check (quota >= 0);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        for statements in (NEVER, FILES, DOWNLOADS, PEOPLE):
            await engine.execute(statements)

    manager.add_raw(run)
    return manager
